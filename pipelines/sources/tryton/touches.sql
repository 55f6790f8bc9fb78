-- Notes of opportunities in the form that definitions.yaml describes; each step to another stage; quotations.
--   call 2026-11-23 16:30 12min with Dana Ito: not now - asks again in spring
-- Only the kind and the colon are needed. Without a time it happened when it was written down; a day alone counts from
-- its noon. Times are those of the opportunity's company. Other notes are text for people, and left_out.sql counts them.
with home as (
    select id, arg_max(timezone, changed_at) as timezone from companies group by id
),
latest as (
    select
        id,
        arg_max(company, changed_at) as company,
        arg_max(party, changed_at) as party,
        arg_max(contact, changed_at) as contact
    from opportunities
    where not deleted
    group by id
),
written as (
    select
        *,
        regexp_extract(
            split_part(message, chr(10), 1),
            '(?i)^\s*(call|e-?mail|meeting|demo|visit|message|event)( in| out)?( \d{4}-\d\d-\d\d)?( \d\d:\d\d)?( \d+ ?min)?( with [^:]+)?\s*:\s*([a-z ]*)',
            ['kind', 'way', 'day', 'clock', 'minutes', 'person', 'result']
        ) as said
    from notes
    where not deleted
),
read as (
    select
        n.id,
        n.opportunity,
        n.changed_at,
        o.party,
        o.contact,
        replace(lower(n.said.kind), '-', '') as kind,
        if(lower(trim(n.said.way)) = 'in', 'inbound', 'outbound') as direction,
        -- without a day a clock time means the day of writing
        case when n.said.day <> '' or n.said.clock <> '' then timezone(
            coalesce(h.timezone, 'UTC'),
            try_cast(
                coalesce(
                    nullif(trim(n.said.day), ''),
                    strftime(timezone(coalesce(h.timezone, 'UTC'), n.created_at), '%Y-%m-%d')
                ) || ' ' || coalesce(nullif(trim(n.said.clock), ''), '12:00')
                as timestamp
            )
        ) else n.created_at end as occurred_at,
        60 * try_cast(regexp_extract(n.said.minutes, '\d+') as double) as duration_s,
        trim(regexp_replace(n.said.person, '(?i)^ with ', '')) as person,
        replace(trim(lower(n.said.result)), ' ', '_') as result
    from written as n
    join latest as o on o.id = n.opportunity
    left join home as h on h.id = o.company
    where n.said.kind <> ''
),
people as (
    select id, party, arg_max(coalesce(nullif(trim(name), ''), '-'), changed_at) as person
    from mechanisms
    where not deleted
    group by id, party
),
moves as (
    select
        id, state, changed_at,
        lag(state) over (partition by id order by changed_at) as before
    from opportunities
    where not deleted
)
select
    'N' || r.id as touch_id,
    cast(r.opportunity as varchar) as prospect_id,
    coalesce(
        (select min(p.party || ':' || p.person) from people as p where p.party = r.party and lower(p.person) = lower(r.person)),
        (select min(p.party || ':' || p.person) from people as p where p.id = r.contact and r.person = '')
    ) as contact_id,
    r.kind,
    case r.kind
        when 'call' then 'phone'
        when 'email' then 'email'
        when 'message' then 'chat'
        else 'in_person'
    end as channel,
    r.direction,
    coalesce(r.occurred_at, r.changed_at) as occurred_at,
    r.changed_at as recorded_at,
    cast(null as varchar) as stage,
    -- words that are no result of the contract leave it unknown; left_out.sql counts them
    case when r.result in (
        'interested', 'meeting_booked', 'answered', 'not_now', 'not_interested', 'wrong_person', 'do_not_contact',
        'no_answer', 'left_message', 'bounced', 'completed'
    ) then r.result end as result,
    cast(null as double) as value,
    r.duration_s
from read as r
union all
select
    'S' || m.id || '-' || epoch_us(m.changed_at) as touch_id,
    cast(m.id as varchar) as prospect_id,
    null as contact_id,
    'stage' as kind,
    null as channel,
    'inbound' as direction,
    m.changed_at as occurred_at,
    m.changed_at as recorded_at,
    m.state as stage,
    null as result,
    null as value,
    null as duration_s
from moves as m
where m.state is distinct from m.before and m.state not in ('won', 'lost', 'cancelled')
union all
select
    'Q' || q.id as touch_id,
    split_part(s.origin, ',', 2) as prospect_id,
    null as contact_id,
    'proposal' as kind,
    null as channel,
    'outbound' as direction,
    q.changed_at as occurred_at,
    q.changed_at as recorded_at,
    null as stage,
    null as result,
    null as value,
    null as duration_s
from sale_steps as q
join (select id, arg_max(origin, changed_at) as origin from sales where not deleted group by id) as s on s.id = q.sale
where q.state = 'quotation' and s.origin like 'sale.opportunity,%'
    and cast(split_part(s.origin, ',', 2) as bigint) in (select id from opportunities where not deleted)
