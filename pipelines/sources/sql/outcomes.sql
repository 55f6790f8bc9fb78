-- optional: left empty where there is no such table.
with given as (
  select
    null::double as amount,
    null::varchar as reason,
    null::varchar as offer_id
  where false   -- columns that the table may lack
  union all by name
  select * from outcomes
)
select * replace (
  cast(prospect_id as varchar) as prospect_id,
  cast(amount as double) as amount
)
from given
