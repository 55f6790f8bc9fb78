-- Parties that an opportunity names; versions as pulls saw them, because Tryton keeps no history of parties.
-- industry: the first of the party's categories by name.
select
    cast(p.id as varchar) as account_id,
    p.changed_at as recorded_at,
    p.name,
    p.country,
    p.city,
    p.category as industry
from parties as p
where not p.deleted
    and (
        p.id in (select party from opportunities)
        or p.id in (select r.replaced_by from parties as r)
        or p.replaced_by is not null
    )
