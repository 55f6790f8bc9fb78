"""The list as a calendar (iCalendar, RFC 5545): one event per call, without alarms.

An event's UID is made from the company, the day and the prospect: importing the list again replaces its events, and a
list published anew has a higher SEQUENCE. Times are written in UTC, which every calendar shows on its owner's clock;
the description says what time it then is for the person called. Events are transparent: a suggestion makes nobody busy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from serving.exports.calling_hours import Slot, slots
from serving.exports.rows import reasons, way
from serving.pages.words import CHANNELS, person
from serving.store.queries import Listed
from serving.store.tables import Run

if TYPE_CHECKING:
    from icalendar import Event


def calendar_file(lines: Sequence[Listed], run: Run) -> bytes:
    """Write one event per call, at an hour that is sensible where the person is."""
    from icalendar import Calendar  # noqa: PLC0415  the server starts without it

    calendar = Calendar()
    calendar.add("prodid", "-//Takt//Call list//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", f"Calls, {run.company}")
    for line, slot in zip(lines, slots(lines, run), strict=True):
        calendar.add_component(_event(line, slot, run))
    written: bytes = calendar.to_ical()
    return written


def _event(line: Listed, slot: Slot, run: Run) -> Event:
    from icalendar import Event  # noqa: PLC0415

    event = Event()
    event.add("uid", uid(line, run))
    event.add("sequence", run.number)
    event.add("dtstamp", run.as_of.replace(microsecond=0))
    event.add("dtstart", slot.start)
    event.add("dtend", slot.end)
    event.add("summary", _plain(_summary(line)))
    event.add("description", _plain("\n".join(_description(line, slot, run))))
    event.add("categories", ["Takt"])
    event.add("transp", "TRANSPARENT")
    where = way(line, "phone") if line.call.channel != "email" else way(line, "email")
    if where:
        event.add("location", _plain(where))
    return event


def uid(line: Listed, run: Run) -> str:
    """Return the name of an event that stays with its prospect and day."""
    named = "\x1f".join((run.company, run.day.isoformat(), line.prospect.prospect_id))
    return f"{hashlib.sha256(named.encode()).hexdigest()[:32]}@takt"


def _summary(line: Listed) -> str:
    company = line.prospect.name or line.prospect.prospect_id
    verb = {"phone": "Call", "email": "Write to", "in_person": "Visit"}.get(line.call.channel or "", "Reach")
    return f"{verb} {company}" if line.contact is None else f"{verb} {person(line.contact)}, {company}"


def _description(line: Listed, slot: Slot, run: Run) -> list[str]:
    contact, call = line.contact, line.call
    told = [f"Number {call.rank} on the list of {call.owner_id or 'the team'}."]
    if contact is not None:
        told.append(f"{person(contact)}{f', {contact.role}' if contact.role and contact.name else ''}")
    ways = [w for kind in ("phone", "email") if (w := way(line, kind))]
    channel = [f"by {CHANNELS.get(call.channel, call.channel)}"] if call.channel else []
    told.append(", ".join([*channel, *ways]))
    local = slot.start.astimezone(slot.zone)
    told.append(f"{local:%H:%M} for them ({slot.zone.key})" + (f"; {call.hours}" if call.hours else ""))
    told += ["", *(f"+ {r}" for r in reasons(line, "for")), *(f"– {r}" for r in reasons(line, "against")), ""]
    told += [w for w in (call.why_contact, call.offer_words, call.timing_words) if w]
    if line.receipt.chance is not None:
        told.append(f"{line.receipt.chance:.0%} likely to sign within {run.horizon_days} days")
    return [*told, f"Receipt {line.receipt.receipt_id}" + (", simulated data" if run.simulated else "")]


def _plain(text: str) -> str:
    """Take control characters out, for the format has no way to write them; a line's end stays one."""
    return "".join(c for c in text.replace("\r\n", "\n").replace("\r", "\n") if c == "\n" or c.isprintable())
