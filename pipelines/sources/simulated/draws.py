"""Drawing many things at once: one column per row of a table of weights, and a day's calls under capacity."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
Rng: TypeAlias = np.random.Generator


def cumulated(weights: Floats) -> Floats:
    """Return the cumulated chances of each row; the last column is exactly 1."""
    total = np.cumsum(weights, axis=-1)
    return total / total[..., -1:]


def pick(rng: Rng, cumulative: Floats) -> Ints:
    """Draw one column for each row of cumulated chances, shape (n, k) to (n,)."""
    chosen: Ints = (cumulative <= rng.random(len(cumulative))[:, None]).sum(axis=1)
    return chosen


def pick_from(rng: Rng, weights: tuple[float, ...], size: int) -> Ints:
    """Draw `size` positions of one list of weights."""
    return np.searchsorted(cumulated(np.array(weights)), rng.random(size), side="right").astype(np.int64)


def systematic(rng: Rng, chances: Floats) -> Bools:
    """Choose each entry with exactly its own chance, and any run of entries to within one of its sum.

    Systematic sampling with unequal probabilities (Madow, 1949): this is what keeps a salesperson within the
    day's capacity while the chance of each single call stays known. Chances are below 1.
    """
    marks = np.floor(np.cumsum(chances) + rng.random())
    chosen: Bools = np.diff(marks, prepend=0.0) > 0
    return chosen


def sigmoid(x: Floats) -> Floats:
    """Return 1 / (1 + exp(-x))."""
    return 1.0 / (1.0 + np.exp(-x))
