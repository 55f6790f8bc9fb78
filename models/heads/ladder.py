"""The ladder: recency, naive Bayes, logistic, boosted trees; a step up must be earned on later data.

Rungs are compared by **log loss** of their calibrated chances. It is a proper score: it looks at every row
and rewards order and honesty together, where average precision hangs on the few rows at the top and needs
many more wins to tell two models apart. The chances compared are cross-fitted: each fifth of the held-out
prospects is calibrated on the others, so that no rung is calibrated on the rows on which it is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from models.heads.boosted import Boosted, fit_boosted
from models.heads.encoding import Encoding
from models.heads.frequency import Frequency, fit_frequency
from models.heads.logistic import Logistic, fit_logistic
from models.heads.recency import Recency, fit_recency
from models.heads.rung import Rung
from models.heads.training import Training
from models.measures.calibration import Calibration, fit_calibration
from models.measures.metrics import gain
from models.measures.ranking import Floats
from models.measures.splits import ForwardSplit

METRIC: Final = "log_loss"
BASE_RATE: Final = "base rate"
COLUMNS: Final = ("rung", "wins", "metric", "against", "gain", "low", "high", "taken", "why")
FOLDS: Final = 5
LEAST_WINS_FOR_CHANCE: Final = 10
"""Winning prospects below which no chance is said at all: with 5 of 100, "5 %" may be 2 % or 11 %."""


ORDER_ONLY: Final = {"taken": True, "why": "an order without chances: too few wins to say any"}


@dataclass(frozen=True)
class Step:
    """One rung that may be climbed: how it is fitted, read back, and the winning prospects it needs."""

    fit: Callable[[Training], Rung]
    read: Callable[[Mapping[str, str], Encoding], Rung]
    least_wins: int


STEPS: Final[Mapping[str, Step]] = {
    "recency": Step(fit_recency, Recency.from_files, 0),
    "frequency": Step(fit_frequency, Frequency.from_files, LEAST_WINS_FOR_CHANCE),
    "logistic": Step(fit_logistic, Logistic.from_files, 20),
    "boosted": Step(fit_boosted, Boosted.from_files, 50),
}


@dataclass(frozen=True)
class Calibrated:
    """A fitted rung with the calibration that belongs to it; None where wins are too few for a chance."""

    rung: Rung
    calibration: Calibration | None

    def chance(self, margin: Floats) -> Floats:
        """Return chances for margins of this rung; all NaN without a calibration."""
        return np.full(len(margin), np.nan) if self.calibration is None else self.calibration.apply(margin)


@dataclass(frozen=True)
class Climbed:
    """Where the ladder led.

    Attributes
    ----------
    name : str
        The rung that is kept.
    rungs : mapping
        Every rung that was fitted, kept or not.
    table : DataFrame
        rung, wins, metric, against, gain, low, high, taken, why: one row per rung.
    """

    name: str
    rungs: Mapping[str, Calibrated]
    table: pd.DataFrame

    @property
    def kept(self) -> Calibrated:
        """The rung that is kept."""
        return self.rungs[self.name]


def climb(training: Training, keys: pd.DataFrame, split: ForwardSplit) -> Climbed:
    """Fit the rungs from the bottom up and keep the highest that earned its step.

    Parameters
    ----------
    training : Training
        All rows of `split`, with their labels.
    keys : DataFrame, shape (n_rows, 2)
        prospect_id and as_of of the same rows; prospects are the clusters of the bootstrap.
    split : ForwardSplit
        Rungs are fitted on `train` and compared on `calibrate`; where both are the same rows, on predictions
        for prospects left out.

    Notes
    -----
    A step is taken if the 95 % interval of the gain over the rung that is kept so far lies above 0.
    """
    train, held = training.take(split.train), training.take(split.calibrate)
    wins = min(train.wins, held.wins)
    rungs: dict[str, Calibrated] = {}
    chances = {BASE_RATE: _cross_fitted(np.zeros(len(held.label)), held)}
    kept, rows = BASE_RATE, []
    for name, step in STEPS.items():
        row: dict[str, Any] = {"rung": name, "wins": wins, "taken": False}
        if _too_few(step, train, wins):
            rows.append(row | {"why": f"{wins} winning prospects, needs {step.least_wins}"})
            continue
        rung, margin = _fit(step, train, held, shared=split.shares_calibration)
        enough = wins >= LEAST_WINS_FOR_CHANCE
        rungs[name] = Calibrated(rung, fit_calibration(margin, held.label, wins=wins) if enough else None)
        chances[name] = _cross_fitted(margin, held)
        row |= _compare(name, kept, chances, held=held, keys=keys[split.calibrate]) if enough else ORDER_ONLY
        kept = name if row["taken"] else kept
        rows.append(row)
    return Climbed(kept, rungs, pd.DataFrame(rows).reindex(columns=COLUMNS))


def _too_few(step: Step, train: Training, wins: int) -> bool:
    one_class = train.wins == 0 or bool(train.label.all())
    return step.least_wins > 0 and (wins < step.least_wins or one_class)


def _fit(step: Step, train: Training, held: Training, *, shared: bool) -> tuple[Rung, Floats]:
    """Fit one rung, and give its margins for the held rows, none of which it was fitted on."""
    rung = step.fit(train)
    if not shared:
        return rung, rung.margin(held.values)
    fold = train.folds(FOLDS)
    margin = np.empty(len(train.label))
    for out in np.unique(fold):
        margin[fold == out] = step.fit(train.take(fold != out)).margin(train.values.loc[fold == out])
    return rung, margin


def _cross_fitted(margin: Floats, held: Training) -> Floats:
    """Calibrate each fold of prospects on the other folds, always by a sigmoid, shape (n_rows,)."""
    fold = held.folds(FOLDS)
    chance = np.empty(len(margin))
    for out in np.unique(fold):
        rest = fold != out if (fold != out).any() else fold == out
        chance[fold == out] = fit_calibration(margin[rest], held.label[rest], wins=0).apply(margin[fold == out])
    return chance


def _compare(
    name: str, kept: str, chances: Mapping[str, Floats], *, held: Training, keys: pd.DataFrame
) -> dict[str, Any]:
    won = gain(held.label, chances[name], chances[kept], keys=keys, metric=METRIC, seed=held.seed)
    better = won.low > 0
    why = f"{'better' if better else 'not better'} than {kept} on later data"
    if name == "recency" and not better:
        why = f"{why}; it stays as the order of last resort"
    return {
        "metric": METRIC, "against": kept, "gain": won.value, "low": won.low, "high": won.high,
        "taken": better or name == "recency", "why": why,
    }  # fmt: skip
