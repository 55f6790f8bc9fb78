-- One opportunity of the CRM is one prospect.
select
    opp_no as prospect_id,
    company_no as account_id,
    opened_at as created_at,
    entered_at as recorded_at,
    seller as owner_id,
    market as territory,
    size_class as segment,
    came_from as source,
    expected_value,
    product
from opportunities
