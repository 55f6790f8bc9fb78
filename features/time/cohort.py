"""Whom we look at: the prospects that were open at a moment, as it was then known.

A prospect is in the cohort of `as_of` when it was created and recorded before `as_of` and no outcome of it was
recorded before `as_of`. A deal that was won on Tuesday and typed in on Friday is still in Wednesday's cohort:
on Wednesday nobody knew.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.facts.contract import TIME_TYPE
from features.facts.definitions import Definitions
from features.facts.ledger import Facts
from features.time.asof import DAY, Micros, grid, later, micros, moment

_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Openness:
    """For each prospect the moments between which it is in a cohort: `opened < as_of <= closed`."""

    prospect_id: pd.Index
    opened: Micros
    closed: Micros


def openness(facts: Facts, *, definitions: Definitions) -> Openness:
    """Answer from when until when each prospect is in the cohort, as then known.

    `opened` is the later of creation and first record; `closed` the earliest moment at which an outcome was known,
    or the end of `max_age_days`, or never. Prospects created before `cohort_from` are left out.
    """
    versions = facts.prospects[["prospect_id", "created_at", "recorded_at"]].sort_values("recorded_at", kind="stable")
    rows = versions.drop_duplicates("prospect_id").set_index("prospect_id").sort_index()
    if definitions.cohort_from is not None:
        rows = rows[rows["created_at"] >= moment(definitions.cohort_from, definitions.zone)]
    created = micros(rows["created_at"])
    opened = np.maximum(created, micros(rows["recorded_at"]))
    known = later(facts.outcomes["occurred_at"], facts.outcomes["recorded_at"])
    first = known.groupby(facts.outcomes["prospect_id"].to_numpy()).min().reindex(rows.index)
    closed = np.where(first.isna(), _NEVER, micros(first))
    if definitions.max_age_days is not None:
        closed = np.minimum(closed, created + definitions.max_age_days * DAY)
    return Openness(rows.index, opened, closed)


def cohort(facts: Facts, as_of: pd.Timestamp, *, definitions: Definitions) -> pd.DataFrame:
    """Return the keys (prospect_id, as_of) of everyone open at one moment, by prospect_id."""
    return snapshots(facts, pd.DatetimeIndex([as_of], dtype=TIME_TYPE), definitions=definitions)


def snapshots(facts: Facts, moments: pd.DatetimeIndex, *, definitions: Definitions) -> pd.DataFrame:
    """Return one row (prospect_id, as_of) for each moment at which a prospect was in the cohort.

    Parameters
    ----------
    moments : DatetimeIndex, shape (n_moments,)
        Ascending as-of moments, UTC.

    Returns
    -------
    DataFrame, shape (n_snapshots, 2)
        Sorted by prospect_id, then as_of.
    """
    spans = openness(facts, definitions=definitions)
    times = micros(moments)
    low = np.searchsorted(times, spans.opened, side="right")
    high = np.searchsorted(times, spans.closed, side="right")
    each = np.maximum(high - low, 0)
    who = np.repeat(np.arange(len(each)), each)
    start = np.repeat(np.cumsum(each) - each, each)
    when = np.repeat(low, each) + np.arange(each.sum()) - start
    return pd.DataFrame({"prospect_id": spans.prospect_id[who], "as_of": moments[when]})


def training_moments(facts: Facts, as_of: pd.Timestamp, *, definitions: Definitions) -> pd.DatetimeIndex:
    """Return the grid of moments to train on, ending at the day of `as_of` and starting with the first cohort."""
    if facts.prospects.empty:
        return pd.DatetimeIndex([], dtype=TIME_TYPE)
    zone = definitions.zone
    first = facts.prospects["created_at"].min().tz_convert(zone).date() + dt.timedelta(days=1)
    if definitions.cohort_from is not None:
        first = max(first, definitions.cohort_from)
    return grid(first, as_of.tz_convert(zone).date(), days=definitions.grid_days, zone=zone)
