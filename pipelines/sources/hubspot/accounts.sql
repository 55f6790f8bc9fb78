-- Companies; a row for each version in which the name changed. Later changes of the others are in attribute_changes.
with lives as (
  select c.*, count(g.id) as deaths
  from companies c left join gone g on g.object = 'companies' and g.id = c.id and g.changed_at < c.changed_at
  group by all
)
select
  id as account_id,
  changed_at as recorded_at,
  name,
  industry,
  cast(numberofemployees as double) as employees,
  country
from lives
qualify row(name, deaths) is distinct from lag(row(name, deaths)) over (partition by id order by changed_at)
