"""What a training knew of its model on later data, kept as JSON beside the bundle: the page `/model` is made of it.

It is computed once, from rows and margins that the training has at hand, is registered, promoted and rolled back with
the bundle, and never computed again: the page shows what was measured before the model served.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.matrix import Matrix
from models.evidence.checks.at_capacity import compare, on_list, recency_order
from models.evidence.figures import cumulative_gains, reliability
from models.evidence.over_time import before_test, in_test, interval
from models.heads.learned import Fitted
from models.measures.metrics import resamples
from models.measures.ranking import Floats
from models.measures.splits import Mask

FILE: Final = "evidence.json"
SCHEMA: Final = 1
LOWEST: Final = "recency"
ANY: Final = "any order"
STEPS: Final = (0.5, 1.0, 2.0)
"""Capacities that are looked at, as shares of the team's own."""
DRAWS: Final = 200
CURVE: Final = 25
"""Points of a curve that is kept."""

Evidence = dict[str, Any]


@dataclass(frozen=True)
class _Test:
    """The test part and the orders that are compared on it: by rung, what its rows are ranked by."""

    keys: pd.DataFrame
    label: Floats
    values: pd.DataFrame
    orders: Mapping[str, Floats]


def training_evidence(
    fitted: Fitted, matrix: Matrix, label: npt.ArrayLike, *, capacity: int, seed: int, refused: Fitted | None = None
) -> Evidence:  # fmt: skip
    """Answer what the kept model was worth on later data, in figures with intervals.

    Parameters
    ----------
    fitted : Fitted
        What is registered.
    matrix, label
        All snapshots of the training, shape (n_rows, n_features) and (n_rows,).
    capacity : int
        Calls that the team makes on a day.
    refused : Fitted, optional
        What the ladder had kept and a check keeps from serving: it is measured beside the one that serves.

    Returns
    -------
    dict
        Plain values (JSON): `schema`, `kept` and `refused` (rungs; refused may be None), `served` (of what serves, in
        words, where it is another fit than the one measured here; else empty), `capacity`, `unmeasured` (why there is
        nothing else; empty otherwise), `periods` (`models.evidence.over_time`), `at_capacity` (one per share of the
        capacity), `calibration` (bins; empty where no chance is given) and `gains` (curves by rung).
    """
    kept = fitted.kept.rung.name
    out: Evidence = {
        "schema": SCHEMA, "kept": kept, "refused": None if refused is None else refused.kept.rung.name,
        "served": "" if fitted.served is None else fitted.served.words,
        "capacity": capacity, "unmeasured": "", "periods": [], "at_capacity": [], "calibration": [], "gains": {},
    }  # fmt: skip
    if fitted.split is None:
        return out | {"unmeasured": fitted.note}
    test = _test(fitted, refused, matrix, np.asarray(label, dtype=np.float64))
    told = [] if fitted.told is None else before_test(fitted.told, tuple(test.orders), calls=capacity, seed=seed)
    out["periods"] = told + in_test(test.keys, test.label, orders=test.orders, calls=capacity, seed=seed)
    if not test.label.any():
        return out | {"unmeasured": f"none of the {len(test.label):,} snapshots of the test part was followed by a win"}
    calls = sorted({max(1, round(capacity * step)) for step in STEPS})
    return out | {
        "at_capacity": _at_capacity(test, kept, calls=calls, seed=seed),
        "calibration": _calibration(fitted, test),
        "gains": {name: _curve(test.label, order) for name, order in test.orders.items()},
    }


def to_json(evidence: Evidence) -> str:
    """Return the text that is kept."""
    return json.dumps(evidence, sort_keys=True, indent=1, allow_nan=False) + "\n"


def _test(fitted: Fitted, refused: Fitted | None, matrix: Matrix, label: Floats) -> _Test:
    rows: Mask = fitted.split.test if fitted.split is not None else np.zeros(len(label), dtype=np.bool_)
    keys, values = matrix.keys[rows].reset_index(drop=True), matrix.values[rows]
    orders = {one.kept.rung.name: one.kept.rung.margin(values) for one in (fitted, refused) if one is not None}
    if LOWEST not in orders:
        orders[LOWEST] = recency_order(values, keys)
    return _Test(keys, label[rows], values, orders)


def _at_capacity(test: _Test, kept: str, *, calls: list[int], seed: int) -> list[dict[str, Any]]:
    """Answer what a morning's list would have held, by each order, one answer per number of calls.

    `prospects`: of the winning prospects those that the list had, each by the share of the days before its win on
    which it was listed. `calls_to_winners`: calls of a mean morning that went to somebody who won within the horizon.
    `over_recency`: what the kept order has more than the one by recency, in winning prospects.
    """
    orders = {**test.orders, ANY: np.zeros(len(test.label))}
    cells = [(one, name) for one in calls for name in orders]
    on = np.stack([on_list(orders[name], test.keys, calls=one) for one, name in cells], axis=1)
    won, days = on * test.label[:, None], test.keys["as_of"].nunique()
    drawn = np.concatenate([weight @ won for weight in resamples(test.keys, seed=seed, draws=DRAWS)]) / days
    winners = test.label == 1.0
    held = pd.DataFrame(on[winners]).groupby(test.keys["prospect_id"].to_numpy()[winners]).mean().sum()
    lists = {
        cell: {"prospects": float(held[i]), "calls_to_winners": interval(float(won[:, i].sum() / days), drawn[:, i])}
        for i, cell in enumerate(cells)
    }
    return [_row(test, kept, one, lists={n: lists[one, n] for n in orders}, seed=seed) for one in calls]


def _row(test: _Test, kept: str, calls: int, *, lists: Mapping[str, Any], seed: int) -> dict[str, Any]:
    days = test.keys.groupby("as_of").size()
    new, old = test.orders[kept], test.orders[LOWEST]
    more = compare(test.label, new, old, keys=test.keys, calls=calls, seed=seed)
    return {
        "calls": calls, "called": float(days.clip(upper=calls).mean()), "days": len(days), "won": more.won,
        "calls_all": more.calls_all, "lists": dict(lists),
        "over_recency": {"value": more.value, "low": more.low, "high": more.high},
    }  # fmt: skip


def _calibration(fitted: Fitted, test: _Test) -> list[dict[str, float]]:
    chance = fitted.kept.chance(fitted.kept.rung.margin(test.values))
    if np.isnan(chance).any():
        return []
    bins = reliability(test.label, chance, prospects=test.keys["prospect_id"])
    return [{str(name): float(value) for name, value in row.items()} for row in bins.to_dict("records")]


def _curve(label: Floats, order: Floats) -> list[list[float]]:
    curve = cumulative_gains(label, order)
    at = np.linspace(0, 1, CURVE)
    return [[float(x), float(y)] for x, y in zip(at, np.interp(at, curve["called"], curve["found"]), strict=True)]
