-- optional: left empty where there is no such table.
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
    null::timestamptz as do_not_contact_since
  where false   -- columns that the table may lack
  union all by name
  select * from contacts
)
select * replace (
  cast(contact_id as varchar) as contact_id,
  cast(account_id as varchar) as account_id,
  cast(prospect_id as varchar) as prospect_id
)
from given
