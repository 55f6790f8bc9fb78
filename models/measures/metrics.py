"""The figures that are shown, each with an interval: `report` for one model, `gain` for one against another.

Intervals are 95 % percentiles of a cluster bootstrap: whole prospects are drawn, with all their snapshots,
because the same prospect looked at on ten Mondays is not ten observations (Efron & Tibshirani, 1993, ch.
13; Cameron, Gelbach & Miller, 2008, for clusters). A figure that does not exist (AUC without a win) is NaN
with its reason, not an error: zero wins are a state of a company, not of a program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from models.measures import probability, ranking
from models.measures.ranking import Floats, Ranking
from models.measures.splits import Mask

SHARES: Final = (0.10, 0.20)
OF_CHANCE: Final = ("brier", "log_loss", "calibration_error")
"""Figures that need a chance; the others need only an order."""
_CELLS: Final = 4_000_000
"""Weights held in memory at a time."""


@dataclass(frozen=True)
class Gain:
    """How much better one model is than another on the same rows; positive is better, whatever the metric."""

    metric: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Measured:
    """One model's scores on one set of rows, sorted once, ready to be weighed.

    Attributes
    ----------
    label, chance, order : float array, shape (n_rows,)
        0/1; chance of a win (NaN: none is given); what the rows are ranked by.
    day : int array, shape (n_rows,)
        as_of as microseconds.
    capacity : int
        Calls that the team can make on one day.
    fresh : bool array, shape (n_rows,)
        Rows of prospects looked at for the first time.
    """

    label: Floats
    chance: Floats
    order: Floats
    day: ranking.Ints
    capacity: int
    fresh: Mask

    def figures(self, weights: Iterator[Floats]) -> dict[str, Floats]:
        """Weigh each metric by each draw; arrays of shape (n_draws,)."""
        won = self.label == 1.0
        overall, daily = Ranking.of(self.order, won), Ranking.of(self.order, won, day=self.day)
        newcomers = Ranking.of(self.order[self.fresh], won[self.fresh])
        found = [
            self._ranks(overall, newcomers, w) | ranking.at_capacity(daily, w, calls=self.capacity) | self._chances(w)
            for w in weights
        ]
        return {name: np.concatenate([f[name] for f in found]) for name in found[0]}

    def _ranks(self, overall: Ranking, newcomers: Ranking, weight: Floats) -> dict[str, Floats]:
        sums = overall.sums(weight)
        out = {"auc": ranking.auc(*sums), "auc_fresh": ranking.auc(*newcomers.sums(weight[:, self.fresh]))}
        out["average_precision"] = ranking.average_precision(*sums)
        for share in SHARES:
            part = ranking.captured(*sums, share=share)
            out[f"lift_at_{share:.0%}".rstrip("%")] = part / share
            out[f"captured_at_{share:.0%}".rstrip("%")] = part
        return out

    def _chances(self, weight: Floats) -> dict[str, Floats]:
        out = {"base_rate": probability.mean(weight, self.label)}
        if np.isnan(self.chance).any():
            return out | {name: np.full(len(weight), np.nan) for name in OF_CHANCE}
        bins = probability.equal_mass_bins(self.chance)
        out["brier"] = probability.mean(weight, probability.brier(self.label, self.chance))
        out["log_loss"] = probability.mean(weight, probability.log_loss(self.label, self.chance))
        out["calibration_error"] = probability.calibration_error(weight, self.label, chance=self.chance, bin_of=bins)
        return out


def resamples(keys: pd.DataFrame, *, seed: int, draws: int) -> Iterator[Floats]:
    """Yield chunks of bootstrap weights, shape (n_draws, n_rows): how often each row's prospect was drawn."""
    who, ids = pd.factorize(keys["prospect_id"])
    rng = np.random.default_rng(seed)
    chance = np.full(len(ids), 1 / len(ids))
    chunk = max(1, _CELLS // len(keys))
    for start in range(0, draws, chunk):
        counts = rng.multinomial(len(ids), chance, size=min(chunk, draws - start))
        yield counts.astype(np.float64)[:, who]  # converted by prospect, which are fewer than rows


def report(
    label: Floats,
    chance: Floats,
    *,
    keys: pd.DataFrame,
    capacity: int,
    seed: int,
    draws: int = 200,
    order: Floats | None = None,
    fresh: Mask | None = None,
) -> pd.DataFrame:
    """Answer how good one model is on these rows.

    Parameters
    ----------
    label : array, shape (n_rows,)
        0.0 or 1.0; unlabelled rows must be left out before.
    chance : array, shape (n_rows,)
        Chance of a win; all NaN where the model gives none (then only the ranking is measured).
    keys : DataFrame, shape (n_rows, 2)
        prospect_id (the clusters) and as_of (each one's cohort is ranked by itself for the capacity figures).
    capacity : int
        Calls that the team makes on one day.
    order : array, shape (n_rows,), optional
        What rows are ranked by (a margin), where it is finer than the chance.
    fresh : bool array, shape (n_rows,), optional
        Rows of prospects looked at for the first time, for `auc_fresh`: an order that only knows who has gone
        stale can look good on a cohort and be worth nothing among newcomers.

    Returns
    -------
    DataFrame
        metric, value, low, high (95 %), reason (why a value is missing, else empty).
    """
    _check_rows(label, chance, keys)
    day = keys["as_of"].to_numpy(dtype="datetime64[us]").astype(np.int64)
    fresh = np.zeros(len(label), dtype=np.bool_) if fresh is None else fresh
    measured = Measured(label, chance, chance if order is None else order, day, capacity, fresh)
    value = measured.figures(iter([np.ones((1, len(label)))]))
    drawn = measured.figures(resamples(keys, seed=seed, draws=draws))
    rows = [(name, v[0], *_interval(drawn[name]), _reason(name, v[0], measured)) for name, v in value.items()]
    return pd.DataFrame(rows, columns=["metric", "value", "low", "high", "reason"])


def gain(
    label: Floats,
    a: Floats,
    b: Floats,
    *,
    keys: pd.DataFrame,
    metric: str = "log_loss",
    seed: int,
    draws: int = 200,
) -> Gain:
    """Answer how much better the chances `a` are than `b`, on paired draws of the same prospects.

    Parameters
    ----------
    label, a, b : array, shape (n_rows,)
        0.0 or 1.0, and the two models' chances.
    keys : DataFrame, shape (n_rows, 2)
        prospect_id (the clusters) and as_of.
    metric : {"log_loss", "brier", "auc", "average_precision"}
    """
    for chance in (a, b):
        _check_rows(label, chance, keys)
    better = _GAINS[metric](label, a, b)
    low, high = _interval(np.concatenate([better(w) for w in resamples(keys, seed=seed, draws=draws)]))
    return Gain(metric, float(better(np.ones((1, len(label))))[0]), low, high)


Difference = Callable[[Floats], Floats]


def _by_row(loss: Callable[[Floats, Floats], Floats]) -> Callable[[Floats, Floats, Floats], Difference]:
    def of(label: Floats, a: Floats, b: Floats) -> Difference:
        saved = loss(label, b) - loss(label, a)
        return lambda weight: probability.mean(weight, saved)

    return of


def _by_order(figure: Callable[[Floats, Floats], Floats]) -> Callable[[Floats, Floats, Floats], Difference]:
    def of(label: Floats, a: Floats, b: Floats) -> Difference:
        first, second = Ranking.of(a, label == 1.0), Ranking.of(b, label == 1.0)
        return lambda weight: figure(*first.sums(weight)) - figure(*second.sums(weight))

    return of


_GAINS: Final[Mapping[str, Callable[[Floats, Floats, Floats], Difference]]] = {
    "log_loss": _by_row(probability.log_loss),
    "brier": _by_row(probability.brier),
    "auc": _by_order(ranking.auc),
    "average_precision": _by_order(ranking.average_precision),
}


def _check_rows(label: Floats, chance: Floats, keys: pd.DataFrame) -> None:
    lengths = {len(label), len(chance), len(keys)}
    if len(lengths) != 1 or not len(label):
        raise ValueError(f"label, chance and keys must be the same rows, at least one; got lengths {sorted(lengths)}.")
    if not np.isin(label, (0.0, 1.0)).all():
        raise ValueError("label must be 0.0 or 1.0; leave the unlabelled rows (NaN) out before measuring.")


def _interval(draws: Floats) -> tuple[float, float]:
    """Return the 2.5 and 97.5 % points of the draws in which the figure exists, NaN where it never does."""
    kept = draws[~np.isnan(draws)]
    if not len(kept):
        return float("nan"), float("nan")
    low, high = np.quantile(kept, [0.025, 0.975])
    return float(low), float(high)


def _reason(name: str, value: float, measured: Measured) -> str:
    if not np.isnan(value):
        return ""
    if name in OF_CHANCE and np.isnan(measured.chance).any():
        return "no chance is given"
    label = measured.label[measured.fresh] if name == "auc_fresh" else measured.label
    wins, rows = int(label.sum()), len(label)
    return f"{wins} wins among {rows} snapshots" if wins < rows or not rows else f"all {rows} snapshots won"
