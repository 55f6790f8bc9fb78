-- optional: left empty where there is no such file.
-- What the CRM no longer has: one row per record, and when it was deleted or merged into another (recorded_at).
-- table: prospects, accounts, contacts, attribute_changes, touches, offers_made or outcomes. id: the record's id (of
-- outcomes and offers_made the prospect's). happened_at, name: where an id has several rows, which one (outcomes,
-- offers_made, attribute_changes: its occurred_at; offers_made: the offer_id; attribute_changes: the field); left
-- empty, all of them. reason: deleted or merged. A later version of the record brings it back.
with given as (
  select
    null::varchar as happened_at,
    null::varchar as name
  where false   -- columns that the file may lack
  union all by name
  select * from withdrawals
)
select * replace (
  instant(happened_at) as happened_at,
  instant(recorded_at) as recorded_at
)
from given
