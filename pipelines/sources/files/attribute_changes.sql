-- optional: left empty where there is no such file.
-- Fields that change: one row per change, value as text. entity: prospect or account.
with given as (
  select
    null::varchar as value
  where false   -- columns that the file may lack
  union all by name
  select * from attribute_changes
)
select * replace (
  instant(occurred_at) as occurred_at,
  instant(recorded_at) as recorded_at
)
from given
