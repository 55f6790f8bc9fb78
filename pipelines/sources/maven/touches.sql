-- There is no log of calls or mails. The one thing with a day is that the stage Engaging began.
select
  'engaging-' || opportunity_id as touch_id,
  opportunity_id as prospect_id,
  'stage' as kind,
  'outbound' as direction,
  'Engaging' as stage,
  timezone('America/New_York', cast(engage_date as timestamp)) as occurred_at,
  timezone('America/New_York', cast(engage_date as timestamp)) as recorded_at
from sales_pipeline
where engage_date is not null
