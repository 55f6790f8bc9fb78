-- Won or lost by the stage history; amount of the win. The close date is a day that a person writes: it counts at its
-- end, and never later than the moment at which the stage was closed. A close date or a result that is corrected later
-- is another outcome, and withdrawals.sql takes the earlier one back, as it does where an opportunity is opened again.
with zone as (
  select max(time_zone) as time_zone from organization
),
rows as (
  -- a stage that Salesforce does not list any more is what the opportunity itself says, if it is still there
  select
    h.opportunity_id, h.id, h.created_at, h.amount, h.close_date,
    coalesce(s.is_closed, last.stands and o.is_closed, false) as is_closed,
    coalesce(s.is_won, last.stands and o.is_won, false) as is_won
  from (select * from opportunity_history qualify row_number() over (partition by id order by changed_at desc) = 1) h
  left join stages s on s.name = h.stage
  left join (select arg_max(id, (created_at, id)) as id, true as stands from opportunity_history group by opportunity_id) last
    on last.id = h.id
  left join (select * from opportunities qualify row_number() over (partition by id order by changed_at desc) = 1) o
    on o.id = h.opportunity_id
),
runs as (
  select *, sum(case when same then 0 else 1 end) over (partition by opportunity_id order by created_at, id) as run
  from (
    select
      *,
      lag((is_closed, is_won, close_date)) over (partition by opportunity_id order by created_at, id)
        is not distinct from (is_closed, is_won, close_date) as same
    from rows
  )
),
closed as (
  select
    *,
    least(
      min(created_at) over (partition by opportunity_id, run),
      timezone(z.time_zone, cast(close_date as timestamp) + interval 1 day)
    ) as occurred_at
  from runs cross join zone z
  where is_closed
)
select
  opportunity_id as prospect_id,
  occurred_at,
  case when is_won then 'won' else 'lost' end as result,
  created_at as recorded_at,
  case when is_won then amount end as amount
from closed
where opportunity_id in (select id from opportunities)
qualify row_number() over (partition by opportunity_id, occurred_at, created_at order by id desc) = 1
