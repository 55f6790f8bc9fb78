-- What was deleted or merged away (of an undeleted record a later version stands in its table), tasks that were opened
-- again, and outcomes that were taken back: see outcomes.sql.
with zone as (
  select max(time_zone) as time_zone from organization
),
records as (
  select 'prospects' as "table", id, changed_at, is_deleted, is_deleted as is_gone, null as merged_into
  from opportunities
  union all
  select 'accounts', id, changed_at, is_deleted, is_deleted, merged_into from accounts
  union all
  select 'contacts', id, changed_at, is_deleted, is_deleted, merged_into from contacts
  union all
  select 'touches', 'task-' || id, changed_at, is_deleted, is_deleted or not is_closed, null from tasks
  union all
  select 'touches', 'event-' || id, changed_at, is_deleted, is_deleted, null from events
),
gone as (
  select *, lag(is_gone) over (partition by "table", id order by changed_at) as was_gone
  from records
),
rows as (
  -- a stage that Salesforce does not list any more is what the opportunity itself says, if it is still there
  select
    h.opportunity_id, h.id, h.created_at, h.close_date,
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
told as (
  select
    *,
    case when is_closed then least(
      min(created_at) over (partition by opportunity_id, run),
      timezone(z.time_zone, cast(close_date as timestamp) + interval 1 day)
    ) end as occurred_at
  from runs cross join zone z
),
steps as (
  select
    *,
    lead(created_at) over w as next_at,
    lead(occurred_at) over w as next_occurred
  from told
  window w as (partition by opportunity_id order by created_at, id)
)
select
  "table",
  id,
  null::timestamptz as happened_at,
  null::varchar as name,
  changed_at as recorded_at,
  case when merged_into is not null then 'merged' else 'deleted' end as reason
from gone
where is_gone and coalesce(not was_gone, is_deleted)
union all
select 'outcomes', opportunity_id, occurred_at, null, next_at, 'deleted'
from steps
where is_closed and next_at is not null and next_occurred is distinct from occurred_at
