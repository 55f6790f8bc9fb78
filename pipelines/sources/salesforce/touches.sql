-- Tasks that are done, events that have begun, and every step to another open stage.
-- An activity belongs to the opportunity that it names, or to the one into which its lead was converted (then it is
-- known of the opportunity from its creation on). left_out.sql counts the others.
-- A task that was logged as done when it was made, with a date: it happened on that day, at its end at the latest.
-- A word of the field Type that is not listed stays as it is, so that the contract refuses it by name; add it here, or to
-- kinds in definitions.yaml.
with zone as (
  select max(time_zone) as time_zone from organization
),
until as (   -- how far Salesforce has been read: what lies beyond has not happened yet
  select max(moment) as moment from (
    select max(changed_at) as moment from tasks union all select max(changed_at) from events
    union all select max(changed_at) from opportunities union all select max(changed_at) from contacts
    union all select max(changed_at) from accounts union all select max(changed_at) from opportunity_history)
),
converted as (
  select id, opportunity_id, contact_id
  from leads
  where opportunity_id is not null
  qualify row_number() over (partition by id order by changed_at desc) = 1
),
deals as (
  select id, min(created_at) as created_at from opportunities group by id
),
done as (
  select
    t.*,
    coalesce(t.completed_at, t.created_at) as ended_at,
    row_number() over (partition by t.id order by t.changed_at) = 1 as is_first
  from tasks t
  where t.is_closed
),
begun as (
  select
    e.*,
    greatest(
      case when row_number() over w = 1 then e.created_at else e.changed_at end, e.starts_at
    ) as known_at,
    lead(e.changed_at) over w as next_at,
    row_number() over w = 1 as is_first
  from events e
  window w as (partition by e.id order by e.changed_at)
),
activities as (
  select
    'task-' || d.id as touch_id, d.who_id, d.what_id, d.is_deleted, d.is_first,
    case
      when d.subtype = 'Call' or d.type = 'Call' then 'call'
      when d.subtype in ('Email', 'ListEmail') or d.type = 'Email' then 'email'
      when d.subtype = 'LinkedIn' then 'message'
      when d.type is null or d.type in ('Other', 'Task') then 'task'
      when d.type = 'Meeting' then 'meeting'
      when d.type = 'Demo' then 'demo'
      else d.type
    end as kind,
    case
      when d.subtype = 'Call' or d.type = 'Call' then 'phone'
      when d.subtype in ('Email', 'ListEmail') or d.type = 'Email' then 'email'
      when d.subtype = 'LinkedIn' then 'social'
    end as channel,
    case when d.call_type = 'Inbound' or m.incoming then 'inbound' else 'outbound' end as direction,
    case
      when d.due_date is not null and d.ended_at <= d.created_at + interval 1 minute
        then least(d.ended_at, timezone(z.time_zone, cast(d.due_date as timestamp) + interval 1 day))
      else d.ended_at
    end as occurred_at,
    case
      when not d.is_first then d.changed_at
      else coalesce(d.completed_at, d.created_at)
    end as recorded_at,
    case lower(d.disposition)
      when 'answered' then 'answered'
      when 'connected' then 'answered'
      when 'interested' then 'interested'
      when 'meeting scheduled' then 'meeting_booked'
      when 'call back later' then 'not_now'
      when 'not interested' then 'not_interested'
      when 'wrong number' then 'wrong_person'
      when 'do not call' then 'do_not_contact'
      when 'no answer' then 'no_answer'
      when 'left voicemail' then 'left_message'
      when 'left message' then 'left_message'
    end as result,   -- the field is free text: other words say nothing here
    d.seconds as duration_s
  from done d
  cross join zone z
  left join (select task_id, bool_or(incoming) as incoming from emails group by task_id) m on m.task_id = d.id
  union all by name
  select
    'event-' || id as touch_id, who_id, what_id, is_deleted, is_first,
    case
      when type is null or type in ('Meeting', 'Other') then 'meeting'
      when type = 'Call' then 'call'
      when type = 'Email' then 'email'
      when type = 'Demo' then 'demo'
      else type
    end as kind,
    case when type = 'Call' then 'phone' end as channel,
    'outbound' as direction,
    starts_at as occurred_at,
    known_at as recorded_at,
    60 * minutes as duration_s
  from begun cross join until u
  where starts_at <= u.moment
    and (next_at is null or next_at > starts_at)              -- moved or deleted before it began
    and not (is_deleted and changed_at <= starts_at)
)
select
  x.touch_id,
  d.id as prospect_id,
  c.id as contact_id,
  x.kind,
  x.channel,
  x.direction,
  x.occurred_at,
  case when x.by_lead then greatest(x.recorded_at, d.created_at) else x.recorded_at end as recorded_at,
  null as stage,
  x.result,
  x.duration_s
from (
  select x.*, coalesce(w.id, l.opportunity_id) as deal_id, l.contact_id as lead_contact_id, w.id is null as by_lead
  from activities x
  left join deals w on w.id = x.what_id
  left join converted l on l.id = x.who_id
) x
join deals d on d.id = x.deal_id
left join (select distinct id from contacts) c on c.id = coalesce(x.lead_contact_id, x.who_id)
where x.is_first or not x.is_deleted
union all
select
  'stage-' || h.id, h.opportunity_id, null, 'stage', null, 'inbound', h.created_at, h.created_at, h.stage, null, null
from (
  select *, lag(stage) over (partition by opportunity_id order by created_at, id) as before
  from (select * from opportunity_history qualify row_number() over (partition by id order by changed_at desc) = 1)
) h
join deals d on d.id = h.opportunity_id
left join stages s on s.name = h.stage
where h.stage is distinct from h.before and not coalesce(s.is_closed, false)
