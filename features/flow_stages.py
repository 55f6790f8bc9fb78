"""Who stood at which stage from when to when, as it was known at a moment.

A prospect enters the first stage when it is created. Every later stage is entered with a touch that names it: a touch
of kind "stage", or, for a stage that the log of that kind never names (an offer sent is a proposal), a touch of any
kind. It leaves with the next move, with its outcome, or, where nobody works it any more, at `max_age_days`.

Worked example, run as a doctest. `a` was qualified on 5 January and won on 9 January, known on the 20th. Looked at on
12 January it still stands at "qualified".

>>> import pandas as pd
>>> from features.facts.ledger import Facts
>>> day = lambda text: pd.Timestamp(f"2026-01-{text}", tz="UTC").as_unit("us")
>>> facts = Facts.of({
...     "prospects": pd.DataFrame({"prospect_id": ["a"], "created_at": [day("01")], "recorded_at": [day("01")]}),
...     "touches": pd.DataFrame({"touch_id": ["t"], "prospect_id": ["a"], "kind": ["stage"], "stage": ["qualified"],
...         "occurred_at": [day("05")], "recorded_at": [day("05")]}),
...     "outcomes": pd.DataFrame({"prospect_id": ["a"], "occurred_at": [day("09")], "recorded_at": [day("20")],
...         "result": ["won"]})})
>>> for moment in (day("12"), day("21")):
...     found = journeys(facts, stages=("new", "qualified"), as_of=moment).visits
...     found[["stage", "entered_at", "left_at", "exit"]]
       stage                entered_at                   left_at    exit
0        new 2026-01-01 00:00:00+00:00 2026-01-05 00:00:00+00:00  onward
1  qualified 2026-01-05 00:00:00+00:00                       NaT    here
       stage                entered_at                   left_at    exit
0        new 2026-01-01 00:00:00+00:00 2026-01-05 00:00:00+00:00  onward
1  qualified 2026-01-05 00:00:00+00:00 2026-01-09 00:00:00+00:00     won
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from features.facts.contract import TABLES, TIME_TYPE
from features.facts.ledger import Facts, current
from features.time.asof import later

ONWARD: Final = "onward"
BACK: Final = "back"
HERE: Final = "here"
OPEN: Final = "open"
AGED: Final = "aged"
EXITS: Final = (ONWARD, BACK, "won", "lost", AGED)
"""How a stage is left; `HERE` is not left yet."""
_NO_MOVES: Final = {"prospect_id": "str", "stage": "str", "entered_at": TIME_TYPE}


@dataclass(frozen=True)
class Journeys:
    """The way of every prospect through the stages, as known at a moment.

    Attributes
    ----------
    visits : DataFrame, one row per stay at a stage
        prospect_id, stage, place (0 for the first stage), entered_at, left_at (UTC; NaT: still there), exit (one of
        `EXITS`, or "here"), first (whether it is the prospect's first stay at this stage). Stays are
        `[entered_at, left_at)`; of steps at the same instant the order of the stages decides.
    people : DataFrame, one row per prospect
        prospect_id, created_at, ended_at (NaT: open), end ("won", "lost", "aged", "open").
    unknown : dict
        Touches whose stage the definitions do not have, by stage.
    after_end : int
        Moves at or after the end of their prospect, left out.
    moves : int
        Touches that were read as moves.
    """

    visits: pd.DataFrame
    people: pd.DataFrame
    unknown: dict[str, int]
    after_end: int
    moves: int


def journeys(
    facts: Facts, *, stages: tuple[str, ...], as_of: pd.Timestamp, max_age_days: int | None = None
) -> Journeys:
    """Answer who stood where from when to when, by the facts visible at `as_of` that happened before it.

    Parameters
    ----------
    facts : Facts
        May hold facts recorded at or after `as_of`; they are not looked at.
    stages : tuple of str
        In their order, at least one.
    max_age_days : int, optional
        A prospect without an outcome leaves at this age, as it leaves the cohort.
    """
    known = facts.visible(as_of)
    people = _people(known, as_of, max_age_days)
    named = current(known.touches, TABLES["touches"].key).dropna(subset=["stage"])
    named = named[(named["occurred_at"] < as_of) & named["prospect_id"].isin(people["prospect_id"])]
    unknown = named.loc[~named["stage"].isin(stages) & named["kind"].eq("stage"), "stage"].value_counts()
    steps = _moves(named, stages).merge(people[["prospect_id", "created_at", "ended_at"]], on="prospect_id")
    late = steps["ended_at"].notna() & (steps["entered_at"] >= steps["ended_at"])
    steps = steps.assign(entered_at=later(steps["entered_at"], steps["created_at"]))[~late]
    begun = people[["prospect_id"]].assign(stage=stages[0], entered_at=people["created_at"])
    stays = pd.concat([begun, steps[list(begun.columns)]], ignore_index=True)
    visits = _visits(stays, people, stages)
    return Journeys(visits, people, {str(k): int(v) for k, v in unknown.items()}, int(late.sum()), len(steps))


def _people(known: Facts, as_of: pd.Timestamp, max_age_days: int | None) -> pd.DataFrame:
    """Return when each prospect was created, and when and how it ended; the first outcome counts."""
    people = current(known.prospects, TABLES["prospects"].key)[["prospect_id", "created_at"]]
    people = people[people["created_at"] < as_of].sort_values("prospect_id", ignore_index=True)
    ends = current(known.outcomes, TABLES["outcomes"].key)
    ends = ends[ends["occurred_at"] < as_of].sort_values(["occurred_at", "result"], kind="stable")
    ends = ends.drop_duplicates("prospect_id")[["prospect_id", "occurred_at", "result"]]
    people = people.merge(ends, on="prospect_id", how="left")
    ended, end = people["occurred_at"], people["result"].fillna(OPEN)
    if max_age_days is not None:
        too_old = people["created_at"] + pd.Timedelta(days=max_age_days)
        aged = ended.isna() & (too_old < as_of)
        ended, end = ended.mask(aged, too_old), end.mask(aged, AGED)
    return people[["prospect_id", "created_at"]].assign(ended_at=ended.astype(TIME_TYPE), end=end.astype("str"))


def _moves(named: pd.DataFrame, stages: tuple[str, ...]) -> pd.DataFrame:
    """Return the touches that move a prospect: prospect_id, stage, entered_at."""
    logged = set(named.loc[named["kind"] == "stage", "stage"])
    elsewhere = [s for s in stages[1:] if s not in logged]
    moved = named["stage"].isin(stages) & (named["kind"].eq("stage") | named["stage"].isin(elsewhere))
    found = named.loc[moved, ["prospect_id", "stage", "occurred_at"]].rename(columns={"occurred_at": "entered_at"})
    return found.astype(_NO_MOVES)


def _visits(stays: pd.DataFrame, people: pd.DataFrame, stages: tuple[str, ...]) -> pd.DataFrame:
    place = stays["stage"].map({stage: i for i, stage in enumerate(stages)}).astype("int64")
    order = ["prospect_id", "entered_at", "place"]
    stays = stays.assign(place=place).sort_values(order, kind="stable", ignore_index=True)
    again = stays["prospect_id"].eq(stays["prospect_id"].shift()) & stays["place"].eq(stays["place"].shift())
    stays = stays[~again].reset_index(drop=True)
    goes_on = stays["prospect_id"].eq(stays["prospect_id"].shift(-1)).to_numpy(dtype=bool)
    ended = people.set_index("prospect_id").loc[stays["prospect_id"]].reset_index(drop=True)
    left = stays["entered_at"].shift(-1).where(goes_on, ended["ended_at"])
    further = stays["place"].shift(-1).to_numpy() > stays["place"].to_numpy()
    end = ended["end"].where(ended["end"] != OPEN, HERE).to_numpy(dtype=object)
    exits = np.where(goes_on, np.where(further, ONWARD, BACK), end)
    return stays.assign(
        left_at=left.astype(TIME_TYPE),
        exit=pd.Series(exits, dtype="str"),
        first=~stays.duplicated(["prospect_id", "place"]),
    )
