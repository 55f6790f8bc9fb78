"""How good an order was, period by period: on days later than what it was fitted on, beside the order by recency.

The earlier periods are those on which the ladder compared its rungs, each foretold by a fit on what was known when it
began ("rolling origin", Tashman, 2000; `models.heads.rehearsal`). The last ones are the test part of the model that is
kept: nothing was fitted or chosen on them. Nothing is fitted here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from models.measures import probability, ranking
from models.measures.metrics import resamples
from models.measures.ranking import Floats, Ranking

DRAWS: Final = 200
PARTS: Final = 3
"""Consecutive pieces into which the test part is cut, where each has wins enough."""
LEAST_WINS: Final = 10
"""Winning prospects that a period needs to say anything of an order."""
FEW: Final = "{won} winning prospects, {least} needed"
FIGURES: Final = ("auc", "precision_at_capacity", "lift_at_capacity")

Orders = Mapping[str, Floats]
"""By rung: what the rows are ranked by, falling; NaN where the rung could not be fitted."""
Row = dict[str, Any]


def before_test(told: pd.DataFrame, names: tuple[str, ...], *, calls: int, seed: int) -> list[Row]:
    """Measure the periods before the test part.

    Parameters
    ----------
    told : DataFrame
        `Fitted.told`.
    names : tuple of str
        The rungs to measure; one that was not compared is left out.
    """
    shown = [name for name in names if name in told]
    rows = []
    for _, part in told.groupby("block", sort=True):
        orders = {name: part[name].to_numpy(np.float64) for name in shown}
        rows.append(period("before", part, part["label"].to_numpy(), orders=orders, calls=calls, seed=seed))
    return rows


def in_test(keys: pd.DataFrame, label: Floats, *, orders: Orders, calls: int, seed: int) -> list[Row]:
    """Measure the test part in up to `PARTS` pieces of equally many days, fewer where wins are few."""
    days = np.unique(keys["as_of"])
    for pieces in range(min(PARTS, len(days)), 0, -1):
        inside = [keys["as_of"].isin(piece).to_numpy() for piece in np.array_split(days, pieces)]
        won = [keys["prospect_id"][rows & (label == 1.0)].nunique() for rows in inside]
        if pieces == 1 or min(won) >= LEAST_WINS:
            break
    return [
        period(
            "test", keys[rows], label[rows], orders={name: order[rows] for name, order in orders.items()},
            calls=calls, seed=seed,
        )
        for rows in inside
    ]  # fmt: skip


def period(part: str, keys: pd.DataFrame, label: Floats, *, orders: Orders, calls: int, seed: int) -> Row:
    """Measure orders on the snapshots of one period, with 95 % intervals from paired draws of whole prospects.

    Parameters
    ----------
    part : {"before", "test"}
    keys : DataFrame, shape (n_rows, 2 or more)
        prospect_id and as_of, at least one row.
    label : array, shape (n_rows,)
        0.0 or 1.0.

    Returns
    -------
    dict
        part, first, last (as_of of its snapshots, ISO, both included), snapshots, prospects, won (winning prospects),
        base_rate, models (rung to figure), and `why`, empty where the orders were measured.
    """
    won = int(keys["prospect_id"][label == 1.0].nunique())
    few = won < LEAST_WINS
    known = {} if few else {name: order for name, order in orders.items() if not np.isnan(order).any()}
    measured = {name: _Order.of(order, keys, label, calls=calls) for name, order in known.items()}
    rate: list[Floats] = []
    drawn: dict[str, list[dict[str, Floats]]] = {name: [] for name in measured}
    for weight in resamples(keys, seed=seed, draws=DRAWS):
        rate.append(probability.mean(weight, label))
        for name, order in measured.items():
            drawn[name].append(order.figures(weight))
    return {
        "part": part,
        "first": keys["as_of"].min().isoformat(),
        "last": keys["as_of"].max().isoformat(),
        "snapshots": len(keys),
        "prospects": int(keys["prospect_id"].nunique()),
        "won": won,
        "base_rate": interval(float(label.mean()), np.concatenate(rate)),
        "models": {name: order.intervals(drawn[name]) for name, order in measured.items()},
        "why": FEW.format(won=won, least=LEAST_WINS) if few else "",
    }


def interval(value: float, drawn: Floats) -> Row:
    """Return value, low and high (95 %) as plain values; None where the figure does not exist."""
    kept = drawn[~np.isnan(drawn)]
    if np.isnan(value) or not len(kept):
        return {"value": None, "low": None, "high": None}
    low, high = np.quantile(kept, [0.025, 0.975])
    return {"value": value, "low": float(low), "high": float(high)}


@dataclass(frozen=True)
class _Order:
    """One order of a period's rows, sorted once: as a whole, and day by day."""

    overall: Ranking
    daily: Ranking
    calls: int

    @classmethod
    def of(cls, order: Floats, keys: pd.DataFrame, label: Floats, *, calls: int) -> _Order:
        won, day = label == 1.0, keys["as_of"].to_numpy(dtype="datetime64[us]").astype(np.int64)
        return cls(Ranking.of(order, won), Ranking.of(order, won, day=day), calls)

    def figures(self, weight: Floats) -> dict[str, Floats]:
        """Weigh each figure by each draw; arrays of shape (n_draws,)."""
        whole = {"auc": ranking.auc(*self.overall.sums(weight))}
        return whole | ranking.at_capacity(self.daily, weight, calls=self.calls)

    def intervals(self, drawn: list[dict[str, Floats]]) -> Row:
        value = self.figures(np.ones((1, len(self.overall.rows))))
        return {name: interval(float(value[name][0]), np.concatenate([d[name] for d in drawn])) for name in FIGURES}
