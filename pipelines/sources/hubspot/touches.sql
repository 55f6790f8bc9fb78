-- Calls, e-mails, meetings, finished tasks and notes of a deal, and each move of the deal to another open stage. One that
-- belongs to several deals is a touch of each. HubSpot knew of it from when it was entered (`changed_at`); a meeting
-- that was entered before it took place counts from its start, if it was not called off by then.
-- A note is work of our own, as a task is: it reaches nobody. A move has no channel and counts as inbound.
with clock as (select max(until) as until from pulls),
people as (select distinct id from contacts),
kinds as (select id, arg_max(closed, changed_at) as closed from stages group by id),
entered as (
  select
    *,
    instant(case type
      when 'meetings' then coalesce(hs_meeting_start_time, hs_timestamp)
      when 'tasks' then hs_task_completion_date
      else hs_timestamp
    end) as occurred_at,
    lead(changed_at) over (partition by type, id order by changed_at) as entered_again,
    row_number() over (partition by type, id order by changed_at) as version
  from engagements
),
held as (
  select *, case when occurred_at > changed_at + interval 5 minutes then occurred_at else changed_at end as recorded_at
  from entered
  where case type
    when 'tasks' then coalesce(hs_task_status = 'COMPLETED', false)
    when 'meetings' then coalesce(hs_meeting_outcome not in ('CANCELED', 'RESCHEDULED'), true)
    when 'emails' then coalesce(hs_email_status not in ('SCHEDULED', 'SENDING', 'FAILED'), true)
    when 'calls' then coalesce(
      hs_call_status not in ('CANCELED', 'QUEUED', 'CONNECTING', 'RINGING', 'IN_PROGRESS', 'CALLING_CRM_USER'), true)
    else true
  end
),
of_deals as (
  select held.*, unnest(string_split(deals_ids, ';')) as deal
  from held, clock
  where recorded_at <= clock.until + interval 1 second
    and (recorded_at = changed_at or entered_again is null or entered_again > recorded_at)
),
lives as (
  select o.*, count(g.id) as deaths
  from of_deals o left join gone g on g.object = o.type and g.id = o.id and g.changed_at < o.changed_at
  group by all
),
mapped as (
  select
    rtrim(type, 's') || '-' || lives.id || '-' || deal as touch_id,
    deal as prospect_id,
    people.id as contact_id,
    case type when 'calls' then 'call' when 'emails' then 'email' when 'meetings' then 'meeting' else 'task' end as kind,
    case type when 'calls' then 'phone' when 'emails' then 'email' end as channel,
    case when hs_call_direction = 'INBOUND' or hs_email_direction in ('INCOMING_EMAIL', 'FORWARDED_EMAIL')
      then 'inbound' else 'outbound' end as direction,
    occurred_at,
    recorded_at,
    cast(null as varchar) as stage,
    case
      when hs_call_disposition = 'f240bbac-87c9-4f6e-bf70-924b57d47db7' then 'answered'        -- connected
      when hs_call_disposition in ('b2cf5968-551e-4856-9783-52b3da59a7d0',                     -- left voicemail
        'a4c4c377-d246-4b32-a13b-75a56a4cd0ff') then 'left_message'                            -- left live message
      when hs_call_disposition in ('73a0d17f-1163-4015-bdd5-ec830791da20',                     -- no answer
        '9d9162e7-6cf3-4944-bf63-4dff82258764') then 'no_answer'                               -- busy
      when hs_call_disposition = '17b47fee-58de-441e-a44c-c6300d46f273' then 'wrong_person'    -- wrong number
      when hs_call_disposition is null and hs_call_status in ('BUSY', 'NO_ANSWER', 'MISSED', 'FAILED') then 'no_answer'
      when hs_email_status = 'BOUNCED' then 'bounced'
      when hs_meeting_outcome = 'COMPLETED' then 'completed'
      when hs_meeting_outcome = 'NO_SHOW' then 'no_answer'
      when type = 'tasks' then 'completed'
    end as result,
    cast(null as double) as value,
    coalesce(
      cast(hs_call_duration as double) / 1000,
      epoch(instant(hs_meeting_end_time) - instant(hs_meeting_start_time))
    ) as duration_s,
    deaths,
    version
  from lives
  semi join (select distinct id from deals) known on known.id = deal
  left join people on people.id = split_part(contacts_ids, ';', 1)
)
select * exclude (deaths, version)
from mapped   -- a version like the one before says nothing new, unless the touch was taken away in between
window w as (partition by touch_id order by recorded_at)
qualify row(contact_id, direction, occurred_at, result, duration_s, deaths)
  is distinct from lag(row(contact_id, direction, occurred_at, result, duration_s, deaths)) over w
  or version > lag(version) over w + 1
union all by name
select
  'stage-' || deals.id || '-' || epoch_ms(changed_at) as touch_id,
  deals.id as prospect_id,
  'stage' as kind,
  'inbound' as direction,
  changed_at as occurred_at,
  changed_at as recorded_at,
  dealstage as stage
from (
  select * from deals qualify dealstage is distinct from lag(dealstage) over (partition by id order by changed_at)
) deals
left join kinds on kinds.id = dealstage
where dealstage is not null and not coalesce(closed, false)
