-- Tables or views of a database that already have the contract's columns. For others copy this folder, say in tables.yaml
-- which tables are read, and rename here (`lead_no as prospect_id`). Every version of a row that was seen is in these
-- tables; recorded_at tells them apart. A time without a zone is refused: say whose clock it is,
-- `timezone('Europe/Berlin', created_at) as created_at`.
with given as (
  select
    null::varchar as account_id,
    null::varchar as owner_id,
    null::varchar as territory,
    null::varchar as segment,
    null::varchar as source
  where false   -- columns that the table may lack
  union all by name
  select * from prospects
)
select * replace (
  cast(prospect_id as varchar) as prospect_id,
  cast(account_id as varchar) as account_id,
  cast(owner_id as varchar) as owner_id
)
from given
