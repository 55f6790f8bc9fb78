-- A deal has ended when its stage is closed and has the probability 1 (won) or 0 (lost). It ended on its close date; a
-- close date before the deal was made or after it was closed is a plan or a slip, and then the move itself counts.
-- Closed, opened again, closed again: each end is a row, and withdrawals.sql takes back the one that did not hold.
with kinds as (
  select id, arg_max(closed, changed_at) as closed, arg_max(probability, changed_at) as probability
  from stages group by id
),
ends as (
  select
    deals.id as prospect_id,
    case
      when instant(closedate) between coalesce(instant(createdate), created_at) and changed_at + interval 5 minutes
        then instant(closedate)
      else max(changed_at) filter (moved) over (partition by deals.id order by changed_at)
    end as occurred_at,
    case when closed and probability = 1 then 'won' when closed and probability = 0 then 'lost' end as result,
    changed_at as recorded_at,
    cast(amount as double) as amount,
    case when probability = 1 then closed_won_reason else closed_lost_reason end as reason
  from (
    select *, dealstage is distinct from lag(dealstage) over (partition by id order by changed_at) as moved from deals
  ) deals
  left join kinds on kinds.id = dealstage
)
select *
from ends
qualify result is not null and row(occurred_at, result, amount, reason)
  is distinct from lag(row(occurred_at, result, amount, reason)) over (partition by prospect_id order by recorded_at)
