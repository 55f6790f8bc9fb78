"""What stands above every page while the list is held or old, or an alarm stands.

The watch says why; how old the list is is reckoned when the page is asked for, so that it also holds when everything
that should have made a newer one has stopped.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal
from zoneinfo import ZoneInfo

import numpy as np
from fastapi import Request

from serving.boards.watch import Watch
from serving.deps import StoreDep
from serving.errors import NoRun
from serving.store import looks, queries
from serving.store.tables import Run

OLD: Final = 2
"""Working days since the day of the newest list from which on it is called old (TW011)."""


@dataclass(frozen=True)
class Banner:
    """One message; `day` and `age` (calendar days) are those of the newest list, `says` has the reasons."""

    kind: Literal["held", "old", "alarm"]
    day: dt.date
    age: int
    says: tuple[str, ...]


def banner(seen: Watch | None, newest: Run | None, now: dt.datetime) -> Banner | None:
    """Return what is to be said about the newest list; None when all is well or nobody watches."""
    if seen is None or newest is None:
        return None
    today = now.astimezone(ZoneInfo(newest.timezone)).date()
    age = max(0, (today - newest.day).days)
    holds = [hold for hold in seen.holds if hold.run_id == newest.run_id]
    if holds:
        return Banner("held", newest.day, age, tuple(f"{hold.title}: {hold.says}" for hold in holds))
    if seen.live and _working_days(seen, newest.day, today) >= OLD:
        return Banner("old", newest.day, age, ())
    alarms = tuple(alert.title for alert in seen.standing if alert.state == "alarms")
    return Banner("alarm", newest.day, age, alarms) if alarms else None


def show(request: Request, store: StoreDep) -> None:
    """Put the banner where the pages find it."""
    try:
        newest: Run | None = queries.find_run(store)
    except NoRun:
        newest = None
    request.state.banner = banner(_seen(request, store), newest, now())


def now() -> dt.datetime:
    """Return the moment, in UTC."""
    return dt.datetime.now(dt.UTC)


def _seen(request: Request, store: StoreDep) -> Watch | None:
    """Return the last look; read once, however many pages are asked for until the next one."""
    number = looks.last_number(store)
    kept: tuple[int, Watch | None] = getattr(request.app.state, "last_look", (0, None))
    if kept[0] != number:
        kept = number, looks.last_look(store)
        request.app.state.last_look = kept
    return kept[1]


def _working_days(seen: Watch, first: dt.date, last: dt.date) -> int:
    """Count the working days from the one after `first` to the one before `last`."""
    mask = [int(day in seen.working_days) for day in range(1, 8)]
    start = first + dt.timedelta(days=1)
    return int(np.busday_count(start, last, weekmask=mask, holidays=list(seen.holidays))) if start < last else 0
