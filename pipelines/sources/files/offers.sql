-- optional: left empty where there is no such file.
-- What can be offered; a new offer is one row.
with given as (
  select
    null::varchar as valid_from,
    null::varchar as valid_to,
    null::varchar as stages,
    null::varchar as segments,
    null::varchar as description
  where false   -- columns that the file may lack
  union all by name
  select * from offers
)
select * replace (
  instant(valid_from) as valid_from,
  instant(valid_to) as valid_to
)
from given
