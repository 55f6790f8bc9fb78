-- Whoever refused to be contacted stands twice: as first entered, and as entered again with the refusal.
select
    person_no as contact_id,
    company_no as account_id,
    entered_at as recorded_at,
    full_name as name,
    position as role,
    case level when 'C' then 'executive' when 'M' then 'manager' when 'S' then 'staff' end as seniority,
    mail as email,
    tel as phone,
    clock as timezone,
    refused_at as do_not_contact_since
from people
