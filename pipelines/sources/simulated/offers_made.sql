-- draw_chance is filled in where the CRM drew the offer by chance: the logged propensity.
select
    opp_no as prospect_id,
    article as offer_id,
    offered_at as occurred_at,
    entered_at as recorded_at,
    person_no as contact_id,
    case medium
        when 'Telephone' then 'phone'
        when 'E-Mail' then 'email'
        when 'On site' then 'in_person'
        when 'Social network' then 'social'
        else medium
    end as channel,
    draw_chance as propensity,
    reply as response,
    replied_at as responded_at
from quotes
