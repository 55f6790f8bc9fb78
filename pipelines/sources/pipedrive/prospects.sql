-- A prospect is a deal. Pipedrive's leads (the Leads Inbox) are not read; one that is converted is a deal from then on.
-- The first version that a pull saw counts from the deal's creation on: owner and organization of that version, for the
-- lists of version 2 tell no earlier ones. Later versions count from their modification.
with people as (
  select id, email from users
),
versions as (
  select
    d.id, d.created_at, d.owner_id, d.org_id, d.origin, d.is_deleted,
    row_number() over (partition by d.id order by d.changed_at) = 1 as is_first,
    case when row_number() over (partition by d.id order by d.changed_at) = 1 then d.created_at else d.changed_at end as since
  from deals d
),
known as (
  select * from versions where is_first or not is_deleted
),
merged as (   -- an organization that was merged away since, where its deals were not stamped again
  select k.* replace (r.changed_at as since, r.id as org_id)
  from (select * from known qualify row_number() over (partition by id order by since desc) = 1) k
  join recents r on r.item = 'organization' and r.merged_from = k.org_id and r.changed_at > k.since
  qualify row_number() over (partition by k.id order by r.changed_at desc) = 1
)
select
  k.id as prospect_id,
  o.id as account_id,
  k.created_at,
  k.since as recorded_at,
  coalesce(p.email, k.owner_id) as owner_id,
  k.origin as source
from (select * from known union all by name select * from merged) k
left join people p on p.id = k.owner_id
left join (select distinct id from organizations) o on o.id = k.org_id
