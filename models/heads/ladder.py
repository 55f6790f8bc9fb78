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
    """One rung that may be climbed: how it is fitted, read back, and the winning prospects it needs.

    `flexible` rungs learn weights of facts together and can learn a period by heart.
    """

    fit: Callable[[Training], Rung]
    read: Callable[[Mapping[str, str], Encoding], Rung]
    least_wins: int
    flexible: bool = False


STEPS: Final[Mapping[str, Step]] = {
    "recency": Step(fit_recency, Recency.from_files, 0),
    "frequency": Step(fit_frequency, Frequency.from_files, LEAST_WINS_FOR_CHANCE),
    "logistic": Step(fit_logistic, Logistic.from_files, 20, flexible=True),
    "boosted": Step(fit_boosted, Boosted.from_files, 50, flexible=True),
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
        Rungs are fitted on `train`; they are compared and calibrated by their margins for `calibrate` when
        fitted on `trial`.

    Notes
    -----
    A step is taken if the 95 % interval of the gain over the rung that is kept so far lies above 0. Where there
    is no later data to earn it on (`split.by_folds`), the flexible rungs are not taken at all: in a period of
    its own a model that has learned the period by heart looks best.
    """
    trial = _Trial.of(training, keys, split)
    rungs: dict[str, Calibrated] = {}
    chances = {BASE_RATE: trial.cross_fitted(np.zeros(len(trial.held.label)))}
    kept, rows = BASE_RATE, []
    for name, step in STEPS.items():
        row: dict[str, Any] = {"rung": name, "wins": trial.wins, "taken": False, "why": trial.why_not(step)}
        rows.append(row)
        if trial.too_few(step):
            continue
        rung = step.fit(trial.train)
        rungs[name] = Calibrated(rung, None)
        if row["why"]:
            continue
        if trial.wins < LEAST_WINS_FOR_CHANCE:
            row |= ORDER_ONLY
        else:
            margin = trial.margins(step, rung)
            rungs[name] = Calibrated(rung, fit_calibration(margin, trial.held.label, wins=trial.wins))
            chances[name] = trial.cross_fitted(margin)
            row |= trial.compare(name, kept, chances)
        kept = name if row["taken"] else kept
    return Climbed(kept, rungs, pd.DataFrame(rows).reindex(columns=COLUMNS))


@dataclass(frozen=True)
class _Trial:
    """The rows on which rungs are fitted, and those on which they are compared and calibrated."""

    train: Training
    trial: Training
    held: Training
    keys: pd.DataFrame
    split: ForwardSplit
    wins: int

    @classmethod
    def of(cls, training: Training, keys: pd.DataFrame, split: ForwardSplit) -> _Trial:
        trial, held = training.take(split.trial), training.take(split.calibrate)
        return cls(training.take(split.train), trial, held, keys[split.calibrate], split, min(trial.wins, held.wins))

    def too_few(self, step: Step) -> bool:
        one_class = self.wins == 0 or bool(self.trial.label.all())
        return step.least_wins > 0 and (self.wins < step.least_wins or one_class)

    def why_not(self, step: Step) -> str:
        if self.too_few(step):
            return f"{self.wins} winning prospects, needs {step.least_wins}"
        if step.flexible and self.split.by_folds:
            return "history too short to earn the step on later data"
        return ""

    def margins(self, step: Step, rung: Rung) -> Floats:
        """Return margins for the held rows by a fit that has not seen them, shape (n_held,)."""
        if not self.split.shares_calibration:
            return rung.margin(self.held.values)
        if not self.split.by_folds:
            return step.fit(self.trial).margin(self.held.values)
        fold = self.held.folds(FOLDS)
        margin = np.empty(len(fold))
        for out in np.unique(fold):
            rest = step.fit(self.held.take(fold != out))
            margin[fold == out] = rest.margin(self.held.values.loc[fold == out])
        return margin

    def cross_fitted(self, margin: Floats) -> Floats:
        """Calibrate each fold of prospects on the other folds, always by a sigmoid, shape (n_held,)."""
        fold, label = self.held.folds(FOLDS), self.held.label
        chance = np.empty(len(margin))
        for out in np.unique(fold):
            rest = fold != out if (fold != out).any() else fold == out
            chance[fold == out] = fit_calibration(margin[rest], label[rest], wins=0).apply(margin[fold == out])
        return chance

    def compare(self, name: str, kept: str, chances: Mapping[str, Floats]) -> dict[str, Any]:
        won = gain(self.held.label, chances[name], chances[kept], keys=self.keys, metric=METRIC, seed=self.held.seed)
        better = won.low > 0
        where = "prospects left out" if self.split.by_folds else "later data"
        why = f"{'better' if better else 'not better'} than {kept} on {where}"
        if name == "recency" and not better:
            why = f"{why}; it stays as the order of last resort"
        return {
            "metric": METRIC, "against": kept, "gain": won.value, "low": won.low, "high": won.high,
            "taken": better or name == "recency", "why": why,
        }  # fmt: skip
