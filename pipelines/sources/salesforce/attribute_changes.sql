-- Each field of fields.yaml: by its history (with the value from before the first change, from the creation on), and by
-- the versions that the pulls saw. A value of a version counts from the modification with which it was first seen: what
-- was filled in on the way to a win must not be known before.
with seen as (
  select 'prospect' as entity, id, changed_at, field, value
  from (select id, changed_at, columns('^field_') from opportunities where not is_deleted)
    unpivot include nulls (value for field in (columns('^field_')))
  union all
  select 'account', id, changed_at, field, value
  from (select id, changed_at, columns('^field_') from accounts where not is_deleted)
    unpivot include nulls (value for field in (columns('^field_')))
),
steps as (
  select
    *,
    lag(value) over w as before,
    row_number() over w = 1 as is_first,
    -- a field that nobody fills in is still a field: one empty value says so
    id = min(id) over (partition by entity, field)
      and not bool_or(value is not null) over (partition by entity, field) as is_empty
  from seen
  window w as (partition by entity, id, field order by changed_at)
),
history as (
  select 'prospect' as entity, opportunity_id as id, attribute, changed_at, old_value, new_value, id as row_id
  from opportunity_field_history where attribute is not null and data_type is distinct from 'EntityId'
  union all
  select 'account', account_id, attribute, changed_at, old_value, new_value, id
  from account_history where attribute is not null and data_type is distinct from 'EntityId'
),
created as (
  select 'prospect' as entity, id, min(created_at) as created_at from opportunities group by id
  union all
  select 'account', id, min(created_at) from accounts group by id
),
changes as (
  select entity, id, attribute as name, changed_at as moment, new_value as value, 1 as rank, row_id
  from history
  union all
  (
    select h.entity, h.id, h.attribute, c.created_at, h.old_value, 2, h.row_id
    from history h join created c on c.entity = h.entity and c.id = h.id
    qualify row_number() over (partition by h.entity, h.id, h.attribute order by h.changed_at, h.row_id) = 1
  )
  union all
  select entity, id, substr(field, 7), changed_at, value, 3, ''
  from steps
  where case when is_first then value is not null or is_empty else value is distinct from before end
)
select entity, id, name, moment as occurred_at, moment as recorded_at, value
from changes
qualify row_number() over (partition by entity, id, name, moment order by rank, row_id desc) = 1
