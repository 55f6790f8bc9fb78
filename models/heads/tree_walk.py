"""The kernel of exact SHAP values: one walk over each tree, a block of rows at a time.

With every feature known with chance `t`, a tree says F(t): at each split a row takes its own side as far as the
feature is known and both sides, in the shares of the training rows, as far as it is not. The SHAP value of a feature
is the integral over t in (0, 1) of the slope of F in that feature's chance (Owen's multilinear extension), and that
is a polynomial of a degree below the number of features on a way down, so that Gauss and Legendre's rule gives it
exactly. Where a split's left side is taken with `f = (1 - t) z + t o` (z: share of the training rows, o: 1 if the row
goes left), its right side is taken with `1 - f`, and for the split's feature

    phi += (o - z) * integral of H * (V_left - V_right),

H the product of what was taken above, V what a side says below. Where the feature was asked for above, with shares of
product z' and the row on the way (o' = 1), f = ((1 - t) z' z + t o) / ((1 - t) z' + t), and the integral has the
weight z' / ((1 - t) z' + t)^2 as well; where the row left the way (o' = 0), f = z and nothing is added. Going down
fills H, going up fills V: a few operations for each split, point and row, against a square of the depth for each leaf.

The rows of a block are the innermost loop and never meet. Nothing is reordered or contracted (no fastmath), so that a
row gets the same bits in any block, on any machine.

Sources: Lundberg et al., 2020, "From local explanations to global understanding with explainable AI for trees"
(path-dependent TreeSHAP); Wettenstein, Mitchell and Yu, 2026, "Quadrature TreeSHAP" (the integral by quadrature);
Owen, 1972, "Multilinear extensions of games".
"""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np

# the layout stands here and not in tree_program.py: numba's cache notices a change only in this file
THRESHOLD, SHARE, ABOVE, LEFT, RIGHT = range(5)
"""Columns of `Program.numbers`: threshold, share of the split's rows that go left, product of the shares of the splits
above on the same feature, what the left and the right leaf say (0 where that side is no leaf)."""
FEATURE, DEPTH, SIDE, EARLIER, EARLIER_SIDE, LEFT_LEAF, RIGHT_LEAF, NAN_LEFT, ZERO, BITS, BITS_END = range(11)
"""Columns of `Program.words`. SIDE is 0 left, 1 right of the split above. EARLIER is the depth of the nearest split
above on the same feature, -1 without one. ZERO is where a 0 goes against the threshold: 0 right, 1 left, -1 as the
threshold says. BITS is -1 for a number, else where the categories that go left begin in `Program.bits`."""
DOWN_LEFT, DOWN_RIGHT, DOWN_UP, ACROSS, UP = range(5)
"""Kinds of step: down to a split and on to its left side; to its right side, the left being a leaf; down and up again,
both being leaves; across from the left side to the right; up."""
NOUGHT: Final = float(np.float32(1e-35))
"""LightGBM takes a value as 0 up to this size."""
_CATEGORIES: Final = 2.0**31


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def explain(x: Any, program: tuple[Any, ...], rows_at_once: int, out: Any) -> None:
    """Fill `out` with each row's SHAP values; its columns must be at least the features.

    Parameters
    ----------
    x : array, shape (n_rows, n_features)
    program : (numbers, words, bits, steps, start, points, at, weight, depth)
        See `models.heads.tree_program.Program`.
    rows_at_once : int
        Size of a block.
    out : float64 array, shape (n_rows, at least n_features)
    """
    start, points, at, weight, depth = program[4], program[5], program[6], program[7], program[8]
    block, n_features = min(rows_at_once, len(x)), x.shape[1]
    state = _buffers(depth, at.shape[1], block)
    values, phi = np.empty((n_features, block)), np.empty((n_features, block))
    rest = 1.0 - at
    for first in range(0, len(x), block):
        rows = min(block, len(x) - first)
        for r in range(rows):
            for f in range(n_features):
                value = np.float64(x[first + r, f])
                values[f, r] = 0.0 if abs(value) <= NOUGHT else value
        phi[:] = 0.0
        for tree in range(len(points)):
            k = points[tree]
            _walk(
                program, start[tree], start[tree + 1], (at[k, :k], rest[k, :k], weight[k, :k]), values, state, phi, rows
            )
        for r in range(rows):
            for f in range(n_features):
                out[first + r, f] = phi[f, r]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _buffers(depth: int, most_points: int, block: int) -> tuple[Any, ...]:
    """Make what is kept of the way from the root: goes_left, on_way, taken (f), reached (H), said (V), two sums."""
    wide = most_points * block
    return (
        np.empty((depth, block)), np.empty((depth, block)), np.empty((depth, wide)), np.empty((depth + 1, wide)),
        np.empty((2, depth + 1, wide)), np.empty(wide), np.empty(block),
    )  # fmt: skip


@numba.njit(cache=True, nogil=True, forceinline=True)  # type: ignore[untyped-decorator]
def _walk(program: Any, first: int, last: int, rule: Any, values: Any, state: Any, phi: Any, rows: int) -> None:
    """Walk one tree and add to `phi`, shape (n_features, block)."""
    words, steps, weight = program[1], program[3], rule[2]
    taken, reached = state[2], state[3]
    wide = len(weight) * rows
    for k in range(len(weight)):
        for r in range(rows):
            reached[0, k * rows + r] = weight[k]
    for step in range(first, last):
        i, kind = steps[step, 0], steps[step, 1]
        d = words[i, DEPTH]
        if kind == ACROSS:
            for j in range(wide):
                reached[d + 1, j] = reached[d, j] - reached[d + 1, j]
            continue
        if kind != UP:
            _decide(program, i, values, state[0], rows)
            _take(program, i, rule, state, rows)
        if kind == DOWN_LEFT:
            for j in range(wide):
                reached[d + 1, j] = reached[d, j] * taken[d, j]
        elif kind == DOWN_RIGHT:
            for j in range(wide):
                reached[d + 1, j] = reached[d, j] - reached[d, j] * taken[d, j]
        else:
            _say(program, i, state, wide)
            _add(program, i, rule, state, phi, rows)


@numba.njit(cache=True, nogil=True, forceinline=True)  # type: ignore[untyped-decorator]
def _decide(program: Any, i: int, values: Any, goes_left: Any, rows: int) -> None:
    """Answer for each row whether split `i` sends it left, as 1.0 or 0.0."""
    threshold, words, bits = program[0][i, THRESHOLD], program[1], program[2]
    f, d, zero, begin, end = words[i, FEATURE], words[i, DEPTH], words[i, ZERO], words[i, BITS], words[i, BITS_END]
    if begin >= 0:
        for r in range(rows):
            goes_left[d, r] = 0.0
            # a missing value fails both; what lies between -1 and 0 is cut to category 0, as in LightGBM
            if values[f, r] > -1.0 and values[f, r] < _CATEGORIES:
                code = np.int64(values[f, r])
                if begin + (code >> 5) < end:
                    goes_left[d, r] = (bits[begin + (code >> 5)] >> (code & 31)) & 1
    elif words[i, NAN_LEFT]:
        for r in range(rows):
            goes_left[d, r] = 0.0 if values[f, r] > threshold else 1.0
    else:
        for r in range(rows):
            goes_left[d, r] = 1.0 if values[f, r] <= threshold else 0.0
    if zero >= 0:
        for r in range(rows):
            if values[f, r] == 0.0:
                goes_left[d, r] = zero


@numba.njit(cache=True, nogil=True, forceinline=True)  # type: ignore[untyped-decorator]
def _take(program: Any, i: int, rule: Any, state: Any, rows: int) -> None:
    """Fill `on_way` and `taken` of split `i`."""
    numbers, words, (at, rest) = program[0], program[1], rule[:2]
    goes_left, on_way, taken = state[0], state[1], state[2]
    d, earlier, share = words[i, DEPTH], words[i, EARLIER], numbers[i, SHARE]
    if earlier < 0:
        for r in range(rows):
            on_way[d, r] = 1.0
        for k in range(len(at)):
            unknown, mine = rest[k] * share, taken[d, k * rows : (k + 1) * rows]
            for r in range(rows):
                mine[r] = unknown + at[k] * goes_left[d, r]
        return
    for r in range(rows):
        same = 1.0 - goes_left[earlier, r] if words[i, EARLIER_SIDE] else goes_left[earlier, r]
        on_way[d, r] = same * on_way[earlier, r]
    for k in range(len(at)):
        known = at[k] + rest[k] * numbers[i, ABOVE]
        unknown, own = rest[k] * numbers[i, ABOVE] * share / known, at[k] / known
        mine = taken[d, k * rows : (k + 1) * rows]
        for r in range(rows):
            mine[r] = unknown + own * goes_left[d, r] if on_way[d, r] != 0.0 else share


@numba.njit(cache=True, nogil=True, forceinline=True)  # type: ignore[untyped-decorator]
def _say(program: Any, i: int, state: Any, wide: int) -> None:
    """Fill what split `i` says, and the product of its reach and the difference of its sides."""
    numbers, words = program[0], program[1]
    taken, reached, said, product = state[2], state[3], state[4], state[5]
    d, side, left, right = words[i, DEPTH], words[i, SIDE], numbers[i, LEFT], numbers[i, RIGHT]
    if words[i, LEFT_LEAF] and words[i, RIGHT_LEAF]:
        for j in range(wide):
            said[side, d, j] = right + taken[d, j] * (left - right)
            product[j] = reached[d, j] * (left - right)
    elif words[i, LEFT_LEAF]:
        for j in range(wide):
            more = left - said[1, d + 1, j]
            said[side, d, j] = said[1, d + 1, j] + taken[d, j] * more
            product[j] = reached[d, j] * more
    elif words[i, RIGHT_LEAF]:
        for j in range(wide):
            more = said[0, d + 1, j] - right
            said[side, d, j] = right + taken[d, j] * more
            product[j] = reached[d, j] * more
    else:
        for j in range(wide):
            more = said[0, d + 1, j] - said[1, d + 1, j]
            said[side, d, j] = said[1, d + 1, j] + taken[d, j] * more
            product[j] = reached[d, j] * more


@numba.njit(cache=True, nogil=True, forceinline=True)  # type: ignore[untyped-decorator]
def _add(program: Any, i: int, rule: Any, state: Any, phi: Any, rows: int) -> None:
    """Add what split `i` says about its feature."""
    numbers, words, (at, rest) = program[0], program[1], rule[:2]
    goes_left, on_way, product, total = state[0], state[1], state[5], state[6]
    f, d, share, above = words[i, FEATURE], words[i, DEPTH], numbers[i, SHARE], numbers[i, ABOVE]
    repeated = words[i, EARLIER] >= 0
    for r in range(rows):
        total[r] = 0.0
    for k in range(len(at)):
        mine = product[k * rows : (k + 1) * rows]
        if repeated:
            known = at[k] + rest[k] * above
            weight = above / (known * known)
            for r in range(rows):
                total[r] += weight * mine[r]
        else:
            for r in range(rows):
                total[r] += mine[r]
    if repeated:
        for r in range(rows):
            phi[f, r] += on_way[d, r] * (goes_left[d, r] - share) * total[r]
    else:
        for r in range(rows):
            phi[f, r] += (goes_left[d, r] - share) * total[r]
