-- Stage and expected amount, each time that they changed. Tryton's "conversion probability" is left out: it is what
-- Takt itself writes there.
with standing as (
    select
        o.*,
        case when o.currency = (
            select arg_max(c.currency, c.changed_at) from companies as c where c.id = o.company
        ) then o.amount end as comparable
    from opportunities as o
    where not o.deleted
),
fields as (
    select id, changed_at, 'stage' as name, state as value from standing where state not in ('won', 'lost', 'cancelled')
    union all
    select id, changed_at, 'expected_amount' as name, cast(comparable as varchar) as value from standing
),
told as (
    select
        *,
        row_number() over (partition by id, name order by changed_at) as version,
        lag(value) over (partition by id, name order by changed_at) as before
    from fields
)
select
    'prospect' as entity,
    cast(id as varchar) as id,
    name,
    changed_at as occurred_at,
    changed_at as recorded_at,
    value
from told
where value is distinct from before and (version > 1 or value is not null)
