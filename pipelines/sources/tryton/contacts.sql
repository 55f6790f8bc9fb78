-- Tryton has no table of people at a party: a person is what the contact mechanisms of one party with one `name` say.
-- Mechanisms without a name are the party itself (its switchboard, its general address).
-- role: the first line of a mechanism's comment. A line "do not contact" in a comment is the refusal.
with seen as (
    select *, coalesce(nullif(trim(name), ''), '-') as person from mechanisms where not deleted
),
-- at each moment at which one of them changed, all of the person as then known
moments as (
    select distinct party, person, changed_at as told_at from seen
),
then_known as (
    select
        m.party, m.person, m.told_at, s.id,
        arg_max(struct_pack(kind := s.type, value := s.value, comment := s.comment, active := s.active), s.changed_at) as last
    from moments as m
    join seen as s on s.party = m.party and s.person = m.person and s.changed_at <= m.told_at
    group by m.party, m.person, m.told_at, s.id
),
refusals as (
    select party, person, min(changed_at) as since
    from seen
    where regexp_matches(comment, '(?im)^\s*do not contact')
    group by party, person
),
people as (
    select
        party, person, told_at,
        min(last.value order by id) filter (last.kind = 'email') as email,
        min(last.value order by id) filter (last.kind in ('phone', 'mobile')) as phone,
        min(nullif(trim(split_part(last.comment, chr(10), 1)), '') order by id) as said
    from then_known
    where last.active
    group by party, person, told_at
)
select
    p.party || ':' || p.person as contact_id,
    cast(p.party as varchar) as account_id,
    p.told_at as recorded_at,
    nullif(p.person, '-') as name,
    case when not regexp_matches(p.said, '(?i)^do not contact') then p.said end as role,
    p.email,
    p.phone,
    case when r.since <= p.told_at then r.since end as do_not_contact_since
from people as p
left join refusals as r on r.party = p.party and r.person = p.person
