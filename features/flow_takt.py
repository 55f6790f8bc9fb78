"""The beat that the market asks for, against the calls there are; and the stage that holds the others up."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from features.facts.contract import TABLES
from features.facts.definitions import Definitions
from features.facts.ledger import Facts, current
from features.flow_stages import EXITS, OPEN
from features.time.asof import moment

TAKT: Final = (
    "group", "days", "working_days", "arrived", "ended", "won", "days_per_arrival", "days_per_win", "calls_per_day",
    "calls_per_ended", "needed_per_day", "capacity_per_day", "load",
)  # fmt: skip


@dataclass(frozen=True)
class Window:
    """The last days that figures per day are made of: `[start, end)`, UTC, and the working days in it."""

    start: pd.Timestamp
    end: pd.Timestamp
    working_days: int

    @classmethod
    def of(cls, start: pd.Timestamp, end: pd.Timestamp, definitions: Definitions) -> Window:
        """Count the working days of the company whose first instant lies in `[start, end)`."""
        first, last = (t.tz_convert(definitions.zone) for t in (start, end - pd.Timedelta(microseconds=1)))
        begun = start > moment(first.date(), definitions.zone)
        days = pd.date_range(first.date() + dt.timedelta(days=int(begun)), last.date()).date
        worked = [d for d in days if d.isoweekday() in definitions.working_days and d not in definitions.holidays]
        return cls(start, end, len(worked))

    @property
    def days(self) -> float:
        """Length in days of 24 hours."""
        return float((self.end - self.start) / pd.Timedelta(days=1))

    def holds(self, times: pd.Series) -> pd.Series:
        """Return which times lie in the window; a missing one does not."""
        return (times >= self.start) & (times < self.end)


def takt(
    people: pd.DataFrame, facts: Facts, *, window: Window, definitions: Definitions, by: str | None
) -> pd.DataFrame:
    """Answer how often a prospect arrives and one is won, and whether there are calls enough for it.

    Takt time is the working time there is, divided by what is asked for in it (Hopp and Spearman, Factory Physics).

    Parameters
    ----------
    people : DataFrame
        prospect_id, created_at, ended_at, end, group, owner_id.
    facts : Facts
        Visible at the end of the window.
    by : str or None
        What the groups are. Capacity is only said of all together and of an owner: other groups share theirs.

    Returns
    -------
    DataFrame, one row per group
        `TAKT`. days (length of the window), working_days; arrived, ended, won (prospects in the window);
        days_per_arrival, days_per_win (working days; NaN where there was none); calls_per_day (outbound calls made per
        working day); calls_per_ended (all outbound calls to those who ended in the window, per prospect);
        needed_per_day (arrivals per working day times calls_per_ended); capacity_per_day (of the owners of open
        prospects; where nobody owns one, of one team); load (needed over capacity; above 1 the work piles up).
    """
    calls = current(facts.touches, TABLES["touches"].key)
    calls = calls[calls["kind"].eq("call") & calls["direction"].eq("outbound")]
    rows = []
    for group, part in people.groupby("group", sort=True):
        row = _demand(part, calls[calls["prospect_id"].isin(part["prospect_id"])], window)
        capacity = _capacity(part, definitions) if by in (None, "owner_id") else float("nan")
        load = _per(row["needed_per_day"], capacity)
        rows.append({"group": group, **row, "capacity_per_day": capacity, "load": load})
    return pd.DataFrame(rows, columns=list(TAKT))


def bottleneck(ages: pd.DataFrame, stays: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Answer at which stage the flow is held up: where those who wait have waited the most days together.

    A count alone would point at a stage that many pass in an hour; an age alone at one forgotten prospect. This is work
    in progress weighted by its age. In a steady flow it is the arrivals per day times half the mean square of the days
    there (Little's law with the mean age of a stay): what comes, and above all how long and how unevenly it stays.

    Returns
    -------
    DataFrame, one row per group and stage
        group, stage, waiting, days_total (waited together), share (of the group's waiting days), arrived, left (in the
        window), ratio (left per arrival; below 1 the stage fills), is_bottleneck. Nobody waits: none is.
    """
    inside = {"arrived": window.holds(stays["entered_at"]), "left": window.holds(stays["left_at"])}
    gone = stays["exit"].isin(EXITS)
    moved = stays.assign(arrived=inside["arrived"], left=inside["left"] & gone).groupby(["group", "stage"])
    table = ages[["group", "stage", "waiting", "days_total"]].merge(
        moved[["arrived", "left"]].sum().reset_index(), on=["group", "stage"], how="left"
    )
    whole = table.groupby("group")["days_total"].transform("sum")
    most = table.groupby("group")["days_total"].transform("max")
    first = ~table.assign(top=table["days_total"].eq(most)).duplicated(["group", "top"])
    return table.assign(
        share=(table["days_total"] / whole).where(whole > 0),
        ratio=(table["left"] / table["arrived"]).where(table["arrived"] > 0),
        is_bottleneck=table["days_total"].eq(most) & (most > 0) & first,
    )[["group", "stage", "waiting", "days_total", "share", "arrived", "left", "ratio", "is_bottleneck"]]


def _demand(part: pd.DataFrame, calls: pd.DataFrame, window: Window) -> dict[str, Any]:
    ended = part[window.holds(part["ended_at"])]
    arrived = int(window.holds(part["created_at"]).sum())
    won = int((ended["end"] == "won").sum())
    each = _per(int(calls["prospect_id"].isin(ended["prospect_id"]).sum()), len(ended))
    return {
        "days": window.days,
        "working_days": window.working_days,
        "arrived": arrived,
        "ended": len(ended),
        "won": won,
        "days_per_arrival": _per(window.working_days, arrived),
        "days_per_win": _per(window.working_days, won),
        "calls_per_day": _per(int(window.holds(calls["occurred_at"]).sum()), window.working_days),
        "calls_per_ended": each,
        "needed_per_day": _per(arrived, window.working_days) * each,
    }


def _capacity(part: pd.DataFrame, definitions: Definitions) -> float:
    owners = sorted(part.loc[part["end"] == OPEN, "owner_id"].dropna().unique())
    return float(sum(definitions.capacity.of(o) for o in owners) if owners else definitions.capacity.default)


def _per(one: float, other: float) -> float:
    return one / other if other else float("nan")
