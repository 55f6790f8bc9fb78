select
    case object when 'opportunity' then 'prospect' when 'company' then 'account' end as entity,
    object_no as id,
    field as name,
    changed_at as occurred_at,
    entered_at as recorded_at,
    new_value as value
from field_history
