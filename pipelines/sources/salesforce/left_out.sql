with deals as (
  select distinct id from opportunities
),
led as (
  select id from leads where opportunity_id is not null
)
select 'touches' as "table", 'tasks that are not done' as reason, count(distinct id) as "rows"
from tasks
where id not in (select id from tasks where is_closed)
union all
select 'touches', 'tasks and events of no opportunity', count(distinct id)
from (select id, who_id, what_id from tasks union all select id, who_id, what_id from events)
where coalesce(what_id not in (select id from deals), true) and coalesce(who_id not in (select id from led), true)
