"""Which day it is: the only place that reads the clock."""

from __future__ import annotations

import datetime as dt
from typing import Final

import pandas as pd

from features.errors import TaktError
from features.facts.definitions import Definitions
from features.facts.ledger import Facts
from features.time.asof import moment

AHEAD: Final = 2
"""Days after today that a list may be made for: tomorrow, as seen from any time zone."""


class BadDay(TaktError):
    """A day was not written as YYYY-MM-DD, or lies outside the data, or too far ahead."""


def parse(day: str) -> dt.date:
    """Read a day written as YYYY-MM-DD."""
    try:
        return dt.date.fromisoformat(day)
    except ValueError:
        raise BadDay(f"{day!r} is not a day; write it as YYYY-MM-DD, for example 2026-11-24.") from None


def now() -> dt.datetime:
    """Return the moment, in UTC."""
    return dt.datetime.now(dt.UTC)


def today() -> dt.date:
    """Return the date in UTC."""
    return dt.datetime.now(dt.UTC).date()


def as_of_for(day: str | None, facts: Facts, definitions: Definitions) -> pd.Timestamp:
    """Return the start of the day to work for, in the company's time zone, as a UTC instant.

    Parameters
    ----------
    day : str or None
        YYYY-MM-DD. None: today, or, if the facts end earlier (a file export), the day after the last fact.

    Raises
    ------
    BadDay
        The day is not a date, there is no fact before it, or it lies more than `AHEAD` days after today. Readers
        are shown the latest day there is: a list for a year mistyped would hide every list until then.
    """
    last = facts.last_recorded()
    if last is None:
        raise BadDay("there are no facts at all, so there is no day to work for; ingest a source first.")
    zone = definitions.zone
    here = dt.datetime.now(zone).date()
    if day is None:
        after = last.tz_convert(zone).date() + dt.timedelta(days=1)
        return moment(min(after, here), zone)
    if parse(day) > here + dt.timedelta(days=AHEAD):
        raise BadDay(f"{day} lies ahead, today is {here}: nothing is known about it yet; name tomorrow or earlier.")
    start = moment(parse(day), zone)
    first = facts.ever("prospects")["recorded_at"].min()
    if start <= first:
        raise BadDay(f"nothing was known on {day}: the first prospect was recorded on {first.date()}.")
    return start
