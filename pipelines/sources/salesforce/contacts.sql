-- role: the role in an opportunity (OpportunityContactRole) that was last given, else the title.
-- do_not_contact_since: when "Do Not Call" was first seen set.
with marked as (
  select
    *,
    row_number() over w = 1 as is_first,
    sum(case when do_not_call then 0 else 1 end) over w as run
  from contacts
  window w as (partition by id order by changed_at)
),
versions as (
  select
    *,
    case when is_first then created_at else changed_at end as since,
    case when do_not_call then min(case when do_not_call then changed_at end) over (partition by id, run) end as refused
  from marked
  where is_first or not is_deleted
),
roles as (
  select contact_id, changed_at as moment, role
  from opportunity_contact_roles
  where not is_deleted and contact_id is not null
  qualify row_number() over (partition by contact_id, changed_at order by id) = 1
),
moments as (
  select id, since as moment from versions
  union
  select v.id, r.moment from roles r join versions v on v.id = r.contact_id and v.is_first where r.moment >= v.since
),
known as (
  select v.* exclude (since), m.moment, r.role as given_role
  from moments m
  asof join versions v on v.id = m.id and m.moment >= v.since
  asof left join roles r on r.contact_id = m.id and m.moment >= r.moment
),
merged as (
  select k.* replace (a.changed_at as moment, a.merged_into as account_id)
  from (select * from known qualify row_number() over (partition by id order by moment desc) = 1) k
  join accounts a on a.id = k.account_id
  where a.is_deleted and a.merged_into is not null and a.changed_at > k.moment
  qualify row_number() over (partition by k.id order by a.changed_at desc) = 1
)
select
  k.id as contact_id,
  a.id as account_id,
  k.moment as recorded_at,
  k.name,
  coalesce(k.given_role, k.title) as role,
  k.email,
  k.phone,
  k.refused as do_not_contact_since
from (select * from known union all by name select * from merged) k
left join (select distinct id from accounts) a on a.id = k.account_id
