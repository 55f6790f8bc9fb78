-- role: the job title, which Pipedrive shows only with contact sync.
with versions as (
  select *, case when is_first then created_at else changed_at end as since
  from (select *, row_number() over (partition by id order by changed_at) = 1 as is_first from persons)
  where is_first or not is_deleted
),
merged as (
  select v.* replace (r.changed_at as since, r.id as org_id)
  from (select * from versions qualify row_number() over (partition by id order by since desc) = 1) v
  join recents r on r.item = 'organization' and r.merged_from = v.org_id and r.changed_at > v.since
  qualify row_number() over (partition by v.id order by r.changed_at desc) = 1
)
select v.id as contact_id, o.id as account_id, v.since as recorded_at, v.name, v.job_title as role, v.email, v.phone
from (select * from versions union all by name select * from merged) v
left join (select distinct id from organizations) o on o.id = v.org_id
