-- Notes that are no touches, and words in notes that are no results; written by hand, so a share of them is normal.
-- Takt's own notes are not counted.
with written as (
    select
        *,
        regexp_extract(
            split_part(message, chr(10), 1),
            '(?i)^\s*(call|e-?mail|meeting|demo|visit|message|event)( in| out)?( \d{4}-\d\d-\d\d)?( \d\d:\d\d)?( \d+ ?min)?( with [^:]+)?\s*:\s*([a-z ]*)',
            ['kind', 'way', 'day', 'clock', 'minutes', 'person', 'result']
        ) as said
    from notes
    where not deleted and not coalesce(regexp_matches(message, 'takt-[0-9a-f]{20}'), false)
)
select
    'touches' as "table",
    'a note that does not begin as "call: no answer" does: text for people' as reason,
    count(*) as rows
from written
where said.kind = '' or said is null
union all
select
    'touches',
    'taken without a result: the note says "' || left(trim(lower(said.result)), 40) || '"',
    count(*)
from written
where said.kind <> ''
    and trim(lower(said.result)) not in (
        '', 'sent', 'interested', 'meeting booked', 'answered', 'not now', 'not interested', 'wrong person',
        'do not contact', 'no answer', 'left message', 'bounced', 'completed'
    )
group by 2
union all
select
    'touches',
    'the day or time in the note is none: counted as when it was written',
    count(*)
from written
where (said.day <> '' or said.clock <> '')
    and try_cast(coalesce(nullif(trim(said.day), ''), '2000-01-01') || ' ' || coalesce(nullif(trim(said.clock), ''), '12:00') as timestamp) is null
