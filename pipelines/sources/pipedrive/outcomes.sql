-- Won or lost, at the won or lost time. A deal that was closed before a pull first saw it counts as known from that time
-- on, one that was open before from the modification that closed it. withdrawals.sql takes back what was opened again.
with versions as (
  select
    *,
    case status when 'won' then coalesce(won_time, close_time) when 'lost' then coalesce(lost_time, close_time) end as ended_at,
    row_number() over (partition by id order by changed_at) = 1 as is_first
  from deals
),
closed as (
  select
    *,
    lag((status, ended_at, value, lost_reason)) over (partition by id order by changed_at)
      is not distinct from (status, ended_at, value, lost_reason) as is_same
  from versions
)
select
  id as prospect_id,
  ended_at as occurred_at,
  status as result,
  case when is_first then ended_at else greatest(ended_at, changed_at) end as recorded_at,
  case when status = 'won' then value end as amount,
  lost_reason as reason
from closed
where status in ('won', 'lost') and not is_same and (is_first or not is_deleted)
