"""The flow in sentences that a manager can act on; every figure in them stands in a table of the flow."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any, Final

import pandas as pd

from features.facts.definitions import Definitions
from features.flow_stages import Journeys
from features.flow_takt import Window

ALL: Final = "all"
"""The group of everybody."""
FEW: Final = 10
"""Fewer prospects than this are not spoken of as a pattern."""
Row = Mapping[Hashable, Any]


def notes(found: Journeys) -> Iterator[str]:
    """Yield what was left out, and why."""
    if found.unknown:
        listed = ", ".join(f"{stage} ({n:,})" for stage, n in sorted(found.unknown.items()))
        yield f"Left out: touches at stages that definitions.yaml does not list: {listed}."
    if found.after_end:
        yield f"Left out: {found.after_end:,} moves at or after the outcome of their prospect."


def stuck(table: pd.DataFrame, window: Window) -> Iterator[str]:
    """Yield, for each group, the bottleneck in words."""
    for group, part in table.groupby("group", sort=True):
        worst = part[part["is_bottleneck"]].to_dict("records")
        if not worst:
            yield f"{_of(group)}Nobody waits at any stage, so there is no bottleneck."
        for row in worst:
            yield f"{_of(group)}{_bottleneck(row, window.days)}"


def slow(ages: pd.DataFrame) -> Iterator[str]:
    """Yield the stages at which those who wait are older than those who left ever got."""
    for row in ages[(ages["overdue"] > 0.5) & (ages["waiting"] >= FEW) & (ages["left"] >= FEW)].to_dict("records"):
        yield (
            f"{_of(row['group'])}At {row['stage']}, {row['overdue']:.0%} of the {row['waiting']:,} who wait have been "
            f"there longer than {row['left_p85']:.1f} days; 85 % of those who left had gone by then."
        )


def lead(times: pd.DataFrame, people: pd.DataFrame) -> Iterator[str]:
    """Yield how long a win takes."""
    still = people[people["end"] == "open"].groupby("group").size()
    for row in times[times["result"] == "won"].to_dict("records"):
        waiting = int(still.get(row["group"], 0))
        if row["n"] == 0:
            yield f"{_of(row['group'])}No win is known yet, so no lead time ({waiting:,} are open)."
            continue
        yield (
            f"{_of(row['group'])}A win took {row['median']:.1f} days from creation in the middle, 85 % took at most "
            f"{row['p85']:.1f} ({row['n']:,} wins; {waiting:,} still open are not in it)."
        )


def beat(table: pd.DataFrame, definitions: Definitions) -> Iterator[str]:
    """Yield takt time against capacity."""
    start, end = definitions.office_hours
    hours = max(end - start, 0)
    for row in table.to_dict("records"):
        if row["working_days"] == 0:
            yield f"{_of(row['group'])}There was no working day in the last {row['days']:.0f} days, so no takt time."
            continue
        arrivals, wins = (_every(row[c], hours) for c in ("days_per_arrival", "days_per_win"))
        yield (
            f"{_of(row['group'])}In the last {row['days']:.0f} days ({row['working_days']} working days) a prospect "
            f"arrived {arrivals} and one was won {wins}.{_load(row)}"
        )


def _bottleneck(row: Row, days: float) -> str:
    return (
        f"The bottleneck is {row['stage']}: {row['waiting']:,} wait there, together {row['days_total']:,.0f} days "
        f"({row['share']:.0%} of all waiting). In the last {days:.0f} days {row['arrived']:,.0f} arrived and "
        f"{row['left']:,.0f} left.{' It is filling up.' if row['left'] < row['arrived'] else ''}"
    )


def _load(row: Row) -> str:
    if pd.isna(row["load"]):
        return ""
    if row["needed_per_day"] == 0:
        return " No calls are in the log of those who ended, so nothing can be said of the calls that are needed."
    return (
        f" At {row['calls_per_ended']:.1f} calls each that needs {row['needed_per_day']:.1f} calls a day; there are "
        f"{row['capacity_per_day']:.0f} ({row['load']:.0%} of capacity).{_more_than_there_are(row)}"
    )


def _more_than_there_are(row: Row) -> str:
    if row["calls_per_day"] <= row["capacity_per_day"]:
        return ""
    return (
        f" But {row['calls_per_day']:.1f} a day were made: the capacity in definitions.yaml is lower than what is done."
    )


def _every(days: float, hours: int) -> str:
    if pd.isna(days):
        return "not once"
    if days >= 1 or hours == 0:
        return f"every {days:.1f} working days"
    minutes = days * hours * 60
    return f"every {minutes / 60:.1f} office hours" if minutes >= 90 else f"every {minutes:.0f} office minutes"


def _of(group: object) -> str:
    return "" if group == ALL else f"{group}: "
