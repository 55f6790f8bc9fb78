"""The board of the team: how even today's lists are, and what came of the earlier ones, of the team and of groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from sqlalchemy import select

from features.time.labels import observed_until, won_within
from models.decision.exploration import held_out
from models.decision.overrides import LEAST, grade_overrides, newcombe
from models.measures.likeness import wilson
from pipelines.settings import PipelineSettings
from pipelines.steps.boards.day import Day
from pipelines.steps.publishing import engine_of
from pipelines.steps.training import SEED
from serving.boards.team import LEAST_PEOPLE, Dealt, HeldOut, Judged, Outcome, TeamBoard
from serving.store import feedback
from serving.store.engine import reading
from serving.store.migrations import upgrade
from serving.store.tables import Call, Receipt, Run

OTHERS: Final = "any territory"
"""The group of those whom the definitions bind to no territory."""


def board(day: Day) -> TeamBoard:
    """Tell how even the lists are and what came of those published before the day."""
    calls, said, seen = _published(day)
    until = observed_until(day.facts, day.as_of, definitions=day.definitions)
    horizon = day.definitions.horizon_days
    judged = grade_overrides(said, calls, day.facts, days=horizon, observed_until=until)
    first = None if calls.empty else calls["as_of"].min().tz_convert(day.definitions.zone).date()
    return TeamBoard(
        lists=_lists(day),
        in_money=bool(day.today.worth["in_money"].any()) if len(day.today.worth) else False,
        band=day.definitions.fairness_band,
        left_out={str(k): int(n) for k, n in day.today.left_out["reason"].value_counts().items()},
        horizon_days=horizon,
        first_list=first,
        outcomes=_outcomes(calls, day, until),
        judged=tuple(_judged(row) for row in judged.groups.to_dict("records")),
        judged_said=judged.said,
        held_out=None if seen is None else _held_out(seen, day, until),
    )


def tellable(people: Mapping[str, frozenset[str]], team: int) -> list[str]:
    """Return the groups whose outcomes may be told, by name.

    Each has `LEAST_PEOPLE` at least, and so has the rest of the team, unless nobody is left: else somebody's outcomes
    could be had by subtraction.

    Parameters
    ----------
    people : mapping of group to salespeople
        Groups without a common member.
    team : int
        Salespeople in all.
    """
    large = sorted((name for name in people if len(people[name]) >= LEAST_PEOPLE), key=lambda n: len(people[n]))
    while large and 0 < team - sum(len(people[name]) for name in large) < LEAST_PEOPLE:
        large.pop(0)
    return sorted(large) if len(large) > 1 or team > sum(len(people[name]) for name in large) else []


def _lists(day: Day) -> tuple[Dealt, ...]:
    listed, places = day.today.listed, day.today.lotteries
    value = listed["value"].astype("float64")
    known = len(value) > 0 and value.notna().all() and value.sum() > 0
    mean, whole = (value.mean(), value.sum()) if known else (np.nan, np.nan)
    rows = []
    for owner, room in zip(places["owner_id"], places["places"], strict=True):
        nobody = pd.isna(owner)
        own = value[listed["owner_id"].isna() if nobody else listed["owner_id"].eq(owner)]
        total, each = (own.sum(), own.mean()) if known and len(own) else (np.nan, np.nan)
        figures = {
            "value": total, "per_call": each, "against_team": each / mean - 1, "value_share": total / whole,
        }  # fmt: skip
        told = {name: _figure(figure) for name, figure in figures.items()}
        rows.append(Dealt(owner_id=None if nobody else owner, calls=len(own), places=int(room), **told))
    return tuple(rows)


def _published(day: Day) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame | None]:
    """Return the calls of earlier lists, what people said, and since when prospects were seen where some are held out.

    Of what was said only what stood before the day is looked at.
    """
    engine = engine_of(day.home, PipelineSettings())
    try:
        upgrade(engine)
        with reading(engine) as store:
            query = select(Call.prospect_id, Call.owner_id, Run.as_of).join(Run, Run.number == Call.run)
            calls = _earlier(
                pd.DataFrame(list(store.execute(query)), columns=["prospect_id", "owner_id", "as_of"]), day
            )
            said = feedback.said(store)
            seen = None
            if day.definitions.hold_out:
                share = Run.definitions["hold_out"].as_float()
                rows = select(Receipt.prospect_id, Run.as_of).join(Run, Run.number == Receipt.run)
                found = list(store.execute(rows.where(share == day.definitions.hold_out)))
                seen = _earlier(pd.DataFrame(found, columns=["prospect_id", "as_of"]), day)
    finally:
        engine.dispose()
    return calls, said[said["at"] < day.as_of], seen


def _earlier(rows: pd.DataFrame, day: Day) -> pd.DataFrame:
    when = pd.to_datetime(rows["as_of"], utc=True).astype("datetime64[us, UTC]")
    return rows.assign(as_of=when, prospect_id=rows["prospect_id"].astype("str"))[when < day.as_of]


def _outcomes(calls: pd.DataFrame, day: Day, until: pd.Timestamp) -> tuple[Outcome, ...]:
    """Return what came of the calls: of the team first, then of the groups that may be told."""
    if calls.empty:
        return ()
    bound = day.definitions.territories
    owners = calls["owner_id"].dropna().unique()
    group = {owner: ", ".join(sorted(bound[owner])) if owner in bound else OTHERS for owner in owners}
    people = {name: frozenset(o for o in owners if group[o] == name) for name in set(group.values())}
    told: list[tuple[str | None, int, pd.DataFrame]] = [(None, len(owners), calls)]
    for name in tellable(people, len(owners)):
        told.append((name, len(people[name]), calls[calls["owner_id"].isin(people[name])]))
    return tuple(_outcome(name, n, part, day, until=until) for name, n, part in told)


def _outcome(name: str | None, people: int, calls: pd.DataFrame, day: Day, *, until: pd.Timestamp) -> Outcome:
    n, won, waiting = _won(calls, day, until)
    low, high = wilson(np.array([won]), np.array([n]))
    enough = n >= LEAST
    figures = (won / n, low[0], high[0]) if enough else (np.nan, np.nan, np.nan)
    share, lower, upper = map(_figure, figures)
    return Outcome(group=name, people=people, n=n, won=won, share=share, low=lower, high=upper, waiting=waiting)


def _won(rows: pd.DataFrame, day: Day, until: pd.Timestamp) -> tuple[int, int, int]:
    """Count, of prospects from their first day on, those whose horizon has passed, the won and the waiting."""
    first = rows.sort_values("as_of", kind="stable").drop_duplicates("prospect_id")[["prospect_id", "as_of"]]
    label = won_within(day.facts, first.reset_index(drop=True), days=day.definitions.horizon_days, observed_until=until)
    return int(label.notna().sum()), int(label.sum()), int(label.isna().sum())


def _judged(row: Mapping[Any, Any]) -> Judged:
    figures = {name: _figure(row[name] if row["n"] >= LEAST else np.nan) for name in ("share", "low", "high")}
    return Judged(group=row["group"], n=row["n"], won=row["won"], waiting=row["waiting"], **figures)


def _held_out(seen: pd.DataFrame, day: Day, until: pd.Timestamp) -> HeldOut:
    """Compare those held out by lot with all others of the same cohorts, listed or not: the lot is what differs."""
    share = day.definitions.hold_out
    held = held_out(seen["prospect_id"], share, SEED)
    n, won, waiting = _won(seen[~held], day, until)
    held_n, held_won, held_waiting = _won(seen[held], day, until)
    enough = min(n, held_n) >= LEAST
    low, high = newcombe((won, held_won), (n, held_n)) if enough else (np.nan, np.nan)
    return HeldOut(
        share=share, n=n, won=won, held_n=held_n, held_won=held_won, waiting=waiting + held_waiting,
        difference=won / n - held_won / held_n if enough else None, low=_figure(low), high=_figure(high),
    )  # fmt: skip


def _figure(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
