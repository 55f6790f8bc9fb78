-- People, of the company that HubSpot calls their primary one. HubSpot has no field for "do not contact": if yours has,
-- add it to properties.yaml and return here since when it is set, as do_not_contact_since.
with lives as (
  select c.*, count(g.id) as deaths
  from contacts c left join gone g on g.object = 'contacts' and g.id = c.id and g.changed_at < c.changed_at
  group by all
),
firms as (select distinct id from companies),
mapped as (
  select
    lives.id as contact_id,
    firms.id as account_id,
    changed_at as recorded_at,
    nullif(trim(concat_ws(' ', firstname, lastname)), '') as name,
    jobtitle as role,
    case
      when regexp_matches(lower(jobtitle), '\b(chief|c[efiot]o|founder|owner|president|partner)\b') then 'executive'
      when regexp_matches(lower(jobtitle), '\b(head|director|manager|lead|vp)\b') then 'manager'
      when jobtitle is not null then 'staff'
    end as seniority,
    email,
    phone,
    replace(hs_timezone, '_slash_', '/') as timezone,
    deaths
  from lives left join firms on firms.id = associatedcompanyid
)
select * exclude (deaths)
from mapped
qualify row(account_id, name, role, email, phone, timezone, deaths)
  is distinct from lag(row(account_id, name, role, email, phone, timezone, deaths))
  over (partition by contact_id order by recorded_at)
