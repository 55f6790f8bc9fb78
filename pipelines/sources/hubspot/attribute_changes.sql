-- The history of properties: a row each time one got another value, known from then on.
with said as (
  unpivot (
    select 'prospect' as entity, id, changed_at, amount, pipeline, dealstage as stage, dealtype as segment,
      hs_analytics_source as source
    from deals
  ) on amount, pipeline, stage, segment, source into name name value value
  union all by name
  unpivot (
    select 'account' as entity, id, changed_at, industry, numberofemployees as employees, country
    from companies
  ) on industry, employees, country into name name value value
)
select entity, id, name, changed_at as occurred_at, changed_at as recorded_at, value
from said
qualify value is distinct from lag(value) over (partition by entity, id, name order by changed_at)
