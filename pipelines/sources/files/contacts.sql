-- optional: left empty where there is no such file.
-- People; each belongs to an account or to a prospect. seniority: executive, manager or staff.
with given as (
  select
    null::varchar as account_id,
    null::varchar as prospect_id,
    null::varchar as name,
    null::varchar as role,
    null::varchar as seniority,
    null::varchar as email,
    null::varchar as phone,
    null::varchar as timezone,
    null::varchar as do_not_contact_since
  where false   -- columns that the file may lack
  union all by name
  select * from contacts
)
select * replace (
  instant(recorded_at) as recorded_at,
  instant(do_not_contact_since) as do_not_contact_since
)
from given
