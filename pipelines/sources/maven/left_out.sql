select 'prospects' as "table", 'stage Prospecting, no engage_date' as reason, count(*) as "rows"
from sales_pipeline
where engage_date is null
