-- close_value is 0 for every lost opportunity: that is no amount, so only wins have one.
select
  opportunity_id as prospect_id,
  timezone('America/New_York', cast(close_date as timestamp)) as occurred_at,
  timezone('America/New_York', cast(close_date as timestamp)) as recorded_at,
  lower(deal_stage) as result,
  case when deal_stage = 'Won' then cast(close_value as double) end as amount
from sales_pipeline
where deal_stage not in ('Prospecting', 'Engaging')   -- a new word is set aside by the contract, not lost here
