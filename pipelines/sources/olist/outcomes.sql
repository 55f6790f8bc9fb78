-- Only wins are recorded. won_date is UTC, although the export does not say so: deals entered as a bare day stand
-- at exactly 02:00:00 in January and December and at 03:00:00 from March to September, which is midnight in
-- São Paulo with and without its summer time.
-- No other column of closed deals is read: they exist for wins only and would give the outcome away.
select
  mql_id as prospect_id,
  timezone('UTC', cast(won_date as timestamp)) as occurred_at,
  timezone('UTC', cast(won_date as timestamp)) as recorded_at,
  'won' as result
from olist_closed_deals_dataset
