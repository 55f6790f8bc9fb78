-- A prospect is an application for a loan, from the moment that it is registered. Who will work it is not known
-- then (the first event is always written by the automaton, resource 112), so it has no owner.
select
  "case:concept:name" as prospect_id,
  min("case:REG_DATE") as created_at,
  min("case:REG_DATE") as recorded_at,
  case
    when max("case:AMOUNT_REQ") <= 5000 then 'up to 5000'
    when max("case:AMOUNT_REQ") <= 10000 then '5001 to 10000'
    when max("case:AMOUNT_REQ") <= 20000 then '10001 to 20000'
    else 'over 20000'
  end as segment,
  cast(max("case:AMOUNT_REQ") as double) as amount_requested
from bpic2012_events
group by "case:concept:name"
