-- A prospect is an Opportunity. Where leads are worked before they become one, a lead can be the prospect instead: read
-- leads here (id, created_at, owner), take the opportunity into which it was converted out, and let outcomes follow
-- leads.opportunity_id.
-- A row for each time at which owner or account became something else: from the creation on as the field history tells
-- it (where Salesforce tracks Owner and Account; else as first seen), then as each pull saw it.
with versions as (
  select *, row_number() over (partition by id order by changed_at) = 1 as is_first
  from opportunities
),
links as (   -- what owner and account were from when on, by the history
  select opportunity_id as id, name, changed_at as moment, new_value as value
  from opportunity_field_history
  where data_type = 'EntityId' and name in ('Owner', 'Account')
  union all
  select h.opportunity_id, h.name, v.created_at, h.old_value
  from opportunity_field_history h join versions v on v.id = h.opportunity_id and v.is_first
  where h.data_type = 'EntityId' and h.name in ('Owner', 'Account')
  qualify row_number() over (partition by h.opportunity_id, h.name order by h.changed_at, h.id) = 1
),
owners as (
  select id, moment, value from links where name = 'Owner' qualify row_number() over (partition by id, moment order by value) = 1
),
owning as (
  select id, moment, value from links where name = 'Account' qualify row_number() over (partition by id, moment order by value) = 1
),
moments as (
  select id, moment, bool_or(seen) as seen
  from (
    select id, created_at as moment, false as seen from versions where is_first
    union all
    select l.id, l.moment, false from links l join versions v on v.id = l.id and v.is_first where l.moment <= v.changed_at
    union all
    select id, changed_at, true from versions where not is_first and not is_deleted
  )
  group by id, moment
),
known as (
  select
    m.id, m.moment, v.created_at, v.source,
    case when m.seen or o.id is null then v.owner_id else o.value end as owner_id,
    case when m.seen or a.id is null then v.account_id else a.value end as account_id
  from moments m
  asof left join owners o on o.id = m.id and m.moment >= o.moment
  asof left join owning a on a.id = m.id and m.moment >= a.moment
  join (select *, case when is_first then created_at else changed_at end as since from versions) v on v.id = m.id
  where v.since <= m.moment
  qualify row_number() over (partition by m.id, m.moment order by v.since desc) = 1
),
merged as (   -- an account that was merged away since, where Salesforce did not stamp its opportunities itself
  select k.id, a.changed_at as moment, k.created_at, k.source, k.owner_id, a.merged_into as account_id
  from (select * from known qualify row_number() over (partition by id order by moment desc) = 1) k
  join accounts a on a.id = k.account_id
  where a.is_deleted and a.merged_into is not null and a.changed_at > k.moment
  qualify row_number() over (partition by k.id order by a.changed_at desc) = 1
)
select
  k.id as prospect_id,
  a.id as account_id,     -- empty where the integration user may not see the account
  k.created_at,
  k.moment as recorded_at,
  coalesce(u.email, k.owner_id) as owner_id,
  k.source
from (select * from known union all by name select * from merged) k
left join users u on u.id = k.owner_id
left join (select distinct id from accounts) a on a.id = k.account_id
