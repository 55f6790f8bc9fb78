"""A tree ensemble laid out for one walk: the splits in the order of the walk, its steps, and the quadrature rules.

A walk goes down to a split, through its left side, across to its right side, and up again. A side that is a leaf
needs no step of its own. What a split needs to know of the splits above it that ask for the same feature is the
nearest of them, which side of it this split is on, and the share of training rows that follows this feature's splits
so far.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from functools import cache
from typing import Final

import numpy as np

from models.heads.tree_text import Floats, Ints, Tree, Trees
from models.heads.tree_walk import ACROSS, BITS_END, DEPTH, DOWN_LEFT, DOWN_RIGHT, DOWN_UP, RIGHT, UP

_DIGITS: Final = 50


@dataclass(frozen=True)
class Program:
    """What the walk reads; trees of one leaf are in `base` only.

    Attributes
    ----------
    numbers : float array, shape (n_splits, 5); words : int array, shape (n_splits, 11)
    bits : int array
        32 categories a number, the lowest first.
    steps : int array, shape (n_steps, 2)
        Split and kind of step.
    start : int array, shape (n_trees + 1,); points : int array, shape (n_trees,)
        Where each tree's steps start, and how many points its integral needs.
    at, weight : float array, shape (most points + 1, most points)
        Row `k` is the rule of `k` points on [0, 1].
    depth : int
        Splits on the longest way down.
    base : float
        Mean of what the trees say, each leaf counted as often as training rows came to it.
    """

    n_features: int
    numbers: Floats
    words: Ints
    bits: Ints
    steps: Ints
    start: Ints
    points: Ints
    at: Floats
    weight: Floats
    depth: int
    base: float


@dataclass
class _Layout:
    numbers: list[tuple[float, ...]] = field(default_factory=list)
    words: list[tuple[int, ...]] = field(default_factory=list)
    bits: list[int] = field(default_factory=list)
    steps: list[tuple[int, int]] = field(default_factory=list)
    start: list[int] = field(default_factory=lambda: [0])
    points: list[int] = field(default_factory=list)


def lay_out(trees: Trees) -> Program:
    """Lay the trees out in their order."""
    out, base = _Layout(), 0.0
    for tree in trees.trees:
        base += _mean(tree)
        if len(tree.feature):
            features = _walk(tree, out)
            out.start.append(len(out.steps))
            # a path's integrand has a degree below the number of its features; k points are exact below degree 2k
            out.points.append((features + 1) // 2)
    most = max(out.points, default=1)
    rules = [rule(k) for k in range(1, most + 1)]
    words = np.array(out.words, dtype=np.int64).reshape(-1, BITS_END + 1)
    return Program(
        n_features=trees.n_features,
        numbers=np.array(out.numbers, dtype=np.float64).reshape(-1, RIGHT + 1),
        words=words,
        bits=np.array(out.bits, dtype=np.int64),
        steps=np.array(out.steps, dtype=np.int64).reshape(-1, 2),
        start=np.array(out.start, dtype=np.int64),
        points=np.array(out.points, dtype=np.int64),
        at=_rows([at for at, _ in rules], most),
        weight=_rows([weight for _, weight in rules], most),
        depth=int(words[:, DEPTH].max(initial=-1)) + 1,
        base=base,
    )


def _mean(tree: Tree) -> float:
    if not len(tree.feature):
        return float(tree.value[0])
    # a running sum, as LightGBM adds: numpy's `sum` would round otherwise
    return float(np.cumsum(tree.leaf_rows / tree.rows[0] * tree.value)[-1])


def _rows(rules: list[Floats], most: int) -> Floats:
    table = np.zeros((most + 1, most))
    for row, each in zip(table[1:], rules, strict=True):
        row[: len(each)] = each
    return table


def _walk(tree: Tree, out: _Layout) -> int:
    """Add the splits and steps of one tree; return the most different features on a way down."""
    ways = _Ways(tree)
    row: dict[int, int] = {}
    # a stack of our own: a tree may be deeper than Python's calls may
    todo: list[tuple[int, int | None]] = [(0, None)]
    while todo:
        split, kind = todo.pop()
        if kind is not None:
            out.steps.append((row[split], kind))
            continue
        row[split] = len(out.words)
        _add(tree, split, ways, out)
        left, right = ways.below[split]
        if left < 0 and right < 0:
            out.steps.append((row[split], DOWN_UP))
            continue
        out.steps.append((row[split], DOWN_RIGHT if left < 0 else DOWN_LEFT))
        todo.append((split, UP))
        todo += [(right, None)] if right >= 0 else []
        todo += [(split, ACROSS)] if left >= 0 and right >= 0 else []
        todo += [(left, None)] if left >= 0 else []
    return max(ways.features)


class _Ways:
    """The ways down a tree: of each split what is above it, known once its parent's is."""

    def __init__(self, tree: Tree) -> None:
        self.feature: list[int] = tree.feature.tolist()
        self.below: list[tuple[int, int]] = list(zip(tree.left.tolist(), tree.right.tolist(), strict=True))
        self.share: list[float] = (tree.rows_at(tree.left) / tree.rows).tolist()
        self.parent, self.side = [-1] * len(self.feature), [0] * len(self.feature)
        for split, sides in enumerate(self.below):
            for side, child in enumerate(sides):
                if child >= 0:
                    self.parent[child], self.side[child] = split, side
        self.depth, self.features = [0] * len(self.feature), [0] * len(self.feature)
        self.above = [1.0] * len(self.feature)

    def learn(self, split: int) -> tuple[int, int]:
        """Fill in a split; return depth and side of the nearest split above on the same feature, or -1 and 0."""
        parent = self.parent[split]
        self.depth[split] = self.depth[parent] + 1 if parent >= 0 else 0
        known = self.features[parent] if parent >= 0 else 0
        child, up = split, parent
        while up >= 0 and self.feature[up] != self.feature[split]:
            child, up = up, self.parent[up]
        self.features[split] = known + (up < 0)
        if up < 0:
            return -1, 0
        side = self.side[child]
        self.above[split] = self.above[up] * (1.0 - self.share[up] if side else self.share[up])
        return self.depth[up], side


def _add(tree: Tree, split: int, ways: _Ways, out: _Layout) -> None:
    earlier, earlier_side = ways.learn(split)
    left, right = ways.below[split]
    zero, from_, to = -1, -1, -1
    if tree.category[split]:
        mine = tree.bits[int(tree.threshold[split])]
        from_, to = len(out.bits), len(out.bits) + len(mine)
        out.bits += mine.tolist()
    elif tree.zero_left[split] != (tree.threshold[split] >= 0):
        zero = int(tree.zero_left[split])
    said = [float(tree.value[-1 - child]) if child < 0 else 0.0 for child in (left, right)]
    out.numbers.append((float(tree.threshold[split]), ways.share[split], ways.above[split], *said))
    out.words.append(
        (ways.feature[split], ways.depth[split], ways.side[split], earlier, earlier_side, left < 0, right < 0,
         int(tree.nan_left[split]), zero, from_, to)
    )  # fmt: skip


@cache
def rule(points: int) -> tuple[Floats, Floats]:
    """Return the points and weights of Gauss and Legendre on [0, 1], each correctly rounded.

    numpy finds them by an eigenvalue routine whose last bits depend on the machine; three steps of Newton in decimals
    give the same bits everywhere.
    """
    at, weight = [], []
    with localcontext() as context:
        context.prec = _DIGITS
        for guess in np.polynomial.legendre.leggauss(points)[0].tolist():
            x = Decimal(guess)
            for _ in range(3):
                value, slope = _legendre(points, x)
                x -= value / slope
            at.append(float((x + 1) / 2))
            weight.append(float(1 / ((1 - x * x) * _legendre(points, x)[1] ** 2)))
    return np.array(at), np.array(weight)


def _legendre(degree: int, x: Decimal) -> tuple[Decimal, Decimal]:
    """Return Legendre's polynomial and its slope at `x`, by their recurrence."""
    before, value = Decimal(1), x
    for k in range(2, degree + 1):
        before, value = value, ((2 * k - 1) * x * value - (k - 1) * before) / k
    return value, degree * (x * value - before) / (x * x - 1)
