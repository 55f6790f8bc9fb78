select
    opp_no as prospect_id,
    closed_at as occurred_at,
    case result when 'W' then 'won' when 'L' then 'lost' else result end as result,
    entered_at as recorded_at,
    amount_eur as amount,
    reason,
    article as offer_id
from closings
