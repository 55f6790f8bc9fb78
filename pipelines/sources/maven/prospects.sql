-- A prospect is an opportunity that a sales agent has engaged. Rows in stage Prospecting have no engage_date: they
-- cannot be placed in time and are left out; left_out.sql counts them.
-- account_id stays empty on purpose. In this export every closed opportunity has an account and two thirds of the
-- open ones have none: it is filled in on the way to the close, and the export does not say when. An account, or
-- anything joined through it (sector, revenue, employees), would therefore tell the outcome.
with corrections (pipeline_name, catalogue_name) as (
  values ('GTXPro', 'GTX Pro')   -- one product, spelled in two ways in two files; correct nothing else here
)
select
  p.opportunity_id as prospect_id,
  timezone('America/New_York', cast(p.engage_date as timestamp)) as created_at,   -- day only: its midnight
  timezone('America/New_York', cast(p.engage_date as timestamp)) as recorded_at,
  p.sales_agent as owner_id,
  t.regional_office as territory,
  coalesce(c.catalogue_name, p.product) as product,
  g.series as series,
  cast(g.sales_price as double) as list_price,
  t.manager as manager
from sales_pipeline p
left join sales_teams t on t.sales_agent = p.sales_agent
left join corrections c on c.pipeline_name = p.product
left join products g on g.product = coalesce(c.catalogue_name, p.product)
where p.engage_date is not null
