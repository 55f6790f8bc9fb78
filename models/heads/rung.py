"""What every fitted rung of the ladder can do, whatever it is inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from models.heads.encoding import Encoding, Given
from models.measures.ranking import Floats


class Rung(Protocol):
    """A fitted model: a pure function from features to log-odds, and what each feature added."""

    @property
    def name(self) -> str:
        """The rung's name in tables and files."""

    @property
    def encoding(self) -> Encoding:
        """Columns and levels of the fit."""

    def margin(self, values: Given) -> Floats:
        """Return the log-odds before calibration, shape (n_rows,); a row's value depends on that row alone."""

    def contributions(self, values: Given) -> Floats:
        """Return what each feature adds, shape (n_rows, n_features + 1); the last column is the base value."""

    def to_files(self) -> Mapping[str, str]:
        """Return file names and texts (JSON or LightGBM's own text)."""


def summed(contributions: Floats) -> Floats:
    """Add up each row from left to right, shape (n_rows,).

    `sum(axis=1)` and `x @ coefficients` may add in another order for another number of rows, and a replayed
    score would differ in its last bit; a running sum does not.
    """
    running: Floats = np.cumsum(contributions, axis=1)
    return running[:, -1]
