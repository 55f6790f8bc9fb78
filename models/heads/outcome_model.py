"""What is expected of each arm, given what was known: the part of a doubly robust score that saves noise.

It need not be right (the chances are known); a better one only makes intervals narrower. Each row is foretold by a
model that has not seen its person (cross-fitting: Chernozhukov et al., "Double/debiased machine learning", 2018).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.heads.boosted import fit_boosted
from models.heads.encoding import Encoding
from models.heads.logistic import fit_logistic
from models.heads.ridge import fit_ridge
from models.heads.training import Training
from models.heads.trial import Trial
from models.measures.probability import log_loss
from models.measures.ranking import Floats

FOLDS: Final = 3
LEAST_ROWS: Final = 60
"""Rows of an arm below which only its mean is expected."""
LEAST_OF_EACH: Final = 10
"""Yes and no answers that an arm needs for a logistic model."""
ROWS_FOR_TREES: Final = 20_000
"""Rows of an arm from which on trees are tried too; at a third of it they narrowed no interval and took most time."""


class Expects(Protocol):
    """A model of the outcome of one arm."""

    def margin(self, values: pd.DataFrame) -> Floats:
        """Return log-odds (0/1 outcomes) or the expected outcome, shape (n_rows,)."""
        ...


@dataclass(frozen=True)
class ArmModel:
    """The mean of an arm and, where it was learned, a model around it."""

    mean: float
    model: Expects | None = None
    odds: bool = False

    def expect(self, values: pd.DataFrame) -> Floats:
        """Return the expected outcome, shape (n_rows,)."""
        if self.model is None:
            return np.full(len(values), self.mean)
        margin = self.model.margin(values)
        return 1 / (1 + np.exp(-margin)) if self.odds else margin


def expected(fitted_on: Trial, values: pd.DataFrame, *, seed: int, threads: int) -> Floats:
    """Fit one model per arm and return what it expects of other rows, shape (n_rows, n_arms)."""
    everyone = float(fitted_on.logged.outcome.mean()) if len(fitted_on) else 0.0
    encoding = Encoding.fit(fitted_on.values)
    columns = []
    for arm in range(len(fitted_on.arms)):
        rows = fitted_on.logged.arm == arm
        model = _fit(fitted_on.take(rows), encoding, seed=seed, threads=threads) if rows.any() else ArmModel(everyone)
        columns.append(model.expect(values))
    return np.column_stack(columns)


def cross_fitted(trial: Trial, *, seed: int, threads: int, folds: int = FOLDS) -> Floats:
    """Return the expected outcome of each arm in each row, by models fitted on other people, (n_rows, n_arms)."""
    fold = trial.folds(folds, seed=seed)
    out = np.zeros((len(trial), len(trial.arms)))
    for k in range(folds):
        held = fold == k
        if held.any():
            out[held] = expected(trial.take(~held), trial.values[held], seed=seed, threads=threads)
    return out


def _fit(part: Trial, encoding: Encoding, *, seed: int, threads: int) -> ArmModel:
    y = part.logged.outcome
    mean = float(y.mean())
    if len(y) < LEAST_ROWS or (part.binary and min(y.sum(), len(y) - y.sum()) < LEAST_OF_EACH):
        return ArmModel(mean)
    if not part.binary:
        return ArmModel(mean, fit_ridge(encoding.apply(part.values), y, encoding=encoding))
    return ArmModel(mean, _classifier(_training(part, encoding, seed=seed, threads=threads)), odds=True)


def _classifier(training: Training) -> Expects:
    """Take trees instead of the logistic model where rows are many and a quarter of the people says so."""
    if len(training.label) < ROWS_FOR_TREES:
        return fit_logistic(training)
    held: npt.NDArray[np.bool_] = training.folds(4) == 0
    fit, trial = training.take(~held), training.take(held)
    losses = [log_loss(trial.label, _chance(f(fit), trial)).sum() for f in (fit_logistic, fit_boosted)]
    return fit_boosted(training) if losses[1] < losses[0] else fit_logistic(training)


def _chance(model: Expects, on: Training) -> Floats:
    return 1 / (1 + np.exp(-model.margin(on.values)))


def _training(part: Trial, encoding: Encoding, *, seed: int, threads: int) -> Training:
    """Make a training without times: everybody at one moment, so that trees are stopped on people left out."""
    moment = np.zeros(len(part), dtype=np.int64)
    return Training(part.values, part.logged.outcome, moment, part.who, encoding, 1, seed=seed, threads=threads)
