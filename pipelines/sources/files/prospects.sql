-- A folder of files that already have the contract's columns. Begin your own source with a copy of this folder:
-- rename what your export calls otherwise (`"Lead ID" as prospect_id`), and keep these rules:
--   * `instant(x)` reads a time that carries its zone (2026-03-01T09:30:00+01:00) and refuses one that does not. For
--     a local time say which clock it is: `timezone('Europe/Berlin', cast(x as timestamp))`.
--   * a bare day is known when the day is over; say what you take: its midnight, or `+ interval 1 day`.
--   * CSV and XLSX columns are text. Numbers need a cast: `cast(employees as double) as employees`.
--   * a further column of prospects or accounts is an attribute. It must be known when the prospect is created:
--     a field that is filled in on the way to a win tells the outcome.
with given as (
  select
    null::varchar as account_id,
    null::varchar as owner_id,
    null::varchar as territory,
    null::varchar as segment,
    null::varchar as source
  where false   -- columns that the file may lack
  union all by name
  select * from prospects
)
select * replace (
  instant(created_at) as created_at,
  instant(recorded_at) as recorded_at
)
from given
