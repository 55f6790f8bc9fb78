-- Offers have no number in the log. They are answered in the order in which they were sent: the first answer of an
-- application belongs to the first offer, and so on. With this, 2,243 of 2,243 acceptances fall on the last offer
-- sent, and no answer comes before its offer.
-- A row is recorded when the offer is sent; the answer counts from responded_at.
with sent as (
  select
    "case:concept:name" as prospect_id,
    "time:timestamp" as occurred_at,
    row_number() over (partition by "case:concept:name" order by event_nr) as n
  from bpic2012_events
  where "concept:name" = 'O_SENT'
),
answers as (
  select
    "case:concept:name" as prospect_id,
    "time:timestamp" as responded_at,
    lower(replace("concept:name", 'O_', '')) as response,
    row_number() over (partition by "case:concept:name" order by event_nr) as n
  from bpic2012_events
  where "concept:name" in ('O_ACCEPTED', 'O_DECLINED', 'O_CANCELLED')
)
select
  s.prospect_id,
  'loan_' || least(s.n, 3) as offer_id,
  s.occurred_at,
  s.occurred_at as recorded_at,
  a.response,
  a.responded_at
from sent s
left join answers a on a.prospect_id = s.prospect_id and a.n = s.n
