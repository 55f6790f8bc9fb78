-- Won: the first of accepted offer, approved, registered, activated; they stand within a second of each other, and
-- the earliest counts, so that the answer to an offer is never known before the outcome that it is.
-- The amount is the one asked for: the log does not hold the amount granted.
with moments as (
  select
    "case:concept:name" as prospect_id,
    max("case:AMOUNT_REQ") as requested,
    min("time:timestamp") filter (
      "concept:name" in ('O_ACCEPTED', 'A_APPROVED', 'A_REGISTERED', 'A_ACTIVATED')
    ) as won_at,
    min("time:timestamp") filter ("concept:name" in ('A_DECLINED', 'A_CANCELLED')) as lost_at,
    bool_or("concept:name" = 'A_DECLINED') as declined,
    bool_or("concept:name" = 'O_ACCEPTED') as accepted,
    count(*) filter ("concept:name" = 'O_SENT') as offers_sent
  from bpic2012_events
  group by "case:concept:name"
)
select
  prospect_id,
  won_at as occurred_at,
  won_at as recorded_at,
  'won' as result,
  cast(requested as double) as amount,
  null as reason,
  case when accepted then 'loan_' || least(offers_sent, 3) end as offer_id   -- the last one sent is accepted
from moments
where won_at is not null
union all
select
  prospect_id, lost_at, lost_at, 'lost', null,
  case when declined then 'declined by the bank' else 'cancelled' end,
  null
from moments
where lost_at is not null and won_at is null
