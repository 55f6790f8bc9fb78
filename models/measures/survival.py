"""How good a chance over time is when not everybody was watched to the end: concordance and Brier scores.

Each row was watched for `days`, from 0; it was `won` then, or it was `over` (lost: known never to be won), or neither:
it was still open when the watching stopped (censored). Times are half-open: won within t means `days < t`, and who was
watched for exactly t days is known not to be won within t.

Source: Harrell, Califf, Pryor, Lee & Rosati (1982) for concordance, with the lost as never won (Wolbers et al., 2014);
Graf, Schmoor, Sauerbrei & Schumacher (1999) for the Brier score with inverse-probability-of-censoring weights, with
the lost as known not to be won (Schoop, Beyersmann, Schumacher & Binder, 2011).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from models.measures.ranking import Floats, Ints, ratio
from models.measures.splits import Mask

LEAST_FOLLOWED: Final = 0.05
"""Share of rows that must be watched until t for a figure at t: below, a few rows would stand for all."""
_EVENTS_AT_A_TIME: Final = 256


@dataclass(frozen=True)
class Ends:
    """How the rows ended; the same rows in every array, shape (n_rows,).

    Attributes
    ----------
    days : float array
        When the row ended, or until when it was watched.
    won, over : bool array
        How it ended; neither where it was still open.
    """

    days: Floats
    won: Mask
    over: Mask

    def __post_init__(self) -> None:
        lengths = {len(self.days), len(self.won), len(self.over)}
        if len(lengths) != 1 or np.isnan(self.days).any() or (self.days < 0).any():
            raise ValueError(f"days must be 0 or more and as many as won and over; got lengths {sorted(lengths)}.")
        if (self.won & self.over).any():
            raise ValueError("a row cannot be won and over at once.")

    @property
    def ended(self) -> Mask:
        """Rows that were watched to their end."""
        return self.won | self.over

    def followed(self, t: npt.ArrayLike) -> Floats:
        """Estimate the share that is watched for at least `t` days (Kaplan-Meier of the censoring, left limit)."""
        times, stops = np.unique(self.days[~self.ended], return_counts=True)
        # at the moment of a stop, a row that ends comes first: it can no longer be stopped
        at_risk = _at_least(self.days, times) - (
            _at_least(self.days[self.ended], times) - _above(self.days[self.ended], times)
        )
        survival = np.concatenate([[1.0], np.cumprod(1 - stops / at_risk)])
        followed: Floats = survival[np.searchsorted(times, np.asarray(t, dtype=np.float64), side="left")]
        return followed


def _at_least(days: Floats, times: Floats) -> Ints:
    return len(days) - np.searchsorted(np.sort(days), times, side="left").astype(np.int64)


def _above(days: Floats, times: Floats) -> Ints:
    return len(days) - np.searchsorted(np.sort(days), times, side="right").astype(np.int64)


def concordance(ends: Ends, score: Floats, *, weight: Floats | None = None) -> Floats:
    """Answer how often, of two rows, the one that was won earlier has the higher score (Harrell's C).

    A pair counts where one was won and the other was watched longer, was won later, or is over; equal scores count
    half. 0.5 is no order at all.

    Parameters
    ----------
    score : array, shape (n_rows,)
        Higher: earlier, or likelier.
    weight : array, shape (n_draws, n_rows), optional
        How often each row was drawn; default: each once.

    Returns
    -------
    array, shape (n_draws,)
        NaN where no pair can be compared.
    """
    weight = np.ones((1, len(score))) if weight is None else weight
    longest = np.where(ends.over, np.inf, ends.days)
    agreed, pairs = np.zeros(len(weight)), np.zeros(len(weight))
    winners = np.flatnonzero(ends.won)
    for start in range(0, len(winners), _EVENTS_AT_A_TIME):
        some = winners[start : start + _EVENTS_AT_A_TIME]
        # at the same moment, who was won comes before who was no longer watched
        later = (longest > ends.days[some, None]) | ((longest == ends.days[some, None]) & ~ends.won)
        right = (score[some, None] > score) + 0.5 * (score[some, None] == score)
        agreed += ((weight[:, some] @ (later * right)) * weight).sum(axis=1)
        pairs += ((weight[:, some] @ later.astype(np.float64)) * weight).sum(axis=1)
    return ratio(agreed, pairs)


def brier_rows(ends: Ends, chance: Floats, t: float) -> Floats:
    """Return each row's weighted squared error of its chance to be won within `t`; the mean is the Brier score.

    A row whose state at `t` is known is weighted by one over the chance to have been watched that long; a row that
    was not watched until `t` weighs nothing, its share is carried by the others.

    Raises
    ------
    ValueError
        Nobody is watched for `t` days.
    """
    return _weights(ends, t) * (chance - (ends.won & (ends.days < t))) ** 2


def won_rows(ends: Ends, t: float) -> Floats:
    """Return each row's part in the share that is won within `t`: the mean is the share, weighted for censoring."""
    return _weights(ends, t) * (ends.won & (ends.days < t))


def _weights(ends: Ends, t: float) -> Floats:
    at_t = float(ends.followed(t))
    if at_t <= 0:
        raise ValueError(f"nobody is watched for {t:g} days, so nothing can be said of the chance within {t:g} days.")
    early = ends.ended & (ends.days < t)
    share = np.where(early, ends.followed(ends.days), at_t)
    return np.where(early | (ends.days >= t), 1.0 / share, 0.0)


def integrated_brier_rows(ends: Ends, chances: Floats, times: npt.ArrayLike) -> Floats:
    """Return each row's Brier score averaged over `(0, times[-1])` by trapezoids; the mean is the integrated score.

    Parameters
    ----------
    chances : array, shape (n_rows, n_times)
        Chance to be won within each time.
    times : array, shape (n_times,)
        Ascending, above 0, at least one; at 0 nobody is won yet and the error is 0.
    """
    grid = np.concatenate([[0.0], np.asarray(times, dtype=np.float64)])
    errors = [brier_rows(ends, chances[:, i], t) for i, t in enumerate(grid[1:])]
    table = np.column_stack([np.zeros(len(chances)), *errors])
    area: Floats = np.trapezoid(table, grid, axis=1) / grid[-1]
    return area


def longest(ends: Ends, times: tuple[float, ...]) -> int:
    """Return how many of the ascending `times` are watched by at least `LEAST_FOLLOWED` of the rows."""
    return int((ends.followed(np.asarray(times)) >= LEAST_FOLLOWED).sum()) if len(ends.days) else 0
