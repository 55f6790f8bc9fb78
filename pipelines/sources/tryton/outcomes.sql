-- The moment at which an opportunity entered won, lost or cancelled, with what Tryton says of it since then: the reason
-- of a loss is often written later, and is a later version of the same outcome. Opened again: see withdrawals.sql.
with standing as (
    select
        *,
        state in ('won', 'lost', 'cancelled') as over
    from opportunities
    where not deleted
),
spells as (
    select
        *,
        sum(case when over and (before is null or before <> state) then 1 else 0 end)
            over (partition by id order by changed_at) as spell
    from (
        select *, lag(state) over (partition by id order by changed_at) as before from standing
    )
),
told as (
    select
        *,
        min(changed_at) over (partition by id, spell) as ended_at,
        lag(row(amount, lost_reason)) over (partition by id, spell order by changed_at) as said_before
    from spells
    where over
)
select
    cast(t.id as varchar) as prospect_id,
    t.ended_at as occurred_at,
    case t.state when 'won' then 'won' else 'lost' end as result,
    t.changed_at as recorded_at,
    case
        when t.state = 'won'
            and t.currency = (select arg_max(c.currency, c.changed_at) from companies as c where c.id = t.company)
            then t.amount
    end as amount,
    case t.state
        when 'lost' then nullif(trim(t.lost_reason), '')
        when 'cancelled' then concat_ws(': ', 'cancelled', nullif(trim(t.lost_reason), ''))
    end as reason
from told as t
where t.changed_at = t.ended_at or t.said_before is distinct from row(t.amount, t.lost_reason)
