-- Three kinds of events become touches; A_APPROVED, A_REGISTERED, A_ACTIVATED, A_DECLINED, A_CANCELLED and every
-- O_ACCEPTED, O_DECLINED, O_CANCELLED are the outcome or the answer to an offer, and never a touch.
with events as (
  select
    "case:concept:name" as prospect_id,
    "case:concept:name" || '-' || event_nr as touch_id,
    event_nr,
    "concept:name" as name,
    "lifecycle:transition" as step,
    "time:timestamp" as moment
  from bpic2012_events
),
-- Work on an application: from START to the next COMPLETE of the same work in the same application. It is known
-- only when it is finished; the few that the log never sees finished have no recorded time and are quarantined.
work as (
  select *, lead(moment) over next_step as finished_at, lead(step) over next_step as next
  from events
  where name like 'W\_%' escape '\' and step in ('START', 'COMPLETE')
  window next_step as (partition by prospect_id, name order by event_nr)
)
select
  touch_id,
  prospect_id,
  case
    when name in ('W_Valideren aanvraag', 'W_Beoordelen fraude', 'W_Wijzigen contractgegevens') then 'task'
    when name in (
      'W_Afhandelen leads', 'W_Completeren aanvraag', 'W_Nabellen offertes', 'W_Nabellen incomplete dossiers'
    ) then 'call'
    else name   -- work of a new kind: the contract sets it aside, by name
  end as kind,
  case when kind = 'call' then 'phone' end as channel,
  'outbound' as direction,
  moment as occurred_at,
  case when next = 'COMPLETE' then finished_at end as recorded_at,
  null as stage,
  null as result,   -- the log does not say whether somebody picked up
  case when next = 'COMPLETE' then epoch(finished_at - moment) end as duration_s
from work
where step = 'START'
union all
select
  touch_id, prospect_id, 'stage', null,
  case when name in ('A_SUBMITTED', 'A_PARTLYSUBMITTED') then 'inbound' else 'outbound' end,
  moment, moment, name, null, null
from events
where name in ('A_SUBMITTED', 'A_PARTLYSUBMITTED', 'A_PREACCEPTED', 'A_ACCEPTED', 'A_FINALIZED')
union all
select
  touch_id, prospect_id, 'proposal', null,
  case when name = 'O_SENT' then 'outbound' else 'inbound' end,
  moment, moment, name, case when name = 'O_SENT_BACK' then 'interested' end, null
from events
where name in ('O_SENT', 'O_SENT_BACK')
