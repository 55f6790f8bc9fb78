"""Journeys: the steps by which prospects came, from their source to their last touch, and whether they were won."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from features.facts.contract import TABLES
from features.facts.definitions import Definitions
from features.facts.ledger import Facts, current
from features.facts.tables import INTERNAL
from models.measures.ranking import Floats, Ints

NOTHING: Final = "nothing on record"
"""The one step of a journey of which neither source nor touch is known."""


@dataclass(frozen=True)
class Journeys:
    """Journeys of prospects, whose number is their place in `won`.

    Attributes
    ----------
    channels : tuple of str
        Sorted names of the steps.
    who, step : int array, shape (n_steps,)
        The prospect of each step and its channel, journey by journey in order.
    won : float array, shape (n_prospects,)
        1.0 won, 0.0 not.
    amount : float array, shape (n_prospects,)
        What the win is worth; NaN where not known or not won.
    """

    channels: tuple[str, ...]
    who: Ints
    step: Ints
    won: Floats
    amount: Floats

    def bounds(self) -> tuple[Ints, Ints]:
        """Return the channel of each prospect's first and last step, shape (n_prospects,) each."""
        starts = np.searchsorted(self.who, np.arange(len(self.won)))
        ends = np.searchsorted(self.who, np.arange(len(self.won)), side="right") - 1
        return self.step[starts], self.step[ends]

    def seen(self) -> Ints:
        """Return how many prospects each channel was seen at."""
        pairs = np.unique(self.who * len(self.channels) + self.step)
        return np.bincount(pairs % len(self.channels), minlength=len(self.channels)).astype(np.int64)


def journeys(known: Facts, *, as_of: pd.Timestamp, definitions: Definitions) -> Journeys:
    """Collect the journeys from what was visible at `as_of`."""
    ends = _ends(known, as_of, definitions)
    steps = _steps(known, ends, with_source="source" not in definitions.known_only_after)
    channels, step = np.unique(steps["channel"].to_numpy(dtype=object).astype(str), return_inverse=True)
    return Journeys(
        tuple(map(str, channels)),
        steps["who"].to_numpy(dtype=np.int64),
        step.astype(np.int64),
        ends["won"].to_numpy(dtype=np.float64),
        ends["amount"].where(ends["won"]).to_numpy(dtype=np.float64),
    )


def _ends(known: Facts, as_of: pd.Timestamp, definitions: Definitions) -> pd.DataFrame:
    """Return who, source, end, won, amount of each prospect that is decided or old enough to count as not won."""
    prospects = current(known.prospects, TABLES["prospects"].key)
    outcomes = current(known.outcomes, TABLES["outcomes"].key)
    first = outcomes.assign(lost=outcomes["result"].ne("won")).sort_values(["lost", "occurred_at"])
    first = first.drop_duplicates("prospect_id")[["prospect_id", "occurred_at", "result", "amount"]]
    both = prospects[["prospect_id", "created_at", "source"]].merge(first, how="left", on="prospect_id")
    old = both["created_at"] + pd.Timedelta(days=definitions.horizon_days) <= as_of
    kept = both[both["result"].notna() | old].sort_values("prospect_id", ignore_index=True)
    return kept.assign(end=kept["occurred_at"].fillna(as_of), won=kept["result"].eq("won"), who=np.arange(len(kept)))


def _steps(known: Facts, ends: pd.DataFrame, *, with_source: bool) -> pd.DataFrame:
    """Return who and channel of every step, journey by journey in order."""
    touches = current(known.touches, TABLES["touches"].key)
    touches = touches[~touches["kind"].isin(INTERNAL)].drop(columns="recorded_at")
    touches = touches.merge(ends[["prospect_id", "who", "end"]], on="prospect_id")
    touches = touches[touches["occurred_at"] < touches["end"]].sort_values(["who", "occurred_at", "touch_id"])
    names = touches["direction"] + " " + touches["channel"].fillna(touches["kind"])
    sources = ends[ends["source"].notna()] if with_source else ends.iloc[:0]
    steps = pd.concat(
        [
            pd.DataFrame({"who": sources["who"], "channel": "source " + sources["source"]}),
            pd.DataFrame({"who": touches["who"], "channel": names}),
        ]
    )
    silent = ends.loc[~ends["who"].isin(steps["who"]), "who"]
    steps = pd.concat([steps, pd.DataFrame({"who": silent, "channel": NOTHING})])
    return steps.sort_values("who", kind="stable", ignore_index=True)
