"""On which days calls are made, by whom, and which day is the next one; days are those of the company's time zone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.facts.definitions import Definitions

LOOK_AHEAD: Final = 400
"""Days that are looked at for the next working day; none among them is said as "not known"."""
Days = npt.NDArray[np.datetime64]


def today(as_of: pd.Timestamp, definitions: Definitions) -> dt.date:
    """Return the day of the list: the date of `as_of` (UTC) on the company's calendar."""
    day: dt.date = as_of.tz_convert(definitions.zone).date()
    return day


def working(owners: Sequence[str | None], first: dt.date, definitions: Definitions) -> npt.NDArray[np.bool_]:
    """Answer who calls on which day, from `first` on.

    Parameters
    ----------
    owners : sequence of str or None, length n
        None is the team's common pool, which is never away.

    Returns
    -------
    bool array, shape (n, LOOK_AHEAD)
        By owner and day; column 0 is `first`. False on days that are no `working_days`, on `holidays`, and for an owner
        who is `away`.
    """
    days = [first + dt.timedelta(days=k) for k in range(LOOK_AHEAD)]
    closed = set(definitions.holidays)
    open_days = np.array([d.isoweekday() in definitions.working_days and d not in closed for d in days], dtype=np.bool_)
    out = np.tile(open_days, (len(owners), 1))
    for row, owner in enumerate(owners):
        away = set(definitions.away.get(owner, ())) if owner is not None else set()
        if away:
            out[row] &= np.array([d not in away for d in days])
    return out


def next_working(calendar: npt.NDArray[np.bool_], at_least: npt.NDArray[np.int64], first: dt.date) -> Days:
    """Return for each row of a calendar its first working day at or after `first + at_least` days; NaT if none.

    Parameters
    ----------
    calendar : bool array, shape (n, LOOK_AHEAD)
        One row per question, as `working` gives them.
    at_least : int array, shape (n,)
        Not below 0.
    """
    later = np.arange(calendar.shape[1])[None, :] >= at_least[:, None]
    found = calendar & later
    place = found.argmax(axis=1)
    days = np.datetime64(first, "D") + place.astype("timedelta64[D]")
    return np.where(found.any(axis=1), days, np.datetime64("NaT", "D"))


def why_closed(day: dt.date, definitions: Definitions) -> str:
    """Say why nobody calls on this day; empty when the company works."""
    if day in definitions.holidays:
        return f"{said(day)} is a holiday"
    return "" if day.isoweekday() in definitions.working_days else f"no calls are made on a {day:%A}"


def said(day: dt.date) -> str:
    """Write a day as "2 March 2026"."""
    return f"{day.day} {day:%B %Y}"
