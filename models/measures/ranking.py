"""How well an order finds the wins: AUC, average precision, share of wins on top, and at a day's capacity.

Every measure takes a matrix of weights, one row per bootstrap draw, and returns one figure per draw:
sorting is done once, resampling is counting. Rows with equal scores share their places (each gets the
average over all orders among them), so a figure does not depend on the order of the input and a constant
score has lift 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Ranking:
    """Rows in falling score, cut into groups of equal score (and, where days are given, of equal day).

    Attributes
    ----------
    rows : int array, shape (n_rows,)
        Row numbers, days ascending, scores falling.
    starts : int array, shape (n_groups,)
        Position in `rows` at which each group of ties starts.
    days : int array, shape (n_days,)
        Group number at which each day starts; [0] without days.
    won : bool array, shape (n_rows,)
        The label, in the order of `rows`.
    """

    rows: Ints
    starts: Ints
    days: Ints
    won: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, score: Floats, won: npt.NDArray[np.bool_], *, day: Ints | None = None) -> Ranking:
        """Sort once; `day` (integers, shape (n_rows,)) ranks each day's cohort by itself."""
        day = np.zeros(len(score), dtype=np.int64) if day is None else day
        rows = np.lexsort((-score, day))
        new_day = np.diff(day[rows], prepend=day[rows][:1] - 1) != 0
        new_score = np.concatenate([[True], np.diff(score[rows]) != 0])
        starts = np.flatnonzero(new_day | new_score)
        return cls(rows, starts, np.flatnonzero(new_day[starts]), won[rows])

    def sums(self, weight: Floats) -> tuple[Floats, Floats]:
        """Return the weight of wins and of all rows per group, shape (n_draws, n_groups)."""
        sorted_weight = weight[:, self.rows]
        if len(self.starts) == len(self.rows):  # no ties: a group is a row, and there is nothing to add up
            everyone = np.ascontiguousarray(sorted_weight)  # laid out as below: sums in that order, to the same bits
            return everyone * self.won, everyone
        everyone = np.add.reduceat(sorted_weight, self.starts, axis=1)
        return np.add.reduceat(sorted_weight * self.won, self.starts, axis=1), everyone


def ratio(part: Floats, whole: Floats) -> Floats:
    """Divide; NaN where there is nothing to divide by."""
    out: Floats = np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0)
    return out


def auc(won: Floats, everyone: Floats) -> Floats:
    """Chance that a random win is scored above a random other row; ties count half, one class only NaN."""
    other = everyone - won
    below = other.sum(axis=1, keepdims=True) - np.cumsum(other, axis=1)
    return ratio((won * (below + other / 2)).sum(axis=1), won.sum(axis=1) * other.sum(axis=1))


def average_precision(won: Floats, everyone: Floats) -> Floats:
    """Mean precision over the wins, at the end of each group of ties (as scikit-learn defines it)."""
    found, called = np.cumsum(won, axis=1), np.cumsum(everyone, axis=1)
    precision = np.divide(found, called, out=np.zeros_like(found), where=called > 0)
    return ratio((won * precision).sum(axis=1), won.sum(axis=1))


def captured(won: Floats, everyone: Floats, *, share: float) -> Floats:
    """Share of all wins among the top `share` of the rows; lift is this over `share`."""
    target = share * everyone.sum(axis=1, keepdims=True)
    taken = _taken(everyone, target, np.cumsum(everyone, axis=1) - everyone)
    return ratio((taken * won).sum(axis=1), won.sum(axis=1))


def at_capacity(ranking: Ranking, weight: Floats, *, calls: int) -> dict[str, Floats]:
    """Call the `calls` best of each day's cohort (all of it, where it is smaller), days ranked by themselves.

    Returns precision (wins per call), lift over calling at random the same number on the same days, and the
    share of all wins that was called, each of shape (n_draws,).
    """
    won, everyone = ranking.sums(weight)
    before = np.cumsum(everyone, axis=1) - everyone
    size = np.diff(np.append(ranking.days, len(ranking.starts)))
    taken = _taken(everyone, float(calls), before - np.repeat(before[:, ranking.days], size, axis=1))
    cohort = np.add.reduceat(everyone, ranking.days, axis=1)
    wins = np.add.reduceat(won, ranking.days, axis=1)
    called, found = np.minimum(cohort, calls), (taken * won).sum(axis=1)
    chance = np.divide(wins, cohort, out=np.zeros_like(wins), where=cohort > 0)
    return {
        "precision_at_capacity": ratio(found, called.sum(axis=1)),
        "lift_at_capacity": ratio(found, (called * chance).sum(axis=1)),
        "captured_at_capacity": ratio(found, wins.sum(axis=1)),
    }


def _taken(everyone: Floats, target: Floats | float, before: Floats) -> Floats:
    """Share of each group that fits into the target, when groups are taken in order."""
    room = np.clip(target - before, 0.0, everyone)
    return np.divide(room, everyone, out=np.zeros_like(room), where=everyone > 0)
