-- Companies as they were entered; later corrections of the headcount are in attribute_changes.
select
    company_no as account_id,
    entered_at as recorded_at,
    firm as name,
    branch as industry,
    headcount as employees,
    market as region
from companies
