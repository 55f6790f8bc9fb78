"""Regularised logistic regression, kept as coefficients in JSON and predicted by this file alone.

Numbers enter as standardised signed logs (`sign(x) log(1 + |x|)`: counts, days and money are skewed),
clipped at `FARTHEST` deviations, with an indicator where they were missing; categories one column per
level. The strength of the penalty is chosen by log loss on prospects left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.heads.encoding import FIRST, Encoding, Given
from models.heads.rung import summed
from models.heads.training import Training
from models.measures import probability
from models.measures.ranking import Floats

PENALTIES: Final = (1e-4, 1e-3, 1e-2, 1e-1)
"""Inverse strengths (scikit-learn's C), the strongest penalty first: it wins a draw."""
ROWS_TO_CHOOSE: Final = 10_000
FOLDS: Final = 3
FARTHEST: Final = 5.0
SMALLEST_SCALE: Final = 1e-6
"""A number that varies less than this is a constant and gets no effect."""


@dataclass(frozen=True)
class Effect:
    """What one feature does, in log-odds.

    For a number: `slope` per standard deviation `scale` of its signed log around `mean`, and `missing` for
    a missing value. For a category: `levels`, one per code. `offset` centres the effect on its mean over
    the training rows.
    """

    mean: float = 0.0
    scale: float = 1.0
    slope: float = 0.0
    missing: float = 0.0
    levels: tuple[float, ...] = ()
    offset: float = 0.0

    def of(self, column: npt.NDArray[np.float32]) -> Floats:
        """Return the effect on each row, shape (n_rows,), 0 on average over the training rows."""
        if self.levels:
            return np.asarray(self.levels)[column.astype(np.int64)] - self.offset
        z, gone = _standard(column, self.mean, self.scale)
        return self.slope * z + self.missing * gone - self.offset


@dataclass(frozen=True)
class Logistic:
    """Log-odds of the average training row (`base`), and each feature's effect."""

    encoding: Encoding
    base: float
    effects: tuple[Effect, ...]
    name: str = "logistic"

    def margin(self, values: Given) -> Floats:
        """Return the log-odds, shape (n_rows,)."""
        return summed(self.contributions(values))

    def contributions(self, values: Given) -> Floats:
        """Return coefficient times (value - mean) by feature; the base value is that of the average row."""
        x = self.encoding.apply(values)
        out = np.full((len(x), len(self.effects) + 1), self.base)
        for j, effect in enumerate(self.effects):
            out[:, j] = effect.of(x[:, j])
        return out

    def to_files(self) -> Mapping[str, str]:
        """Return logistic.json."""
        return {"logistic.json": json.dumps({"base": self.base, "effects": [asdict(e) for e in self.effects]})}

    @classmethod
    def from_files(cls, files: Mapping[str, str], encoding: Encoding) -> Logistic:
        """Read what `to_files` wrote."""
        raw = json.loads(files["logistic.json"])
        effects = (Effect(**e | {"levels": tuple(e["levels"])}) for e in raw["effects"])
        return cls(encoding, raw["base"], tuple(effects))


def fit_logistic(training: Training) -> Logistic:
    """Choose the penalty on prospects left out, fit on all rows; wins and others must both occur."""
    blocks = [_block(training, j) for j in range(training.x.shape[1])]
    design = np.hstack([block.columns for block in blocks])
    # most numbers are never missing: the cost of a fit grows with the square of the columns, and these weigh nothing
    used = design.any(axis=0)
    model = _regression(_choose(training, design[:, used])).fit(design[:, used], training.label)
    weights = np.zeros(design.shape[1])
    weights[used] = model.coef_[0]
    center, effects, start = design.mean(axis=0), [], 0
    for block in blocks:
        part = slice(start, start := start + block.columns.shape[1])
        effects.append(block.effect(weights[part], center[part]))
    base = float(model.intercept_[0] + sum(e.offset for e in effects))
    return Logistic(training.encoding, base, tuple(effects))


@dataclass(frozen=True)
class _Block:
    """The design columns of one feature, and how its numbers were standardised."""

    columns: Floats
    category: bool
    mean: float = 0.0
    scale: float = 1.0

    def effect(self, coefficient: Floats, center: Floats) -> Effect:
        offset = float(coefficient @ center)
        if self.category:
            return Effect(levels=tuple(map(float, coefficient)), offset=offset)
        slope, missing = map(float, coefficient)
        return Effect(self.mean, self.scale, slope, missing, offset=offset)


def _block(training: Training, j: int) -> _Block:
    column, name = training.x[:, j], training.encoding.features[j]
    if name in training.encoding.levels:
        codes = np.arange(FIRST + len(training.encoding.levels[name]))
        return _Block((column[:, None] == codes).astype(np.float64), category=True)
    seen = _signed_log(column[~np.isnan(column)])
    mean, scale = (float(seen.mean()), float(seen.std())) if len(seen) else (0.0, 0.0)
    scale = scale if scale > SMALLEST_SCALE else 1.0
    return _Block(np.column_stack(_standard(column, mean, scale)), category=False, mean=mean, scale=scale)


def _signed_log(column: npt.NDArray[np.float32]) -> Floats:
    wide = column.astype(np.float64)
    return np.sign(wide) * np.log1p(np.abs(wide))


def _standard(column: npt.NDArray[np.float32], mean: float, scale: float) -> tuple[Floats, Floats]:
    gone = np.isnan(column)
    z = np.clip((_signed_log(column) - mean) / scale, -FARTHEST, FARTHEST)
    return np.where(gone, 0.0, z), gone.astype(np.float64)


def _regression(strength: float) -> Any:
    # a few hundred columns: Newton needs some ten passes where lbfgs needs hundreds
    from sklearn.linear_model import LogisticRegression  # only a fit needs it: a server starts without

    return LogisticRegression(C=strength, solver="newton-cholesky", max_iter=200)


def _choose(training: Training, design: Floats) -> float:
    """Return the inverse penalty with the least log loss over prospect-disjoint folds."""
    fold = training.folds(max(FOLDS, -(-len(design) // ROWS_TO_CHOOSE) * FOLDS))
    loss = {strength: 0.0 for strength in PENALTIES}
    for out in range(FOLDS):
        # of a large table only FOLDS folds of about ROWS_TO_CHOOSE / FOLDS rows are looked at
        fit, held = (fold < FOLDS) & (fold != out), fold == out
        if not 0 < training.label[fit].sum() < fit.sum():
            continue
        model, rows, label = _regression(PENALTIES[0]).set_params(warm_start=True), design[fit], training.label[fit]
        for strength in PENALTIES:  # from the strongest penalty on, each from where the one before ended
            chance = model.set_params(C=strength).fit(rows, label).predict_proba(design[held])[:, 1]
            loss[strength] += float(probability.log_loss(training.label[held], chance).sum())
    return min(PENALTIES, key=lambda strength: loss[strength])
