-- optional: left empty where there is no such table.
-- kind, channel, direction and result must be the contract's words; turn your own into them with `case`.
with given as (
  select
    null::varchar as contact_id,
    null::varchar as channel,
    null::varchar as stage,
    null::varchar as result,
    null::double as value,
    null::double as duration_s
  where false   -- columns that the table may lack
  union all by name
  select * from touches
)
select * replace (
  cast(touch_id as varchar) as touch_id,
  cast(prospect_id as varchar) as prospect_id,
  cast(contact_id as varchar) as contact_id,
  cast(value as double) as value,
  cast(duration_s as double) as duration_s
)
from given
