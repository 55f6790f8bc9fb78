"""A simulated company of which it is known when its deals are signed: facts, weekly snapshots, and true hazards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.facts.ledger import Facts
from features.matrix import Matrix
from tests.models.journeys import START, keys_of

WEEK = pd.Timedelta(days=7)


@dataclass(frozen=True)
class Spans:
    """Snapshots of open prospects, what came after, and each snapshot's true weekly chances to be won and lost."""

    matrix: Matrix
    facts: Facts
    end: pd.Timestamp
    win: np.ndarray
    lose: np.ndarray


def spans(
    *, prospects: int = 700, weeks: int = 60, win: float = -3.2, lose: float = 0.06, slow: bool = False, seed: int = 0
) -> Spans:
    """Let prospects arrive evenly; `fit` moves the weekly log-odds of a win, by which the week's end is won or lost.

    With `slow` nobody signs in the first eight weeks of age, and many at once in the ninth to eleventh.
    """
    rng = np.random.default_rng(seed)
    first, fit = rng.integers(0, weeks, prospects), rng.normal(size=prospects)
    rows, ends = [], []
    for who in range(prospects):
        for week in range(int(first[who]), weeks):
            age = week - int(first[who])
            chance = 1 / (1 + np.exp(-(win + 1.2 * fit[who])))
            if slow:
                chance = 0.0 if age < 8 else 0.35 if age < 11 else 0.02
            rows.append((who, week, age, fit[who], chance))
            how = "won" if rng.random() < chance else "lost" if rng.random() < lose else ""
            if how:
                at = START + week * WEEK + pd.Timedelta(hours=int(rng.integers(1, 167)))
                ends.append((f"p{who:05d}", at, how))
                break
    table = pd.DataFrame(rows, columns=["who", "week", "age", "fit", "chance"])
    values = pd.DataFrame({"prospect_age_days": table["age"] * 7.0 + 1, "fit": table["fit"], "constant": 1.0})
    known = pd.DataFrame(ends, columns=["prospect_id", "occurred_at", "result"])
    known["occurred_at"] = known["occurred_at"].astype("datetime64[us, UTC]")
    known = known.assign(recorded_at=known["occurred_at"], amount=np.nan)
    matrix = Matrix(keys_of(table["who"].to_numpy(), table["week"].to_numpy()), values.astype("float32"))
    return Spans(
        matrix,
        Facts.of({"outcomes": known}),
        START + weeks * WEEK,
        table["chance"].to_numpy(),
        np.full(len(table), lose),
    )


def only(world: Spans, results: pd.Series) -> Spans:
    """Keep some outcomes; the others were never recorded."""
    kept = world.facts.outcomes[results.to_numpy()].reset_index(drop=True)
    return Spans(world.matrix, Facts.of({"outcomes": kept}), world.end, world.win, world.lose)
