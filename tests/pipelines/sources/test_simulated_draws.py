"""Laws of the drawing functions of the simulated company."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources.simulated.draws import cumulated, pick, systematic

CHANCES = st.lists(st.floats(0, 0.95), min_size=1, max_size=60).map(np.array)


@given(CHANCES, st.integers(0, 2**32))
def test_any_run_of_entries_is_chosen_to_within_one_of_its_sum(chances: np.ndarray, seed: int) -> None:
    chosen = systematic(np.random.default_rng(seed), chances)
    for first in range(len(chances)):
        assert abs(chosen[first:].sum() - chances[first:].sum()) < 1 + 1e-9


def test_each_entry_is_chosen_with_its_own_chance() -> None:
    chances = np.array([0.1, 0.5, 0.02, 0.9, 0.0, 0.33])
    rng = np.random.default_rng(5)
    share = np.mean([systematic(rng, chances) for _ in range(4000)], axis=0)
    assert np.abs(share - chances).max() < 4 * np.sqrt(0.25 / 4000)


@given(st.lists(st.floats(0, 5), min_size=1, max_size=6), st.integers(0, 2**32))
def test_a_weight_of_zero_is_never_drawn(weights: list[float], seed: int) -> None:
    table = np.array([[*weights, 1.0, 0.0]])
    drawn = pick(np.random.default_rng(seed), np.repeat(cumulated(table), 50, axis=0))
    assert (table[0, drawn] > 0).all()


def test_columns_are_drawn_in_proportion_to_their_weights() -> None:
    drawn = pick(np.random.default_rng(1), np.repeat(cumulated(np.array([[1.0, 2.0, 1.0]])), 8000, axis=0))
    assert np.abs(np.bincount(drawn) / 8000 - [0.25, 0.5, 0.25]).max() < 0.025
