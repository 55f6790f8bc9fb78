"""Moments at which we look: `as_of` is the start of a day in the company's own time zone, as a UTC instant.

Worked example, run as a doctest. A company in Berlin looks on Mondays; on 29 March 2026 its clocks go forward,
so the second Monday starts an hour earlier in UTC than the first:

>>> import datetime as dt
>>> from zoneinfo import ZoneInfo
>>> for moment in grid(dt.date(2026, 3, 23), dt.date(2026, 3, 30), days=7, zone=ZoneInfo("Europe/Berlin")):
...     print(moment)
2026-03-22 23:00:00+00:00
2026-03-29 22:00:00+00:00
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.facts.contract import TIME_TYPE

Micros = npt.NDArray[np.int64]
DAY: int = 86_400_000_000
"""One day in microseconds; windows are whole days of 24 hours, also where a clock change makes one 23 long."""


def moment(day: dt.date, zone: ZoneInfo) -> pd.Timestamp:
    """Return the first instant of `day` in `zone`, in UTC."""
    local = dt.datetime.combine(day, dt.time.min, tzinfo=zone)
    return pd.Timestamp(local.astimezone(dt.UTC)).as_unit("us")


def grid(first: dt.date, last: dt.date, *, days: int, zone: ZoneInfo) -> pd.DatetimeIndex:
    """Return the moments `last, last - days, ...` down to `first`, ascending; both ends may be included.

    The grid is anchored at its end: the most recent cohort is always among the snapshots.
    """
    if days < 1:
        raise ValueError(f"grid: days must be at least 1, got {days}.")
    steps = range((last - first).days // days, -1, -1) if last >= first else range(0)
    return pd.DatetimeIndex([moment(last - dt.timedelta(days=days * k), zone) for k in steps], dtype=TIME_TYPE)


def micros(times: pd.Series | pd.DatetimeIndex) -> Micros:
    """Return UTC times as integer microseconds since 1970; a missing time becomes the smallest integer."""
    values: Micros = times.astype(TIME_TYPE).to_numpy("datetime64[us]").view("int64")
    return values


def later(one: pd.Series, other: pd.Series) -> pd.Series:
    """Return the later of two columns of times row by row; neither may be missing."""
    return one.where(one >= other, other)


def earlier(one: pd.Series, other: pd.Series) -> pd.Series:
    """Return the earlier of two columns of times row by row; a missing time is later than any."""
    return one.where((one <= other) | other.isna(), other)


def stamp(as_of: dt.datetime | pd.Timestamp) -> pd.Timestamp:
    """Return `as_of` in UTC with microseconds.

    Raises
    ------
    ValueError
        The moment has no time zone.
    """
    given = pd.Timestamp(as_of)
    if given.tzinfo is None:
        raise ValueError(f"as_of {as_of} has no time zone; say which clock it is, for example {as_of}+00:00.")
    return given.tz_convert("UTC").as_unit("us")
