"""Exact path-dependent SHAP values of a LightGBM model, many times as fast as LightGBM's own `pred_contrib`.

The values are LightGBM's up to rounding (about 1e-14); how they are found is told in `models.heads.tree_walk`. A row
gets the same bits alone and in a batch, on one thread and on many, and on every machine (docs/adr/0014).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.errors import SchemaMismatch
from models.heads.tree_program import Program, lay_out
from models.heads.tree_row import LANES, explain_row, tables
from models.heads.tree_text import Floats, read
from models.heads.tree_walk import ABOVE, EARLIER, SHARE, explain

ROWS_AT_ONCE: Final = 128
"""Rows of a block: enough to fill vector registers, few enough that the way from the root stays in a core's cache."""
FEW_ROWS: Final = 2
"""So many rows are quicker one by one than as a block."""
MOST_NUMBERS: Final = 2**20
"""Of one buffer of a block; very deep trees get smaller blocks."""
LEAST_ROWS_A_THREAD: Final = 512
"""Below, starting a thread costs about what it saves."""


@dataclass(frozen=True)
class TreeShap:
    """A model ready to be explained; make it once by `of`, then `values` is a pure function of the rows."""

    program: Program

    @classmethod
    def of(cls, text: str) -> TreeShap:
        """Read a model as LightGBM writes it (`Booster.model_to_string`).

        Raises
        ------
        TreesRefused
            The trees are linear, averaged or of several classes.
        """
        return cls(lay_out(read(text)))

    def values(self, x: npt.NDArray[Any], *, threads: int = 1) -> Floats:
        """Answer what each feature adds to each row's raw score.

        Parameters
        ----------
        x : float array, shape (n_rows, n_features)
            float32 or float64 as the model was given them; NaN is missing.
        threads : int
            At most so many; each takes rows of its own, the values are the same.

        Returns
        -------
        float64 array, shape (n_rows, n_features + 1)
            The last column is the base value; a row sums to its raw score.

        Raises
        ------
        SchemaMismatch
            The rows have another number of features than the model.
        """
        if x.ndim != 2 or x.shape[1] != self.program.n_features:
            raise SchemaMismatch(f"rows of shape {x.shape}; expected (rows, {self.program.n_features}) as trained.")
        given = np.ascontiguousarray(x, dtype=x.dtype if x.dtype == np.float32 else np.float64)
        out = np.empty((len(given), self.program.n_features + 1))
        out[:, -1] = self.program.base
        parts = max(1, min(threads, len(given) // LEAST_ROWS_A_THREAD))
        if parts == 1:
            self._fill(given, out)
            return out
        edges = [len(given) * part // parts for part in range(parts + 1)]
        with ThreadPoolExecutor(parts) as pool:
            spans = [slice(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True)]
            list(pool.map(lambda span: self._fill(given[span], out[span]), spans))
        return out

    @cached_property
    def _lanes(self) -> tuple[Floats, Floats] | None:
        """What one row alone needs besides the program; None where a tree's rule has more points than lanes."""
        p = self.program
        if p.at.shape[1] > LANES:
            return None
        at, weight = (np.pad(rule, ((0, 0), (0, LANES - rule.shape[1]))) for rule in (p.at, p.weight))
        tree = np.searchsorted(p.start, np.arange(len(p.steps)), side="right") - 1
        points = np.zeros(len(p.words), dtype=np.int64)
        points[p.steps[:, 0]] = p.points[tree] if len(tree) else 0
        share, above = p.numbers[:, SHARE], p.numbers[:, ABOVE]
        return tables(at[points], share, above, p.words[:, EARLIER] >= 0), weight

    def _fill(self, x: npt.NDArray[Any], out: Floats) -> None:
        if not len(x):
            return
        p = self.program
        if len(x) <= FEW_ROWS and self._lanes is not None:
            out[:, :-1] = 0.0
            parts_of_row = (p.numbers, p.words, p.bits, p.steps, p.start, p.points, p.depth)
            for row, values in zip(x, out, strict=True):
                explain_row(row, parts_of_row, *self._lanes, values)
            return
        fits = MOST_NUMBERS // ((p.depth + 1) * p.at.shape[1])
        parts = (p.numbers, p.words, p.bits, p.steps, p.start, p.points, p.at, p.weight, p.depth)
        explain(x, parts, max(1, min(ROWS_AT_ONCE, fits)), out)
