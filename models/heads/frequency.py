"""Naive Bayes over bins and levels: how much more often prospects with this fact won.

The baseline of small data, after Odoo's predictive lead scoring (+0.1 in each cell), with two repairs. The
added 0.1 win comes with lost ones at the base rate, so that a cell nobody was ever in says nothing instead
of "certain win". And each prospect counts once, spread over its snapshots, so that the counts are of
prospects.

Taking facts as independent makes the margin too sure of itself; its order is robust, and calibration on
later data takes the sureness back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np

from models.heads.encoding import FIRST, Encoding, Given
from models.heads.rung import summed
from models.heads.training import Training
from models.measures.ranking import Floats, Ints

SMOOTHING: Final = 0.1
"""Wins added to each cell."""
BINS: Final = 8


@dataclass(frozen=True)
class Cells:
    """Log-odds that one feature adds, by cell.

    `edges`: inner bin edges of a number, bins `[edge, next edge)`, empty for a category. `ratio`: one value
    per bin and a last one for missing; for a category one per code of the encoding.
    """

    edges: tuple[float, ...]
    ratio: tuple[float, ...]


@dataclass(frozen=True)
class Frequency:
    """The log-odds of a win without facts (`base`), and what each fact adds."""

    encoding: Encoding
    base: float
    cells: tuple[Cells, ...]
    name: str = "frequency"

    def margin(self, values: Given) -> Floats:
        """Return the sum of base and ratios, shape (n_rows,)."""
        return summed(self.contributions(values))

    def contributions(self, values: Given) -> Floats:
        """Return each feature's log ratio; the base value is the log-odds of the base rate."""
        x = self.encoding.apply(values)
        out = np.full((len(x), len(self.cells) + 1), self.base)
        for j, cells in enumerate(self.cells):
            out[:, j] = np.asarray(cells.ratio)[_cell(x[:, j], cells.edges, self._is_category(j))]
        return out

    def _is_category(self, j: int) -> bool:
        return self.encoding.features[j] in self.encoding.levels

    def to_files(self) -> Mapping[str, str]:
        """Return frequency.json."""
        return {"frequency.json": json.dumps({"base": self.base, "cells": [asdict(c) for c in self.cells]})}

    @classmethod
    def from_files(cls, files: Mapping[str, str], encoding: Encoding) -> Frequency:
        """Read what `to_files` wrote."""
        raw = json.loads(files["frequency.json"])
        cells = tuple(Cells(tuple(c["edges"]), tuple(c["ratio"])) for c in raw["cells"])
        return cls(encoding, raw["base"], cells)


def fit_frequency(training: Training) -> Frequency:
    """Count won and lost by cell; both must occur."""
    rate = float(np.average(training.label, weights=training.weight))
    encoding = training.encoding
    cells = []
    for j, name in enumerate(encoding.features):
        column = training.x[:, j]
        edges = () if name in encoding.levels else _edges(column)
        size = FIRST + len(encoding.levels[name]) if name in encoding.levels else len(edges) + 2
        cell = _cell(column, edges, name in encoding.levels)
        cells.append(Cells(edges, _ratios(training, cell, rate=rate, size=size)))
    return Frequency(encoding, float(np.log(rate / (1 - rate))), tuple(cells))


def _edges(column: np.ndarray) -> tuple[float, ...]:
    seen = column[~np.isnan(column)]
    if not len(seen):
        return ()
    inner = np.unique(np.quantile(seen, np.arange(1, BINS) / BINS, method="higher"))
    # an edge at the smallest value has nothing below it
    return tuple(map(float, inner[inner > seen.min()]))


def _cell(column: np.ndarray, edges: tuple[float, ...], category: bool) -> Ints:
    if category:
        return column.astype(np.int64)
    cell = np.searchsorted(np.asarray(edges, dtype=np.float32), column, side="right")
    return np.where(np.isnan(column), len(edges) + 1, cell)


def _ratios(training: Training, cell: Ints, *, rate: float, size: int) -> tuple[float, ...]:
    won = np.bincount(cell, weights=training.weight * training.label, minlength=size)
    lost = np.bincount(cell, weights=training.weight * (1 - training.label), minlength=size)
    odds = np.log(won + SMOOTHING) - np.log(lost + SMOOTHING * (1 - rate) / rate)
    return tuple(map(float, odds - np.log(rate / (1 - rate))))
