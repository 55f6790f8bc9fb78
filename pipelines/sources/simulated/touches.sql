-- Activities, and every step to another stage. A step has no channel and counts as inbound: the customer moved,
-- nobody was called. A word that is not listed here stays as it is, so that the contract can refuse it by name.
select
    'T' || activity_no as touch_id,
    opp_no as prospect_id,
    person_no as contact_id,
    case type
        when 'Call' then 'call'
        when 'Mail' then 'email'
        when 'Meeting' then 'meeting'
        when 'Demo' then 'demo'
        when 'Web session' then 'visit'
        when 'Download' then 'download'
        when 'Web form' then 'form'
        when 'Message' then 'message'
        when 'Event' then 'event'
        when 'Proposal sent' then 'proposal'
        else type
    end as kind,
    case medium
        when 'Telephone' then 'phone'
        when 'E-Mail' then 'email'
        when 'On site' then 'in_person'
        when 'Social network' then 'social'
        when 'Website' then 'web'
        when 'Chat' then 'chat'
        when 'Partner' then 'partner'
        else medium
    end as channel,
    case way when 'in' then 'inbound' when 'out' then 'outbound' else way end as direction,
    happened_at as occurred_at,
    entered_at as recorded_at,
    phase as stage,
    case result
        when 'reached' then 'answered'
        when 'interested' then 'interested'
        when 'appointment' then 'meeting_booked'
        when 'later' then 'not_now'
        when 'no interest' then 'not_interested'
        when 'wrong person' then 'wrong_person'
        when 'no further contact' then 'do_not_contact'
        when 'not reached' then 'no_answer'
        when 'voicemail' then 'left_message'
        when 'undeliverable' then 'bounced'
        when 'done' then 'completed'
        else result
    end as result,
    value_eur as value,
    seconds as duration_s
from activities
union all
select
    'G' || object_no || '-' || new_value as touch_id,
    object_no as prospect_id,
    null as contact_id,
    'stage' as kind,
    null as channel,
    'inbound' as direction,
    changed_at as occurred_at,
    entered_at as recorded_at,
    new_value as stage,
    null as result,
    null as value,
    null as duration_s
from field_history
where object = 'opportunity' and field = 'stage'
