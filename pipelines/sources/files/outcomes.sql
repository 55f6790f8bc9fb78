-- optional: left empty where there is no such file.
-- How it ended. result: won or lost; open prospects have no row.
with given as (
  select
    null::varchar as amount,
    null::varchar as reason,
    null::varchar as offer_id
  where false   -- columns that the file may lack
  union all by name
  select * from outcomes
)
select * replace (
  instant(occurred_at) as occurred_at,
  instant(recorded_at) as recorded_at,
  cast(amount as double) as amount
)
from given
