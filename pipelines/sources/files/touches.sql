-- optional: left empty where there is no such file.
-- What happened between the company and a prospect. kind: call, email, meeting, demo, visit, download, form, message,
-- event, proposal, task, stage, or a kind that definitions.yaml adds. direction: inbound or outbound.
with given as (
  select
    null::varchar as contact_id,
    null::varchar as channel,
    null::varchar as stage,
    null::varchar as result,
    null::varchar as value,
    null::varchar as duration_s
  where false   -- columns that the file may lack
  union all by name
  select * from touches
)
select * replace (
  instant(occurred_at) as occurred_at,
  instant(recorded_at) as recorded_at,
  cast(value as double) as value,
  cast(duration_s as double) as duration_s
)
from given
