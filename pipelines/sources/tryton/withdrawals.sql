-- What Tryton took back: deleted opportunities and notes, people of whom no contact mechanism is left, parties merged into
-- another ("Replace"), and outcomes of opportunities that were opened again.
with closed as (
    select
        id, state, changed_at,
        lag(state) over (partition by id order by changed_at) as before,
        lag(changed_at) over (partition by id order by changed_at) as before_at,
        state in ('won', 'lost', 'cancelled') as over
    from opportunities
    where not deleted
),
entered as (
    select
        *,
        max(case when over and before is distinct from state then changed_at end)
            over (partition by id order by changed_at rows between unbounded preceding and 1 preceding) as ended_at
    from closed
),
-- the last state of each mechanism at each moment of change of its person
moments as (
    select distinct party, coalesce(nullif(trim(name), ''), '-') as person, changed_at as told_at
    from mechanisms
    where not deleted
    union
    select distinct k.party, coalesce(nullif(trim(k.name), ''), '-') as person, d.changed_at as told_at
    from mechanisms as d
    join mechanisms as k on k.id = d.id and not k.deleted
    where d.deleted
),
mine as (
    select id, party, coalesce(nullif(trim(name), ''), '-') as person, min(changed_at) as since
    from mechanisms
    where not deleted
    group by all
),
then_known as (
    select
        m.party, m.person, m.told_at, i.id,
        arg_max(
            not s.deleted and s.active and coalesce(nullif(trim(s.name), ''), '-') = m.person and s.party = m.party,
            s.changed_at
        ) as here
    from moments as m
    join mine as i on i.party = m.party and i.person = m.person
    join mechanisms as s on s.id = i.id and s.changed_at <= m.told_at
    group by m.party, m.person, m.told_at, i.id
),
gone as (
    select party, person, told_at from then_known group by party, person, told_at having not bool_or(coalesce(here, false))
)
select
    'prospects' as "table",
    cast(id as varchar) as id,
    cast(null as timestamptz) as happened_at,
    cast(null as varchar) as name,
    changed_at as recorded_at,
    'deleted' as reason
from opportunities
where deleted
union all
select 'touches', 'N' || n.id, null, null, n.changed_at, 'deleted' from notes as n where n.deleted
union all
select 'contacts', party || ':' || person, null, null, told_at, 'deleted' from gone
union all
select 'accounts', cast(id as varchar), null, null, min(changed_at), 'merged'
from parties
where replaced_by is not null and not deleted
group by id
union all
select 'outcomes', cast(id as varchar), ended_at, null, changed_at, 'deleted'
from entered
where ended_at is not null and before in ('won', 'lost', 'cancelled') and before is distinct from state
