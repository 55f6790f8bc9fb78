"""At which hour each call of a day may be made: on the clock of who is called, no two of one salesperson at once."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from models.heads.hours import DAYS
from serving.store.queries import Listed
from serving.store.tables import Run

LONGEST: Final = 30
SHORTEST: Final = 5
"""Minutes of a call in the calendar; as many as fit into the office hours, within these bounds."""
OFFICE: Final = (8, 18)
_WINDOW: Final = re.compile(rf"\bon ({'|'.join(DAYS)}) (\d{{1,2}}) to (\d{{1,2}})\b")
_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True)
class Slot:
    """`[start, end)` in UTC; `zone` is the clock of the person who is called, `suggested` that the hour was counted."""

    start: dt.datetime
    end: dt.datetime
    zone: ZoneInfo
    suggested: bool


def slots(lines: Sequence[Listed], run: Run) -> list[Slot]:
    """Answer when each call may be made; lines as in the list, slots in the same order.

    Whoever has counted hours on this weekday is placed first, within them; the others follow one after another in the
    list's order. All lie within the office hours of the person called, and, as far as possible, of the company.
    """
    found: dict[int, Slot] = {}
    by_owner: dict[str | None, list[int]] = {}
    for i, line in enumerate(lines):
        by_owner.setdefault(line.call.owner_id, []).append(i)
    for mine in by_owner.values():
        minutes = _minutes(len(mine), _office(run))
        taken: set[dt.datetime] = set()
        for i in sorted(mine, key=lambda i: window(lines[i].call.hours, run.day) is None):
            found[i] = _placed(lines[i], run, taken, minutes)
            taken.add(found[i].start)
    return [found[i] for i in range(len(lines))]


def window(hours: str | None, day: dt.date) -> tuple[int, int] | None:
    """Return the hours `[from, to)` that the words of a suggestion name for this weekday; None for another one."""
    told = _WINDOW.search(hours or "")
    if told is None or DAYS[day.weekday()] != told[1]:
        return None
    return int(told[2]), int(told[3])


def _placed(line: Listed, run: Run, taken: set[dt.datetime], minutes: int) -> Slot:
    theirs = _zone(None if line.contact is None else line.contact.timezone, run)
    office, length = _office(run), dt.timedelta(minutes=minutes)
    counted = window(line.call.hours, run.day)
    grid = _starts(ZoneInfo(run.timezone), run.day, office, length)
    for hours, suggested in ((counted, True), (office, False)):
        # their own day only where our office hours meet none of theirs, or the counted ones lie outside of ours
        for starts in (grid, _starts(theirs, run.day, hours or office, length)):
            free = [s for s in starts if s not in taken and hours is not None and _within(s, hours, theirs, length)]
            if free:
                return Slot(free[0], free[0] + length, theirs, suggested)
    return Slot(grid[-1], grid[-1] + length, theirs, suggested=False)


def _starts(zone: ZoneInfo, day: dt.date, hours: tuple[int, int], length: dt.timedelta) -> list[dt.datetime]:
    midnight = dt.datetime.combine(day, dt.time(), zone)
    # added on the wall's clock, then brought to UTC: a day on which the clocks change has its hours, too
    first, last = (midnight + dt.timedelta(hours=h) for h in hours)
    count = max(1, int((last - first) / length))
    return [(first + i * length).astimezone(dt.UTC) for i in range(count)]


def _within(start: dt.datetime, hours: tuple[int, int], zone: ZoneInfo, length: dt.timedelta) -> bool:
    begin, end = start.astimezone(zone), (start + length).astimezone(zone)
    last = end.hour * 60 + end.minute if end.date() == begin.date() else 24 * 60
    return begin.hour >= hours[0] and last <= hours[1] * 60 and end - begin < _DAY


def _minutes(calls: int, office: tuple[int, int]) -> int:
    fit = 60 * (office[1] - office[0]) // max(calls, 1)
    # full five minutes: nobody plans a call for 9:07
    return max(SHORTEST, min(LONGEST, fit // 5 * 5))


def _office(run: Run) -> tuple[int, int]:
    first, last = run.definitions.get("office_hours", OFFICE)
    return (int(first), int(last)) if first < last else OFFICE


def _zone(name: str | None, run: Run) -> ZoneInfo:
    try:
        return ZoneInfo(name or run.timezone)
    except (KeyError, OSError, ValueError):  # a zone that nobody knows: as if none were given
        return ZoneInfo(run.timezone)
