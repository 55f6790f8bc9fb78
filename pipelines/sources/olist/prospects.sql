-- A prospect is a marketing qualified lead: somebody who left a contact on a landing page.
-- The export has only the day of the first contact: it is placed at midnight in São Paulo, so a snapshot taken
-- within that day may see the lead up to a day early. Snapshots at the start of a day do not.
select
  mql_id as prospect_id,
  timezone('America/Sao_Paulo', cast(first_contact_date as timestamp)) as created_at,
  timezone('America/Sao_Paulo', cast(first_contact_date as timestamp)) as recorded_at,
  origin as source,        -- 'unknown' is a value of the export; a missing origin stays missing
  landing_page_id
from olist_marketing_qualified_leads_dataset
