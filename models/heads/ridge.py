"""A straight-line model of a number, on the same columns as the logistic rung and kept in the same form."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import RidgeCV

from models.heads.encoding import FIRST, Encoded, Encoding
from models.heads.logistic import SMALLEST_SCALE, Effect, Logistic
from models.measures.ranking import Floats

PENALTIES: Final = np.logspace(0, 7, 8)
"""Strengths that are tried; the strongest leave the mean alone. Chosen by the error on each row left out."""


def fit_ridge(x: Encoded, target: Floats, *, encoding: Encoding) -> Logistic:
    """Fit a ridge regression; the penalty with the least leave-one-out error is taken.

    Parameters
    ----------
    x : float32 array, shape (n_rows, n_features)
        As `encoding.apply` gives it.
    target : array, shape (n_rows,)
        Any number.

    Returns
    -------
    Logistic
        Its `margin` is the expected number itself (no link): base plus each feature's effect.
    """
    units = [_units(x[:, j], encoding.levels.get(name)) for j, name in enumerate(encoding.features)]
    columns, owner = design(x, units)
    model = RidgeCV(PENALTIES).fit(columns, target)
    center = columns.mean(axis=0)
    effects = [_scaled(unit, model.coef_[owner == j], center[owner == j]) for j, unit in enumerate(units)]
    base = float(model.intercept_ + sum(e.offset for e in effects))
    return Logistic(encoding, base, tuple(effects), name="linear")


def columns_of(x: Encoded, *, at: Encoded, encoding: Encoding) -> tuple[Floats, Floats]:
    """Return the columns of a linear model for `x` and for other rows, both in the units of `x`."""
    units = [_units(x[:, j], encoding.levels.get(name)) for j, name in enumerate(encoding.features)]
    return design(x, units)[0], design(at, units)[0]


def design(x: Encoded, units: list[Effect]) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return the columns of a linear model and the feature that each belongs to."""
    blocks = []
    for j, unit in enumerate(units):
        column = x[:, j]
        if unit.levels:
            blocks.append((column[:, None] == np.arange(len(unit.levels))).astype(np.float64))
        else:
            gone = Effect(missing=1.0, slope=0.0)
            blocks.append(np.column_stack([unit.of(column), gone.of(column)]))
    owner = np.repeat(np.arange(len(units)), [b.shape[1] for b in blocks])
    return (np.hstack(blocks) if blocks else np.zeros((len(x), 0))), owner


def _units(column: npt.NDArray[np.float32], levels: tuple[str, ...] | None) -> Effect:
    """Return an effect of one per standard deviation; `levels` as zeros, one per code of a category."""
    if levels is not None:
        return Effect(levels=(0.0,) * (FIRST + len(levels)))
    wide = column[~np.isnan(column)].astype(np.float64)
    seen = np.sign(wide) * np.log1p(np.abs(wide))
    mean, scale = (float(seen.mean()), float(seen.std())) if len(seen) else (0.0, 0.0)
    return Effect(mean, scale if scale > SMALLEST_SCALE else 1.0, slope=1.0)


def _scaled(unit: Effect, coefficient: Floats, center: Floats) -> Effect:
    offset = float(coefficient @ center)
    if unit.levels:
        return Effect(levels=tuple(map(float, coefficient)), offset=offset)
    slope, missing = map(float, coefficient)
    return Effect(unit.mean, unit.scale, slope, missing, offset=offset)
