-- A deal is a prospect. A row for each version in which owner, company, create date, type or source changed, recorded when
-- HubSpot recorded it; the attributes are those of that moment, and their later changes stand in attribute_changes.
-- A deal that was restored or separated again after it was gone stands once more (`deaths`).
with lives as (
  select d.*, count(g.id) as deaths
  from deals d left join gone g on g.object = 'deals' and g.id = d.id and g.changed_at < d.changed_at
  group by all
),
people as (select id, arg_max(email, changed_at) as email from owners group by id),
firms as (select distinct id from companies),
mapped as (
  select
    lives.id as prospect_id,
    firms.id as account_id,
    coalesce(instant(createdate), created_at) as created_at,
    changed_at as recorded_at,
    coalesce(people.email, hubspot_owner_id) as owner_id,
    cast(null as varchar) as territory,
    dealtype as segment,
    hs_analytics_source as source,
    cast(amount as double) as amount,
    pipeline,
    dealstage as stage,
    deaths
  from lives
  left join people on people.id = hubspot_owner_id
  left join firms on firms.id = split_part(companies_ids, ';', 1)   -- the primary company comes first
)
select * exclude (deaths)
from mapped
qualify row(account_id, created_at, owner_id, segment, source, deaths)
  is distinct from lag(row(account_id, created_at, owner_id, segment, source, deaths))
  over (partition by prospect_id order by recorded_at)
