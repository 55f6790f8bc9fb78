-- What of the event log does not become a row: counted here, so that nothing is lost in silence.
with work as (
  select
    "lifecycle:transition" as step,
    lag("lifecycle:transition") over (
      partition by "case:concept:name", "concept:name" order by event_nr
    ) as before
  from bpic2012_events
  where "concept:name" like 'W\_%' escape '\' and "lifecycle:transition" in ('START', 'COMPLETE')
)
select 'touches' as "table", 'work finished that was never begun' as reason, count(*) as "rows"
from work
where step = 'COMPLETE' and before is distinct from 'START'
union all
select 'touches', 'work scheduled, not done', count(*)
from bpic2012_events
where "lifecycle:transition" = 'SCHEDULE'
union all
select 'touches', 'offer selected or created, before it is sent', count(*)
from bpic2012_events
where "concept:name" in ('O_SELECTED', 'O_CREATED')
