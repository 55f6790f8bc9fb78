"""The board of the flow: `features.flow` for everybody, by segment and by territory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final, get_args

import numpy as np
import pandas as pd

from features.flow import NOT_FILLED, Flow, flow
from features.flow_measures import ALL_STAGES
from pipelines.steps.boards.day import Day
from serving.boards.flow import FEW, By, FlowBoard, Group, Lead, Split, Stage, Takt, Week

WEEKS: Final = 26
"""Whole weeks kept of each group."""
LATEST: Final = 4
"""Whole weeks that the weekly throughput is the mean of."""
GROUPS: Final = 30
"""Groups kept of a split, those with the most open prospects."""
_LEFT_OUT: Final = "Left out: "


def board(day: Day) -> FlowBoard:
    """Draw the flow as it was known on the day.

    Raises
    ------
    NoFlow
        The definitions name no stages, or none was ever logged.
    """
    whole = flow(day.facts, day.definitions, day.as_of)
    start, end = day.definitions.office_hours
    splits = [_split(by, day) for by in get_args(By) if day.facts.prospects[by].nunique() > 1]
    return FlowBoard(
        all=_groups(whole, day)[0],
        splits=tuple(splits),
        left_out=tuple(words for words in whole.words if words.startswith(_LEFT_OUT)),
        office_hours=max(end - start, 0),
    )


def _split(by: By, day: Day) -> Split:
    groups = _groups(flow(day.facts, day.definitions, day.as_of, by=by), day)
    shown = sorted(groups, key=lambda group: (-group.open, group.name))[:GROUPS]
    others = [group for group in groups if group not in shown]
    return Split(
        by=by,
        groups=tuple(sorted(shown, key=lambda group: (group.name == NOT_FILLED, group.name))),
        unsaid=len(others),
        unsaid_open=sum(group.open for group in others),
    )


def _groups(found: Flow, day: Day) -> list[Group]:
    """Return every group of a flow, by name; there is at least one."""
    tables = {name: dict(list(getattr(found, name).groupby("group"))) for name in _TABLES}
    return [_group(str(name), {t: tables[t][name] for t in _TABLES}, day) for name in tables["takt"]]


_TABLES: Final = ("weekly", "ageing", "lead_time", "first_pass", "takt", "bottleneck")


def _group(name: str, tables: Mapping[str, pd.DataFrame], day: Day) -> Group:
    people = int(tables["first_pass"]["entered"].max())
    few = people < FEW
    weekly = tables["weekly"]
    return Group(
        name=name,
        people=people,
        open=int(tables["ageing"]["waiting"].sum()),
        few=few,
        stages=_stages(tables, few=few),
        weeks=_weeks(weekly[weekly["stage"] == ALL_STAGES].tail(WEEKS), day),
        lead=tuple(_lead(row) for row in tables["lead_time"].to_dict("records")),
        takt=_takt(tables["takt"].to_dict("records")[0]),
    )


def _stages(tables: Mapping[str, pd.DataFrame], *, few: bool) -> tuple[Stage, ...]:
    """Return the stages in their order: that of `ageing`, which every stage ever entered is in."""
    by = {name: tables[name].set_index("stage") for name in ("first_pass", "bottleneck")}
    whole = tables["weekly"].groupby("stage")["throughput"]
    weekly = {str(stage): float(rows.tail(LATEST).mean()) for stage, rows in whole}
    rows = []
    for age in tables["ageing"].to_dict("records"):
        stage = str(age["stage"])
        first, stuck = by["first_pass"].loc[stage], by["bottleneck"].loc[stage]
        decided = int(first["entered"] - first["undecided"])
        rows.append(
            Stage(
                name=stage, waiting=int(age["waiting"]), arrived=int(stuck["arrived"]), left=int(stuck["left"]),
                per_week=_said(weekly.get(stage), of=decided, few=few), waited=float(age["days_total"]),
                waiting_share=None if few else _figure(stuck["share"]), decided=decided,
                bottleneck=bool(stuck["is_bottleneck"]) and not few,
                **{ours: None if few else _figure(age[theirs]) for ours, theirs in _AGES.items()},
                **{ours: _said(age[theirs], of=int(age["left"]), few=few) for ours, theirs in _TIMES.items()},
                **{ours: _said(first[theirs], of=decided, few=few) for ours, theirs in _YIELD.items()},
            )
        )  # fmt: skip
    return tuple(rows)


_AGES: Final = {"age_usual": "days_p50", "age_slow": "days_p85", "age_longest": "days_longest"}
_TIMES: Final = {"took_usual": "left_p50", "took_slow": "left_p85", "overdue": "overdue"}
_YIELD: Final = {"passed": "share", "passed_low": "low", "passed_high": "high"}
_TAKT: Final = {
    "every": "days_per_arrival", "every_win": "days_per_win", "calls_per_day": "calls_per_day",
    "calls_per_prospect": "calls_per_ended", "needed_per_day": "needed_per_day", "load": "load",
    "capacity_per_day": "capacity_per_day",
}  # fmt: skip


def _weeks(rows: pd.DataFrame, day: Day) -> tuple[Week, ...]:
    zone, one = day.definitions.zone, dt.timedelta(days=1)
    return tuple(
        Week(
            last=row["until"].tz_convert(zone).date() - one,
            arrived=int(row["arrived"]),
            ended=int(row["won"] + row["lost"] + row["aged"]),
            won=int(row["won"]),
            open=int(row["wip"]),
        )
        for row in rows.to_dict("records")
    )


def _lead(row: Mapping[Any, Any]) -> Lead:
    usual, slow = (_said(row[name], of=int(row["n"]), few=False) for name in ("median", "p85"))
    return Lead(result=row["result"], n=int(row["n"]), usual=usual, slow=slow)


def _takt(row: Mapping[Any, Any]) -> Takt:
    counts = {name: int(row[name]) for name in ("working_days", "arrived", "won")}
    return Takt(days=float(row["days"]), **counts, **{ours: _figure(row[theirs]) for ours, theirs in _TAKT.items()})


def _said(value: Any, *, of: int, few: bool) -> float | None:
    """Return a figure made from `of` prospects; None where these are too few."""
    return None if few or of < FEW else _figure(value)


def _figure(value: Any) -> float | None:
    return None if value is None or np.isnan(value) else float(value)
