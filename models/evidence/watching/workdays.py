"""On which days something should have been recorded: rows by local day, and working days between two days.

Worked example, run as a doctest: Monday to Friday, and Wednesday 6 May 2026 is a holiday. Between Monday the 4th and
Friday the 8th lie Tuesday and Thursday.

>>> week = Calendar(ZoneInfo("Europe/Berlin"), (1, 1, 1, 1, 1, 0, 0), (dt.date(2026, 5, 6),))
>>> week.between(np.datetime64("2026-05-04"), np.datetime64("2026-05-08"))
2
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from features.facts.definitions import Definitions
from features.facts.ledger import Facts
from features.facts.own import PUT_OFF, is_own

WEEKS: Final = 8
"""Weeks that say what is usual."""
OFTEN: Final = 0.5
"""Share of its last `WEEKS` on which a weekday must have seen a row to count as a working day."""


@dataclass(frozen=True)
class Calendar:
    """Working days: 1 for each ISO weekday on which work is recorded, Monday first, without the holidays."""

    zone: ZoneInfo
    weekdays: tuple[int, ...]
    holidays: tuple[dt.date, ...] = ()

    @classmethod
    def of(cls, facts: Facts, definitions: Definitions, looked_at: pd.Timestamp) -> Calendar:
        """Take the declared working days, of them the weekdays on which the source usually records something.

        Many companies do not declare theirs; a quiet Sunday is no broken feed.
        """
        zone = definitions.zone
        declared = [int(d in definitions.working_days) for d in range(1, 8)]
        days = np.unique(np.concatenate([local_days(t["recorded_at"], zone) for t in delivered(facts).values()]))
        last = day_of(looked_at, zone)
        recent = days[(days >= last - np.timedelta64(7 * WEEKS, "D")) & (days < last)]
        if len(recent) and (last - days[0]).astype(int) >= 7 * WEEKS:
            seen = np.bincount(weekday(recent), minlength=7) >= OFTEN * WEEKS
            if (seen & np.array(declared, dtype=np.bool_)).any():
                declared = [d * int(s) for d, s in zip(declared, seen, strict=True)]
        return cls(zone, tuple(declared) if any(declared) else (1,) * 7, definitions.holidays)

    def works(self, days: Any) -> Any:
        """Say for each day (datetime64[D]) whether it is a working day."""
        return np.is_busday(days, weekmask=list(self.weekdays), holidays=list(self.holidays))

    def between(self, first: np.datetime64, last: np.datetime64) -> int:
        """Count the working days after `first` and before `last`, neither included; 0 where they touch."""
        if last <= first:
            return 0
        return int(self._count(first + np.timedelta64(1, "D"), last))

    def gaps(self, days: Any) -> Any:
        """Return the working days between each day and the next one given (ascending), shape (n - 1,)."""
        return self._count(days[:-1] + np.timedelta64(1, "D"), days[1:])

    def _count(self, start: Any, end: Any) -> Any:
        return np.busday_count(start, end, weekmask=list(self.weekdays), holidays=list(self.holidays))


def delivered(facts: Facts) -> dict[str, pd.DataFrame]:
    """Return the tables that have a recorded time, without what was tapped in our own pages."""
    tables = {name: table for name, table in facts.tables().items() if "recorded_at" in table.columns}
    changes = facts.attribute_changes
    return tables | {
        "touches": facts.touches[~is_own(facts.touches)],
        "attribute_changes": changes[~changes["name"].isin(PUT_OFF)],
    }


def local_days(times: pd.Series[Any], zone: ZoneInfo) -> Any:
    """Return the dates (datetime64[D]) of moments in a zone."""
    return times.dt.tz_convert(zone).dt.tz_localize(None).to_numpy(dtype="datetime64[us]").astype("datetime64[D]")


def day_of(moment: pd.Timestamp, zone: ZoneInfo) -> np.datetime64:
    """Return the date of a moment in a zone."""
    return np.datetime64(moment.tz_convert(zone).date(), "D")


def weekday(days: Any) -> Any:
    """Return 0 for Monday to 6 for Sunday."""
    return (days.astype(np.int64) + 3) % 7


def said(day: np.datetime64) -> str:
    """Write a day as "2 March 2026"."""
    one = day.astype("datetime64[D]").astype(dt.date)
    return f"{one.day} {one:%B %Y}"
