-- What is gone from the database: `deletions` is written by the pull, found_at is when it was noticed. Where your
-- database marks a deletion in a column, add it:
--   union all select 'touches', cast(touch_id as varchar), deleted_at, 'deleted' from touches where deleted_at is not null
select
  of_table as "table",
  id,
  null::timestamptz as happened_at,
  null::varchar as name,
  found_at as recorded_at,
  'deleted' as reason
from deletions
