-- optional: left empty where there is no such file.
-- Offers that were made. propensity: the chance with which this offer was drawn, only where it was drawn by chance.
-- response (accepted, interested, declined, cancelled) counts from responded_at, not from recorded_at.
with given as (
  select
    null::varchar as contact_id,
    null::varchar as channel,
    null::varchar as propensity,
    null::varchar as response,
    null::varchar as responded_at
  where false   -- columns that the file may lack
  union all by name
  select * from offers_made
)
select * replace (
  instant(occurred_at) as occurred_at,
  instant(recorded_at) as recorded_at,
  cast(propensity as double) as propensity,
  instant(responded_at) as responded_at
)
from given
