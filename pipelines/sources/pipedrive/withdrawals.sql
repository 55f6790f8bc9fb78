-- What was deleted or merged away (of a restored record a later version stands in its table), activities that are not done
-- any more, and outcomes that were taken back: see outcomes.sql.
with merges as (
  select item, merged_from as id, min(changed_at) as changed_at
  from recents where merged_from is not null
  group by item, merged_from
),
deleted as (
  select item, id, changed_at from recents where is_deleted
  union
  select 'deal', id, changed_at from (
    select *, lag(is_deleted) over (partition by id order by changed_at) as before from deals
  ) where is_deleted and not coalesce(before, false)
  union
  select item, id, changed_at from merges m
  where not exists (select 1 from recents r where r.item = m.item and r.id = m.id and r.is_deleted)
),
undone as (
  select id, changed_at
  from (select *, lag(done) over (partition by id order by changed_at) as before from activities)
  where not done and before
),
ends as (
  select
    id, changed_at,
    case status when 'won' then coalesce(won_time, close_time) when 'lost' then coalesce(lost_time, close_time) end as ended_at
  from deals
  where not is_deleted
),
steps as (
  select *, lead(ended_at) over w as next_ended, lead(changed_at) over w as next_at
  from ends
  window w as (partition by id order by changed_at)
)
select
  case d.item
    when 'deal' then 'prospects' when 'person' then 'contacts' when 'organization' then 'accounts' else 'touches'
  end as "table",
  case d.item when 'activity' then 'activity-' || d.id else d.id end as id,
  null::timestamptz as happened_at,
  null::varchar as name,
  d.changed_at as recorded_at,
  case when m.id is null then 'deleted' else 'merged' end as reason
from deleted d
left join merges m on m.item = d.item and m.id = d.id and m.changed_at = d.changed_at
union all
select 'touches', 'activity-' || id, null, null, changed_at, 'deleted' from undone
union all
select 'outcomes', id, ended_at, null, next_at, 'deleted'
from steps
where ended_at is not null and next_at is not null and next_ended is distinct from ended_at
