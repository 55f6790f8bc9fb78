-- optional: left empty where there is no such file.
-- Further columns are attributes of the account; see prospects.sql.
with given as (
  select
    null::varchar as name
  where false   -- columns that the file may lack
  union all by name
  select * from accounts
)
select * replace (
  instant(recorded_at) as recorded_at
)
from given
