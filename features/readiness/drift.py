"""Whether the share of wins moves: the newest quarter against all before it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from features.flow_measures import wilson

Share = tuple[float, float, float]
"""A share, and the ends of its 95 % interval."""
NEWEST: Final = 0.25
"""Share of the rows, the last ones, that is held against the rest."""
TENTHS: Final = 10
LEAST: Final = 20
"""Rows that each of the two parts needs, and wins that both together need."""
SMALL: Final = 0.02
"""A difference below two points is not told as a move, however many rows prove it."""


@dataclass(frozen=True)
class Drift:
    """The share of wins before and in the newest quarter, each with its interval.

    Attributes
    ----------
    before, newest : (float, float, float)
        Share, and the ends of its 95 % interval (Wilson, 1927).
    change, low, high : float
        Newest less before, and its 95 % interval (Newcombe, 1998, method 10: from the two Wilson intervals). It takes
        rows for independent; where they come in batches it is too narrow.
    tenths : tuple of float
        Share of wins in each tenth of the rows, in their order.
    """

    before: Share
    newest: Share
    change: float
    low: float
    high: float
    tenths: tuple[float, ...]

    @property
    def moves(self) -> bool:
        """Whether the interval of the change lies off zero, and the change is no trifle."""
        return (self.low > 0 or self.high < 0) and abs(self.change) >= SMALL

    @property
    def kept(self) -> float:
        """The smaller share over the larger one: 1 where nothing moved."""
        low, high = sorted((self.before[0], self.newest[0]))
        return low / high if high else 1.0

    @property
    def words(self) -> str:
        """The two shares, their difference and the range of the tenths."""
        (a, a_low, a_high), (b, b_low, b_high) = self.before, self.newest
        return (
            f"{a:.1%} won in the first three quarters ({a_low:.1%} to {a_high:.1%}), {b:.1%} in the last quarter "
            f"({b_low:.1%} to {b_high:.1%}): {100 * self.change:+.1f} points ({100 * self.low:+.1f} to "
            f"{100 * self.high:+.1f}). By tenths it lies between {min(self.tenths):.1%} and {max(self.tenths):.1%}."
        )


def drift(won: npt.NDArray[np.float64]) -> Drift | None:
    """Answer whether the share of wins moved, for labels in the order of time.

    Parameters
    ----------
    won : float array, shape (n_rows,)
        1.0 won, 0.0 not; the oldest row first.

    Returns
    -------
    Drift or None
        None where rows or wins are too few to say anything.
    """
    cut = len(won) - round(NEWEST * len(won))
    early, late = won[:cut], won[cut:]
    if min(len(early), len(late)) < LEAST or won.sum() < LEAST:
        return None
    before, newest = (wilson(int(part.sum()), len(part)) for part in (early, late))
    change, low, high = difference(newest, before)
    tenths = tuple(float(part.mean()) for part in np.array_split(won, TENTHS))
    return Drift(before, newest, change, low, high, tenths)


def difference(one: Share, other: Share) -> Share:
    """Return one share less another, with the interval that their own intervals give (Newcombe, 1998, method 10)."""
    change = one[0] - other[0]
    low = change - math.hypot(one[0] - one[1], other[2] - other[0])
    return change, low, change + math.hypot(one[2] - one[0], other[0] - other[1])
