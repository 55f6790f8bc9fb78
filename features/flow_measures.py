"""What the stays at the stages say: how many went through, how many wait, how long, and how many pass at once.

A prospect is at a stage at the moment t when it entered before t and had not left before t, as in the cohort. So the
work in progress at the end of a week is the one at its beginning plus the arrivals of the week less the departures,
and the mean over the week is exactly the time spent there divided by the length of the week. Over a time in which the
stage begins and ends empty that is Little's law, L = lambda W (Little, 1961; for finite times Little, 2011).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binomtest

from features.flow_stages import EXITS, HERE, ONWARD
from features.time.asof import DAY, Micros, micros

ALL_STAGES: Final = "all stages"
"""The whole way as one stage: entered by creation, left by the end."""
USUAL: Final = 0.5
SLOW: Final = 0.85
"""Percentiles of times: the middle one, and the one that a promise should be built on."""
Floats = npt.NDArray[np.float64]
_NOT_LEFT: Final = np.iinfo(np.int64).min


def weekly(stays: pd.DataFrame, edges: pd.DatetimeIndex) -> pd.DataFrame:
    """Answer per group, stage and week what came, what left and how many waited.

    Parameters
    ----------
    stays : DataFrame
        group, stage, place, entered_at, left_at, exit.
    edges : DatetimeIndex, shape (n_weeks + 1,)
        Ascending, UTC; week k is `[edges[k], edges[k + 1])`.

    Returns
    -------
    DataFrame, n_weeks rows per group and stage
        group, stage, week, until (UTC), arrived, onward, back, won, lost, aged (exits by kind), throughput (onward and
        won), wip_before, wip (prospects at the stage at the beginning and at the end), mean_wip (over the time of the
        week).
    """
    parts = [_weeks(part, edges).assign(group=group, stage=stage) for (group, stage), part in _each(stays)]
    first = ["group", "stage", "week", "until", "arrived"]
    table = pd.concat(parts, ignore_index=True)
    return table[[*first, *(c for c in table.columns if c not in first)]]


def ageing(stays: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Answer how long those have been at a stage who still are, against those who have left it.

    Returns
    -------
    DataFrame, one row per group and stage
        group, stage, waiting (count), days_p50, days_p85, days_longest, days_total (of those waiting; days of 24
        hours), left (count), left_p50, left_p85 (days at the stage of those who left it), overdue (share of the waiting
        who have been there longer than left_p85). NaN: nobody to say it of.
    """
    return pd.DataFrame([_age(part, as_of, group=g, stage=s) for (g, s), part in _each(stays)])


def lead_times(people: pd.DataFrame) -> pd.DataFrame:
    """Answer how long it took from creation to the outcome; those still open are not in it.

    Returns
    -------
    DataFrame, two rows per group
        group, result ("won", "lost"), n, median, p85 (days; NaN where n is 0).
    """
    rows = []
    for group, part in people.groupby("group", sort=True):
        for result in ("won", "lost"):
            days = _days(part[part["end"] == result], "created_at", "ended_at")
            p50, p85 = _percentiles(days)
            rows.append({"group": group, "result": result, "n": len(days), "median": p50, "p85": p85})
    return pd.DataFrame(rows, columns=["group", "result", "n", "median", "p85"])


def first_pass(stays: pd.DataFrame) -> pd.DataFrame:
    """Answer which share goes through a stage at the first stay: onward or won, not back, lost or aged.

    Those still there are not decided and not counted. Where things go quickly or not at all, a young stage looks worse
    or better than it will be.

    Returns
    -------
    DataFrame, one row per group and stage
        group, stage, entered (prospects), undecided, passed, back, lost, aged (counts), share (passed of the decided),
        low, high (95 %, Wilson, 1927). NaN where nobody is decided.
    """
    rows: list[dict[str, Any]] = []
    for (group, stage), part in _each(stays[stays["first"]]):
        by = part["exit"].value_counts()
        count = {name: int(by.get(name, 0)) for name in (*EXITS, HERE)}
        passed = count[ONWARD] + count["won"]
        share, low, high = wilson(passed, len(part) - count[HERE])
        counts = {"entered": len(part), "undecided": count[HERE], "passed": passed}
        failed = {name: count[name] for name in ("back", "lost", "aged")}
        shares = {"share": share, "low": low, "high": high}
        rows.append({"group": group, "stage": stage, **counts, **failed, **shares})
    return pd.DataFrame(rows)


def wilson(hits: int, of: int) -> tuple[float, float, float]:
    """Return a share and its 95 % interval (Wilson, 1927); three NaN where there is nothing to count."""
    if of == 0:
        return float("nan"), float("nan"), float("nan")
    around = binomtest(hits, of).proportion_ci(method="wilson")
    return hits / of, float(around.low), float(around.high)


def _each(stays: pd.DataFrame) -> Iterator[tuple[tuple[str, str], pd.DataFrame]]:
    """Yield groups by name and their stages in their order."""
    for (group, _, stage), part in stays.groupby(["group", "place", "stage"], sort=True):
        yield (str(group), str(stage)), part


def _weeks(part: pd.DataFrame, edges: pd.DatetimeIndex) -> pd.DataFrame:
    at, entered, left = micros(edges), micros(part["entered_at"]), micros(part["left_at"])
    gone = left != _NOT_LEFT
    wip = _before(entered, at) - _before(left[gone], at)
    counts = {how: np.diff(_before(left[gone & (part["exit"] == how).to_numpy()], at)) for how in EXITS}
    spent = np.diff(_days_since(entered, at) - _days_since(left[gone], at))
    return pd.DataFrame(
        {
            "week": edges[:-1], "until": edges[1:], "arrived": np.diff(_before(entered, at)), **counts,
            "throughput": counts[ONWARD] + counts["won"], "wip_before": wip[:-1], "wip": wip[1:],
            "mean_wip": np.maximum(spent, 0.0) / (np.diff(at) / DAY),
        }
    )  # fmt: skip


def _before(times: Micros, at: Micros) -> Micros:
    """Count the times before each moment."""
    return np.searchsorted(np.sort(times), at, side="left").astype(np.int64)


def _days_since(times: Micros, at: Micros) -> Floats:
    """Sum, for each moment, the days since every time before it."""
    ordered = np.sort(times)
    days = np.concatenate([[0.0], np.cumsum((ordered - at[0]) / DAY)])
    n = np.searchsorted(ordered, at, side="left")
    spent: Floats = n * ((at - at[0]) / DAY) - days[n]
    return spent


def _age(part: pd.DataFrame, as_of: pd.Timestamp, *, group: str, stage: str) -> dict[str, Any]:
    here = part[part["left_at"].isna()]
    ages = _days(here.assign(until=as_of), "entered_at", "until")
    done = _days(part[part["left_at"].notna()], "entered_at", "left_at")
    (p50, p85), (left50, left85) = _percentiles(ages), _percentiles(done)
    return {
        "group": group, "stage": stage, "waiting": len(ages), "days_p50": p50, "days_p85": p85,
        "days_longest": float(ages.max()) if len(ages) else float("nan"), "days_total": float(ages.sum()),
        "left": len(done), "left_p50": left50, "left_p85": left85,
        "overdue": float((ages > left85).mean()) if len(ages) and len(done) else float("nan"),
    }  # fmt: skip


def _days(rows: pd.DataFrame, start: str, end: str) -> Floats:
    spent: Floats = (micros(rows[end]) - micros(rows[start])) / DAY
    return spent


def _percentiles(days: Floats) -> tuple[float, float]:
    if not len(days):
        return float("nan"), float("nan")
    p50, p85 = np.quantile(days, [USUAL, SLOW])
    return float(p50), float(p85)
