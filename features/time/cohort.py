"""Whom we look at: the prospects that were open at a moment, as it was then known.

A prospect is in the cohort of `as_of` when it was created and recorded before `as_of` and no outcome of it was
recorded before `as_of`. A deal that was won on Tuesday and typed in on Friday is still in Wednesday's cohort:
on Wednesday nobody knew. Nobody whose record was deleted or merged before `as_of` is in it, unless it was brought back;
and whose outcome was withdrawn is open again.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.facts.contract import TIME_TYPE
from features.facts.definitions import Definitions
from features.facts.ledger import Facts
from features.facts.withdrawn import WITHDRAWN_AT
from features.time.asof import DAY, Micros, grid, later, micros, moment

_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Openness:
    """Moments between which prospects are in a cohort: `opened < as_of <= closed`.

    One row per prospect, and several, in order of time, of one that was withdrawn or whose outcome was.
    """

    prospect_id: pd.Index
    opened: Micros
    closed: Micros


def openness(facts: Facts, *, definitions: Definitions) -> Openness:
    """Answer from when until when each prospect is in the cohort, as then known.

    `opened` is the later of creation and first record; `closed` the earliest moment at which an outcome was known,
    or the end of `max_age_days`, or never. Prospects created before `cohort_from` are left out.
    """
    versions = facts.ever("prospects")[["prospect_id", "created_at", "recorded_at"]]
    versions = versions.sort_values("recorded_at", kind="stable")
    rows = versions.drop_duplicates("prospect_id").set_index("prospect_id").sort_index()
    if definitions.cohort_from is not None:
        rows = rows[rows["created_at"] >= moment(definitions.cohort_from, definitions.zone)]
    created = micros(rows["created_at"])
    opened = np.maximum(created, micros(rows["recorded_at"]))
    known = later(facts.outcomes["occurred_at"], facts.outcomes["recorded_at"])
    first = known.groupby(facts.outcomes["prospect_id"].to_numpy()).min().reindex(rows.index)
    closed = np.where(first.isna(), _NEVER, micros(first))
    age = np.full(len(rows), _NEVER)
    if definitions.max_age_days is not None:
        age = created + definitions.max_age_days * DAY
    found = Openness(rows.index, opened, np.minimum(closed, age))
    withdrawn = [facts.gone[name]["prospect_id"] for name in ("prospects", "outcomes") if name in facts.gone]
    return _with_gaps(found, facts, pd.Series(created, rows.index), age, pd.concat(withdrawn)) if withdrawn else found


def _with_gaps(
    found: Openness, facts: Facts, created: pd.Series[int], age: Micros, withdrawn: pd.Series[str]
) -> Openness:
    """Put in place of the one span of each prospect that something was withdrawn of the spans in which it was open."""
    whose = found.prospect_id.isin(withdrawn)
    mine = found.prospect_id[whose]
    steps = _steps(facts, mine, created)
    state = steps.groupby(["prospect_id", "at"])[["stands", "ended"]].sum().groupby("prospect_id").cumsum()
    state = state.reset_index()
    state["next"] = state.groupby("prospect_id")["at"].shift(-1, fill_value=_NEVER)
    spans = state[(state["stands"] > 0) & (state["ended"] == 0)]
    limit = pd.Series(age[whose], mine).reindex(spans["prospect_id"]).to_numpy()
    ids = found.prospect_id[~whose].append(pd.Index(spans["prospect_id"]))
    opened = np.concatenate([found.opened[~whose], spans["at"].to_numpy()])
    closed = np.concatenate([found.closed[~whose], np.minimum(spans["next"].to_numpy(), limit)])
    order = np.lexsort((opened, pd.factorize(ids, sort=True)[0]))
    return Openness(ids[order], opened[order], closed[order])


def _steps(facts: Facts, ids: pd.Index, created: pd.Series[int]) -> pd.DataFrame:
    """Return when the versions of these prospects and of their outcomes come and go.

    Returns
    -------
    DataFrame
        `prospect_id`, `at` (microseconds), and by how much then the number of its versions grows (`stands`) and that of
        its outcomes (`ended`).
    """
    parts = []
    for name, column in (("prospects", "stands"), ("outcomes", "ended")):
        rows = facts.ever(name)
        rows = rows[rows["prospect_id"].isin(ids).to_numpy()]
        if name == "prospects":
            happened = created.reindex(rows["prospect_id"]).to_numpy()
        else:
            happened = micros(rows["occurred_at"])
        begin = np.maximum(happened, micros(rows["recorded_at"]))
        end = np.full(len(rows), _NEVER)
        if name in facts.gone:
            end = np.where(rows[WITHDRAWN_AT].isna(), _NEVER, micros(rows[WITHDRAWN_AT]))
        for at, by in ((begin, 1), (end, -1)):
            some = (begin < end) & (at != _NEVER)
            one = {"prospect_id": rows["prospect_id"].to_numpy()[some], "at": at[some], "stands": 0, "ended": 0}
            parts.append(pd.DataFrame(one | {column: by}))
    return pd.concat(parts, ignore_index=True)


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
    known = facts.ever("prospects")
    if known.empty:
        return pd.DatetimeIndex([], dtype=TIME_TYPE)
    zone = definitions.zone
    first = known["created_at"].min().tz_convert(zone).date() + dt.timedelta(days=1)
    if definitions.cohort_from is not None:
        first = max(first, definitions.cohort_from)
    return grid(first, as_of.tz_convert(zone).date(), days=definitions.grid_days, zone=zone)
