"""Comparisons that may be looked at any time: error and power by simulation, the formula by a second derivation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate
from scipy.stats import norm

from models.measures.sequential import LEAST, SequentialError, compare, half_width, power, size_for

WORLDS = 2000
LOOKS = 30


def simulated(rates: tuple[float, float], share: float, *, cases: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Successes and cases at 30 looks of many worlds, shape (worlds, looks, 2)."""
    rng = np.random.default_rng(seed)
    arm = (rng.random((WORLDS, cases)) < share).astype(np.int8)
    success = (rng.random((WORLDS, cases)) < np.take(rates, arm)).astype(np.int8)
    at = np.linspace(cases / LOOKS, cases, LOOKS).astype(int) - 1
    n = np.stack([np.cumsum(arm == a, axis=1, dtype=np.int32)[:, at] for a in (0, 1)], axis=-1)
    won = np.stack([np.cumsum(success * (arm == a), axis=1, dtype=np.int32)[:, at] for a in (0, 1)], axis=-1)
    return won.astype(np.float64), n.astype(np.float64)


def ever(hit: np.ndarray) -> float:
    """Share of worlds in which it happened at some look."""
    return float(hit.any(axis=1).mean())


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.4])
@pytest.mark.parametrize("share", [0.5, 0.1, 0.9])
def test_thirty_looks_at_two_equal_arms_raise_a_false_alarm_in_at_most_five_of_a_hundred_worlds(
    rate: float, share: float
) -> None:
    won, n = simulated((rate, rate), share, cases=1500, seed=1)
    told = compare(won, n, scale=0.05)
    noise = 2 * np.sqrt(0.05 * 0.95 / WORLDS)
    assert ever((told.low > 0) | (told.high < 0)) <= 0.05 + noise


def test_looking_thirty_times_at_a_plain_interval_raises_it_in_far_more() -> None:
    """What the method is there to prevent: the same worlds, judged by 1.96 standard errors at each look."""
    won, n = simulated((0.2, 0.2), 0.5, cases=1500, seed=2)
    share = won / np.maximum(n, 1)
    error = np.sqrt((share * (1 - share) / np.maximum(n, 1)).sum(axis=-1))
    plain = (np.abs(share[..., 1] - share[..., 0]) > 1.96 * error) & (n >= LEAST).all(axis=-1)
    assert ever(plain) > 0.2
    told = compare(won, n, scale=0.05)
    assert ever((told.low > 0) | (told.high < 0)) <= 0.05


@pytest.mark.parametrize(("rates", "cases"), [((0.2, 0.3), 1500), ((0.05, 0.1), 1500)])
def test_a_real_difference_is_found_at_least_as_often_as_the_stated_power(
    rates: tuple[float, float], cases: int
) -> None:
    won, n = simulated(rates, 0.5, cases=cases, seed=3)
    told = compare(won, n, scale=0.05)
    stated = power(rates, (cases / 2, cases / 2), scale=0.05)
    assert 0.5 < stated <= ever(told.low > 0) + 0.02
    assert ever(told.high < 0) <= 0.01


def test_the_true_difference_stays_inside_at_every_look_in_95_of_a_hundred_worlds() -> None:
    won, n = simulated((0.15, 0.25), 0.5, cases=1500, seed=4)
    told = compare(won, n, scale=0.1)
    assert ever((told.low > 0.1) | (told.high < 0.1)) <= 0.05


def test_the_p_value_is_one_over_the_mixture_likelihood_ratio() -> None:
    """Against numerical integration of the likelihood ratio over the mixture, with the same variance."""
    won, n, scale = np.array([30.0, 55.0]), np.array([200.0, 210.0]), 0.05
    told = compare(won, n, scale=scale)
    share = (won + 1) / (n + 2)
    pooled = (won.sum() + 1) / (n.sum() + 2)
    error = np.sqrt(max((share * (1 - share) / n).sum(), (pooled * (1 - pooled) / n).sum()))
    effect = won[1] / n[1] - won[0] / n[0]

    def under(theta: float) -> float:
        return float(norm.pdf(effect, theta, error) / norm.pdf(effect, 0, error) * norm.pdf(theta, 0, scale))

    ratio, _ = integrate.quad(under, -1, 1, points=[0, effect])
    assert told.p == pytest.approx(1 / ratio, rel=1e-6)


counts = st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))


@settings(max_examples=100, deadline=None)
@given(counts, st.sampled_from([0.01, 0.05, 0.2]))
def test_interval_and_p_value_agree_and_swapping_the_arms_swaps_the_sign(
    given_counts: tuple[int, ...], scale: float
) -> None:
    won = np.array(given_counts[:2], dtype=np.float64)
    n = won + np.array(given_counts[2:], dtype=np.float64)
    told, swapped = compare(won, n, scale=scale), compare(won[::-1], n[::-1], scale=scale)
    if (n < LEAST).any():
        assert np.isnan([told.effect, told.low, told.high, told.p]).all()
        return
    assert told.low <= told.effect <= told.high
    assert (told.p < 0.05) == bool(told.low > 0 or told.high < 0)
    assert (swapped.effect, swapped.low, swapped.high) == pytest.approx((-told.effect, -told.high, -told.low))


def test_an_arm_in_which_nobody_won_has_a_width() -> None:
    told = compare(np.array([0.0, 0.0]), np.array([40.0, 40.0]), scale=0.05)
    assert told.effect == 0
    assert told.low < -0.05
    assert told.high > 0.05


def test_the_size_asked_for_is_the_smallest_that_has_the_power() -> None:
    shares = (0.5, 0.5)
    size = size_for((0.1, 0.15), shares=shares, scale=0.05)
    assert size is not None
    assert power((0.1, 0.15), (size / 2, size / 2), scale=0.05) >= 0.8
    assert power((0.1, 0.15), ((size - 2) / 2, (size - 2) / 2), scale=0.05) < 0.8
    # looks at any time cost cases: a single look at a fixed size would need 2 * 686 (two-sided, 5 %, 80 %)
    assert 1372 < size < 2.6 * 1372
    assert size_for((0.1, 0.1), shares=shares, scale=0.05) is None
    assert power((0.1, 0.9), (LEAST - 1, 500), scale=0.05) == 0.0


def test_more_cases_make_the_interval_narrower() -> None:
    widths = half_width(np.array([1e-2, 1e-3, 1e-4]), scale=0.05, alpha=0.05)
    assert (np.diff(widths) < 0).all()


@pytest.mark.parametrize(
    ("won", "n", "scale", "alpha", "says"),
    [
        ([3.0, 4.0], [2.0, 9.0], 0.1, 0.05, "more successes than cases"),
        ([-1.0, 4.0], [2.0, 9.0], 0.1, 0.05, "fewer than none"),
        ([1.0, 4.0, 2.0], [2.0, 9.0, 3.0], 0.1, 0.05, r"shape \(\.\.\., 2\)"),
        ([1.0, 4.0], [2.0, 9.0], 0.0, 0.05, "scale above 0"),
        ([1.0, 4.0], [2.0, 9.0], 0.1, 1.0, "alpha between 0 and 1"),
    ],
)
def test_impossible_counts_are_refused(won: list[float], n: list[float], scale: float, alpha: float, says: str) -> None:
    with pytest.raises(SequentialError, match=says):
        compare(np.array(won), np.array(n), scale=scale, alpha=alpha)
