-- Activities that are done, and every step to another stage. left_out.sql counts the activities of no deal.
-- When: a meeting at the time for which it was planned, if that was before it was marked as done; anything else when it was
-- marked as done, or, where it was entered as done, at the time that was written there (at the end of a day without one).
-- Pipedrive keeps those in UTC. It does not say who called whom: whatever is not a step counts as outbound.
-- A kind of your own stays as it is, so that the contract refuses it by name; add it here, or to kinds in definitions.yaml.
with done as (
  select
    *,
    coalesce(marked_as_done_time, created_at) as ended_at,
    case
      when due_date is null then null
      when coalesce(due_time, '') = '' then cast(due_date as date) + interval 1 day
      else cast(due_date || ' ' || due_time as timestamp)
    end as planned,
    row_number() over (partition by id order by changed_at) = 1 as is_first
  from activities
  where done
),
moves as (
  select c.deal_id, c.changed_at, c.old_value, c.new_value,
    row_number() over (partition by c.deal_id order by c.changed_at) = 1 as is_first
  from changelog c
  where c.code = 'stage_id'
),
deal as (
  select
    id, created_at, stage_id, changed_at,
    exists (select 1 from changelog c where c.deal_id = deals.id) or changed_at = created_at as is_told
  from deals
  qualify row_number() over (partition by id order by changed_at) = 1
),
entered as (
  select deal_id, changed_at, new_value as stage_id from moves
  union all
  select m.deal_id, d.created_at, m.old_value from moves m join deal d on d.id = m.deal_id where m.is_first
  union all
  select id, created_at, stage_id from deal where is_told and id not in (select deal_id from moves)
)
select
  'activity-' || a.id as touch_id,
  d.id as prospect_id,
  p.id as contact_id,
  case
    when a.type in ('task', 'deadline') then 'task'
    when a.type = 'lunch' then 'meeting'
    else a.type
  end as kind,
  case a.type when 'call' then 'phone' when 'email' then 'email' when 'lunch' then 'in_person' end as channel,
  'outbound' as direction,
  case
    when a.planned is not null and (a.type in ('meeting', 'lunch') or a.ended_at <= a.created_at + interval 1 minute)
      then least(timezone('UTC', a.planned), a.ended_at)
    else a.ended_at
  end as occurred_at,
  case when a.is_first then a.ended_at else a.changed_at end as recorded_at,
  null as stage,
  epoch(try_cast(a.duration as interval)) as duration_s
from done a
join deal d on d.id = a.deal_id
left join (select distinct id from persons) p on p.id = a.person_id
where a.is_first or not a.is_deleted
union all
select
  'stage-' || e.deal_id || '-' || epoch_ms(e.changed_at), e.deal_id, null, 'stage', null, 'inbound',
  e.changed_at, e.changed_at, coalesce(s.name, e.stage_id), null
from entered e
join deal d on d.id = e.deal_id
left join stages s on s.id = e.stage_id
