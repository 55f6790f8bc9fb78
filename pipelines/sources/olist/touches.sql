-- The only touch that the export knows: the form on the landing page that made the lead.
select
  'first-contact-' || mql_id as touch_id,
  mql_id as prospect_id,
  'form' as kind,
  'web' as channel,
  'inbound' as direction,
  timezone('America/Sao_Paulo', cast(first_contact_date as timestamp)) as occurred_at,
  timezone('America/Sao_Paulo', cast(first_contact_date as timestamp)) as recorded_at
from olist_marketing_qualified_leads_dataset
