"""The kernel of `models.heads.tree_walk` for one row: the points of the integral are the innermost loop.

A block of one row leaves vector registers empty. Here the `LANES` points of a tree stand beside one another, those that
it does not need with a weight of 0, and what a split needs of the rule is read from a table instead of divided. The
same operations in the same order for each point, and the points added from the first to the last, so that a row gets
the bits that it gets in a block (a weight of 0 adds nothing).
"""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt

from models.heads.tree_walk import (
    ACROSS,
    BITS,
    BITS_END,
    DEPTH,
    DOWN_LEFT,
    DOWN_RIGHT,
    EARLIER,
    EARLIER_SIDE,
    FEATURE,
    LEFT,
    LEFT_LEAF,
    NAN_LEFT,
    NOUGHT,
    RIGHT,
    RIGHT_LEAF,
    SHARE,
    SIDE,
    THRESHOLD,
    UP,
    ZERO,
)

LANES: Final = 8
"""Points of a rule, at most: exact for ways down with up to 16 different features."""
OWN, UNKNOWN, WEIGHT = range(3)
"""Rows of a split's table: what is taken where the row's side is known, where it is not, and the integral's weight."""
_CATEGORIES: Final = 2.0**31

Floats = npt.NDArray[np.float64]


def tables(at: Floats, share: Floats, above: Floats, repeated: npt.NDArray[np.bool_]) -> Floats:
    """Return what each split needs of its tree's rule, shape (n_splits, 3, LANES).

    Parameters
    ----------
    at : shape (n_splits, LANES)
        The points of the split's tree, 0 where it has fewer.
    share, above : shape (n_splits,)
        See `tree_walk.SHARE` and `ABOVE`.
    repeated : shape (n_splits,)
        Whether a split above asks for the same feature.
    """
    out = np.zeros((len(at), 3, LANES))
    rest = 1.0 - at
    with np.errstate(divide="ignore", invalid="ignore"):
        known = at + rest * above[:, None]
        again = at / known, rest * above[:, None] * share[:, None] / known, above[:, None] / (known * known)
    once = at, rest * share[:, None], np.ones_like(at)
    for place in (OWN, UNKNOWN, WEIGHT):
        out[:, place] = np.where(at > 0, np.where(repeated[:, None], again[place], once[place]), 0.0)
    return out


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def explain_row(x: Any, program: tuple[Any, ...], table: Any, weight: Any, out: Any) -> None:
    """Fill `out` with the SHAP values of one row; see `tree_walk.explain`.

    Parameters
    ----------
    x : array, shape (n_features,)
    program : (numbers, words, bits, steps, start, points, depth)
    table : shape (n_splits, 3, LANES)
        As `tables` makes it.
    weight : shape (most points + 1, LANES)
        Row `k` holds the weights of the rule of `k` points, 0 behind them.
    out : float64 array, shape (at least n_features,), zeros
    """
    # one function and every array a variable of its own: arrays taken out of tuples in the loop would be counted there
    numbers, words, bits, steps, start, points, depth = program
    values = _cleaned(x)
    goes_left, on_way, taken = np.empty(depth), np.empty(depth), np.empty((depth, LANES))
    reached, said = np.empty((depth + 1, LANES)), np.empty((2, depth + 1, LANES))
    for tree in range(len(points)):
        for k in range(LANES):
            reached[0, k] = weight[points[tree], k]
        for step in range(start[tree], start[tree + 1]):
            i, kind = steps[step, 0], steps[step, 1]
            d = words[i, DEPTH]
            if kind == ACROSS:
                for k in range(LANES):
                    reached[d + 1, k] = reached[d, k] - reached[d + 1, k]
                continue
            if kind != UP:
                value, earlier, way = values[words[i, FEATURE]], words[i, EARLIER], 1.0
                if words[i, BITS] >= 0:
                    left = _in_bits(value, bits, words[i, BITS], words[i, BITS_END])
                else:
                    left = _below(value, numbers[i, THRESHOLD], words[i, NAN_LEFT])
                if words[i, ZERO] >= 0 and value == 0.0:
                    left = np.float64(words[i, ZERO])
                if earlier >= 0:
                    way = on_way[earlier] * (1.0 - goes_left[earlier] if words[i, EARLIER_SIDE] else goes_left[earlier])
                goes_left[d], on_way[d] = left, way
                for k in range(LANES):
                    taken[d, k] = table[i, UNKNOWN, k] + table[i, OWN, k] * left if way != 0.0 else numbers[i, SHARE]
            if kind == DOWN_LEFT:
                for k in range(LANES):
                    reached[d + 1, k] = reached[d, k] * taken[d, k]
            elif kind == DOWN_RIGHT:
                for k in range(LANES):
                    reached[d + 1, k] = reached[d, k] - reached[d, k] * taken[d, k]
            else:
                total = 0.0
                for k in range(LANES):
                    one = numbers[i, LEFT] if words[i, LEFT_LEAF] else said[0, d + 1, k]
                    other = numbers[i, RIGHT] if words[i, RIGHT_LEAF] else said[1, d + 1, k]
                    said[words[i, SIDE], d, k] = other + taken[d, k] * (one - other)
                    total += table[i, WEIGHT, k] * (reached[d, k] * (one - other))
                if on_way[d] != 0.0:
                    out[words[i, FEATURE]] += on_way[d] * (goes_left[d] - numbers[i, SHARE]) * total


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _cleaned(x: Any) -> Any:
    values = np.empty(len(x))
    for f in range(len(x)):
        value = np.float64(x[f])
        values[f] = 0.0 if abs(value) <= NOUGHT else value
    return values


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _below(value: float, threshold: float, nan_left: int) -> float:
    if nan_left:
        return 0.0 if value > threshold else 1.0
    return 1.0 if value <= threshold else 0.0


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _in_bits(value: float, bits: Any, begin: int, end: int) -> float:
    # a missing value fails both; what lies between -1 and 0 is cut to category 0, as in LightGBM
    if value > -1.0 and value < _CATEGORIES:
        code = np.int64(value)
        if begin + (code >> 5) < end:
            return np.float64((bits[begin + (code >> 5)] >> (code & 31)) & 1)
    return 0.0
