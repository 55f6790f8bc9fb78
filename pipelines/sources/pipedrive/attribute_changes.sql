-- Each field of fields.yaml: a deal's by its changelog (with the value from before the first change, from the creation on)
-- and by the versions that the pulls saw; an organization's by its versions. A value of a version counts from the
-- modification with which it was first seen. Choices are told by their labels, stages by their names.
with seen as (
  select 'deal' as entity, id, changed_at, field, value
  from (select id, changed_at, columns('^field_') from deals where not is_deleted)
    unpivot include nulls (value for field in (columns('^field_')))
  union all
  select 'organization', id, changed_at, field, value
  from (select id, changed_at, columns('^field_') from organizations where not is_deleted)
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
asked as (
  select entity, code, attribute from fields where attribute is not null
),
history as (
  select c.deal_id as id, a.attribute, a.code, c.changed_at, c.old_value, c.new_value
  from changelog c join asked a on a.entity = 'deal' and a.code = c.code
),
created as (
  select id, min(created_at) as created_at from deals group by id
),
changes as (
  select 'deal' as entity, id, attribute, changed_at, new_value as value, 1 as rank from history
  union all
  (
    select 'deal', h.id, h.attribute, c.created_at, h.old_value, 2
    from history h join created c on c.id = h.id
    qualify row_number() over (partition by h.id, h.attribute order by h.changed_at) = 1
  )
  union all
  select entity, id, substr(field, 7), changed_at, value, 3
  from steps
  where case when is_first then value is not null or is_empty else value is distinct from before end
),
words as (
  select entity, code, id, label from options
  union all
  select 'deal', 'stage_id', id, name from stages
)
select
  case x.entity when 'deal' then 'prospect' else 'account' end as entity,
  x.id,
  x.attribute as name,
  x.changed_at as occurred_at,
  x.changed_at as recorded_at,
  coalesce(w.label, x.value) as value
from changes x
join asked a on a.entity = x.entity and a.attribute = x.attribute
left join words w on w.entity = x.entity and w.code = a.code and w.id = x.value
where x.entity <> 'deal' or x.id in (select id from created)
qualify row_number() over (partition by x.entity, x.id, x.attribute, x.changed_at order by x.rank) = 1
