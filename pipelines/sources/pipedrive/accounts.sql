-- Attributes of organizations change, so that they come as attribute_changes; here is only the name.
select id as account_id, case when is_first then created_at else changed_at end as recorded_at, name
from (select *, row_number() over (partition by id order by changed_at) = 1 as is_first from organizations)
where is_first or not is_deleted
