-- What was deleted, merged into another record, taken away from a deal, or an end that did not hold.
with pairs as (
  select distinct type, id, deal
  from (select type, id, unnest(string_split(deals_ids, ';')) as deal from engagements)
  where deal in (select id from deals)
),
moments as (
  select p.type, p.id, p.deal, e.changed_at,
    list_contains(string_split(coalesce(e.deals_ids, ''), ';'), p.deal) and case e.type
      when 'tasks' then coalesce(hs_task_status = 'COMPLETED', false)
      when 'meetings' then coalesce(hs_meeting_outcome not in ('CANCELED', 'RESCHEDULED'), true)
      else true
    end as stands
  from pairs p join engagements e on e.type = p.type and e.id = p.id
),
freed as (
  select * from moments
  qualify not stands and lag(stands) over (partition by type, id, deal order by changed_at)
),
kinds as (
  select id, arg_max(closed, changed_at) as closed, arg_max(probability, changed_at) as probability
  from stages group by id
),
ends as (
  select
    deals.id,
    case
      when instant(closedate) between coalesce(instant(createdate), created_at) and changed_at + interval 5 minutes
        then instant(closedate)
      else max(changed_at) filter (moved) over (partition by deals.id order by changed_at)
    end as occurred_at,
    closed and probability in (0, 1) as ended,
    changed_at
  from (
    select *, dealstage is distinct from lag(dealstage) over (partition by id order by changed_at) as moved from deals
  ) deals
  left join kinds on kinds.id = dealstage
),
undone as (
  select id, lag(occurred_at) over w as happened_at, changed_at
  from ends
  window w as (partition by id order by changed_at)
  qualify lag(ended) over w and (not coalesce(ended, false) or occurred_at <> lag(occurred_at) over w)
)
select case object when 'deals' then 'prospects' when 'companies' then 'accounts' else 'contacts' end as "table",
  id, cast(null as timestamptz) as happened_at, cast(null as varchar) as name, changed_at as recorded_at, reason
from gone
where object = 'deals' and id in (select id from deals)
   or object = 'companies' and id in (select id from companies)
   or object = 'contacts' and id in (select id from contacts)
union all
select 'touches', rtrim(p.type, 's') || '-' || p.id || '-' || p.deal, null, null, gone.changed_at, gone.reason
from pairs p join gone on gone.object = p.type and gone.id = p.id
union all
select 'touches', rtrim(f.type, 's') || '-' || f.id || '-' || f.deal, null, null, f.changed_at,
  case when merged.id is null then 'deleted' else 'merged' end
from freed f
left join (select distinct id from gone where object = 'deals' and reason = 'merged') merged on merged.id = f.deal
union all
select 'outcomes', id, happened_at, null, changed_at, 'deleted' from undone
