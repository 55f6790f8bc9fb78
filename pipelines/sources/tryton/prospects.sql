-- An opportunity of Tryton (a lead, too) is one prospect. A row is a version in which owner, party or company changed,
-- with the time of Tryton's history; writing back a chance or a note makes none.
-- A merge of parties ("Replace") points opportunities to the other party without a time of its own, so a version is
-- made at the moment of the merge.
with standing as (
    select * from opportunities where not deleted
),
merges as (
    select id as loser, replaced_by as winner, min(changed_at) as told_at
    from parties
    where replaced_by is not null and not deleted
    group by all
),
versions as (
    select id, changed_at, party, employee, company from standing
    union all
    select o.id, m.told_at, m.winner, arg_max(o.employee, o.changed_at), arg_max(o.company, o.changed_at)
    from merges as m
    join standing as o on o.changed_at < m.told_at
    group by o.id, m.told_at, m.winner, m.loser
    having arg_max(o.party, o.changed_at) in (m.loser, m.winner)
),
told as (
    select
        *,
        row_number() over (partition by id order by changed_at) = 1
            or party is distinct from lag(party) over (partition by id order by changed_at)
            or employee is distinct from lag(employee) over (partition by id order by changed_at) as new
    from versions
),
first_ones as (
    select
        id,
        min(created_at) as created_at,
        arg_min(start_date, changed_at) as start_date,
        arg_min(company, changed_at) as company,
        arg_min(currency, changed_at) as currency,
        arg_min(coalesce(amount, -1), changed_at) as amount
    from standing
    group by id
),
home as (
    select id, arg_max(timezone, changed_at) as timezone, arg_max(currency, changed_at) as currency
    from companies
    group by id
),
owners as (
    select id, arg_max(name, changed_at) as name from employees where not deleted group by id
)
select
    cast(t.id as varchar) as prospect_id,
    cast(t.party as varchar) as account_id,
    -- a start date before the day of entry is when it began; such a day is counted from its midnight
    case
        when f.start_date < cast(timezone(coalesce(h.timezone, 'UTC'), f.created_at) as date)
            then timezone(coalesce(h.timezone, 'UTC'), cast(f.start_date as timestamp))
        else f.created_at
    end as created_at,
    t.changed_at as recorded_at,
    w.name as owner_id,
    cast(null as varchar) as territory,
    cast(null as varchar) as segment,
    cast(null as varchar) as source,
    -- in another currency than the company's an amount says nothing here
    case when f.amount >= 0 and f.currency = h.currency then f.amount end as expected_amount
from told as t
join first_ones as f on f.id = t.id
left join home as h on h.id = f.company
left join owners as w on w.id = t.employee
where t.new
