select 'touches' as "table", 'activities that are not done' as reason, count(distinct id) as "rows"
from activities
where id not in (select id from activities where done)
union all
select 'touches', 'activities of no deal', count(distinct id)
from activities
where coalesce(deal_id not in (select id from deals), true)
