"""Two shares compared again and again while data come in, without the looks adding up to a false alarm.

The interval is a confidence sequence: the chance that it *ever* leaves the true difference out, however often one
looks and whenever one stops, is held to `alpha`. It is the normal mixture of Robbins (1970), as used for A/B tests in
Johari, Koomen, Pekelis & Walsh, "Always valid inference: continuous monitoring of A/B tests", Operations Research 70
(2022), and Howard, Ramdas, McAuliffe & Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences",
Annals of Statistics 49 (2021). `scale` is the deviation of the mixture: the size of the differences it is sharpest
for, chosen before the first look. Any value is valid; a bad one costs power.

Shares are normal only for many cases. Two things make up for it while there are few: the variance is the larger of
the pooled one and the one by arm, both with a success and a failure added (Agresti & Caffo, 2000), and nothing is said
below `LEAST` cases in an arm. What error and power come to is measured in `tests/models/measures/test_sequential.py`.

Worked example, run as a doctest. 30 of 200 won with the old letter, 60 of 200 with the new one; 34 of 200 would not
have been enough:

>>> told = compare(np.array([30.0, 60.0]), np.array([200.0, 200.0]), scale=0.1)
>>> print(f"{told.effect:+.3f} ({told.low:+.3f} to {told.high:+.3f})")
+0.150 (+0.023 to +0.277)
>>> told = compare(np.array([30.0, 34.0]), np.array([200.0, 200.0]), scale=0.1)
>>> print(f"{told.effect:+.3f} ({told.low:+.3f} to {told.high:+.3f})")
+0.020 (-0.092 to +0.132)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from features.errors import TaktError
from models.measures.ranking import Floats

LEAST: Final = 20
"""Cases in each arm below which nothing is said."""
MOST_CASES: Final = 10_000_000


class SequentialError(TaktError):
    """Counts, a scale or an error rate from which no comparison can be made; the text says which."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Second share minus first, at each look; shape (...,) of the counts given.

    Attributes
    ----------
    effect, low, high : float array
        The difference and its confidence sequence; all NaN where an arm has fewer than `LEAST` cases.
    p : float array
        p-value that stays valid whenever one looks (Johari et al., 2022), at most 1; NaN likewise.
    """

    effect: Floats
    low: Floats
    high: Floats
    p: Floats


def compare(won: Floats, n: Floats, *, scale: float, alpha: float = 0.05) -> Comparison:
    """Compare two arms, at one look or at many.

    Parameters
    ----------
    won, n : float array, shape (..., 2)
        Successes and cases so far, of the control first.
    scale : float
        Above 0; see the module's text.
    alpha : float
        In (0, 1).

    Raises
    ------
    SequentialError
        Shapes differ, more won than there are cases, or scale or alpha out of range.
    """
    _check(won, n, scale=scale, alpha=alpha)
    enough = (n >= LEAST).all(axis=-1)
    cases = np.maximum(n, 1.0)
    share = won / cases
    effect = np.where(enough, share[..., 1] - share[..., 0], np.nan)
    variance = _variance((won + 1) / (cases + 2), (won.sum(axis=-1) + 1) / (cases.sum(axis=-1) + 2), cases)
    half = half_width(variance, scale=scale, alpha=alpha)
    wide = variance + scale**2
    log_odds = scale**2 * effect**2 / (2 * variance * wide) - 0.5 * np.log(wide / variance)
    p = np.minimum(1.0, np.exp(-log_odds))
    return Comparison(effect, np.maximum(effect - half, -1.0), np.minimum(effect + half, 1.0), p)


def half_width(variance: Floats, *, scale: float, alpha: float) -> Floats:
    """Return half the width of the confidence sequence where the difference has this variance."""
    wide = variance + scale**2
    return np.sqrt(2 * variance * wide / scale**2 * (0.5 * np.log(wide / variance) - math.log(alpha)))


def power(rates: tuple[float, float], n: tuple[float, float], *, scale: float, alpha: float = 0.05) -> float:
    """Return the chance of telling two shares apart, in the right direction, with so many cases in each arm.

    It is that of one look at the end, so a lower bound of the chance that some look tells them apart.
    """
    cases, share = np.asarray(n, dtype=np.float64), np.asarray(rates, dtype=np.float64)
    if (cases < LEAST).any():
        return 0.0
    pooled = (share * cases).sum() / cases.sum()
    variance = _variance((share * cases + 1) / (cases + 2), (pooled * cases.sum() + 1) / (cases.sum() + 2), cases)
    half = half_width(variance, scale=scale, alpha=alpha)
    from scipy.special import ndtr  # a server starts without

    return float(ndtr(-(half - abs(share[1] - share[0])) / np.sqrt(variance)))


def size_for(
    rates: tuple[float, float], *, shares: tuple[float, float], scale: float, alpha: float = 0.05, wanted: float = 0.8
) -> int | None:
    """Return the cases in both arms together that are enough for a power of `wanted`.

    Parameters
    ----------
    rates : (float, float)
        Success in the control and in the other arm; None is returned where they are equal, or so near that
        `MOST_CASES` are not enough.
    shares : (float, float)
        Which part of the cases each arm gets.
    """

    def enough(total: int) -> bool:
        return power(rates, (total * shares[0], total * shares[1]), scale=scale, alpha=alpha) >= wanted

    if rates[0] == rates[1] or not enough(MOST_CASES):
        return None
    low, high = 0, MOST_CASES
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _variance(share: Floats, pooled: Floats, n: Floats) -> Floats:
    """Return the larger of the variance by arm and the pooled one; never 0, for no share here is 0 or 1."""
    by_arm = (share * (1 - share) / n).sum(axis=-1)
    together = pooled * (1 - pooled) * (1 / n).sum(axis=-1)
    larger: Floats = np.maximum(by_arm, together)
    return larger


def _check(won: Floats, n: Floats, *, scale: float, alpha: float) -> None:
    if won.shape != n.shape or won.shape[-1:] != (2,):
        raise SequentialError(f"expected successes and cases of two arms, shape (..., 2); got {won.shape}, {n.shape}.")
    if (won < 0).any() or (won > n).any():
        raise SequentialError("more successes than cases in an arm, or fewer than none; count each case once.")
    if not (scale > 0 and math.isfinite(scale) and 0 < alpha < 1):
        raise SequentialError(f"expected a scale above 0 and alpha between 0 and 1; got {scale} and {alpha}.")
