from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from models.measures.likeness import MOST_BANDS, Bands, fit_bands, wilson


def bands(margin: np.ndarray, won: np.ndarray) -> Bands:
    return fit_bands(margin, won, prospects=[f"p{i}" for i in range(len(margin))], seed=1)


def test_the_eighty_scored_most_alike_are_forty_below_and_forty_above() -> None:
    margin = np.arange(1000.0)
    won = ((margin >= 460) & (margin < 500)).astype(np.float64)
    n, wins = bands(margin, won).like(np.array([499.5, 459.5, 0.0, 999.0]))
    assert n.tolist() == [80, 80, 80, 80]
    assert wins.tolist() == [40, 40, 0, 0]


@pytest.mark.parametrize("margin", [-1e9, -1.0, 30.0, 1e9])
def test_where_fewer_were_held_out_all_of_them_count(margin: float) -> None:
    n, won = bands(np.arange(30.0), np.repeat([0.0, 1.0], 15)).like(np.array([margin]))
    assert (n[0], won[0]) == (30, 15)


def test_equal_margins_count_together_or_not_at_all() -> None:
    margin = np.repeat([0.0, 1.0], [500, 20])
    won = np.repeat([0.0, 1.0], [500, 20])
    n, wins = bands(margin, won).like(np.array([0.0, 1.0]))
    assert (n[0], wins[0]) == (500, 0)
    assert (n[1], wins[1]) == (520, 20)


def test_a_prospect_seen_on_ten_days_counts_once() -> None:
    found = fit_bands(np.arange(50.0), np.zeros(50), prospects=[f"p{i % 5}" for i in range(50)], seed=1)
    assert sum(found.n) == 5


def test_nothing_held_out_counts_nobody() -> None:
    n, won = Bands().like(np.array([0.0, 1.0]))
    assert n.tolist() == [0, 0]
    assert won.tolist() == [0, 0]


def test_very_many_margins_are_merged_without_losing_a_prospect() -> None:
    rng = np.random.default_rng(0)
    won = (rng.random(9001) < 0.3).astype(np.float64)
    found = bands(rng.normal(size=9001), won)
    assert len(found.n) <= MOST_BANDS
    assert sum(found.n) == 9001
    assert sum(found.won) == won.sum()
    assert list(found.margin) == sorted(found.margin)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(-5, 5), st.booleans()), min_size=1, max_size=200), st.floats(-7, 7))
def test_counts_are_possible_and_as_many_as_asked_where_there_are_as_many(
    rows: list[tuple[int, bool]], at: float
) -> None:
    margin, won = (np.array(c, dtype=np.float64) for c in zip(*rows, strict=True))
    n, wins = bands(margin, won).like(np.array([at]))
    assert min(len(rows), 80) <= n[0] <= len(rows)
    assert 0 <= wins[0] <= n[0]


@pytest.mark.parametrize(("won", "n"), [(0, 80), (31, 80), (80, 80), (1, 3)])
def test_wilsons_interval_is_that_of_scipy(won: int, n: int) -> None:
    low, high = wilson(np.array([won]), np.array([n]))
    expected = binomtest(won, n).proportion_ci(method="wilson")
    assert low[0] == pytest.approx(expected.low, abs=1e-12)
    assert high[0] == pytest.approx(expected.high, abs=1e-12)


def test_no_count_no_interval() -> None:
    assert np.isnan(wilson(np.array([0]), np.array([0]))).all()
