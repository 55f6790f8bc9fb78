from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.measures.qini import qini_coefficient, qini_curve

YES = np.array([1.0, 0.0, 1.0, 0.0])
TREATED = np.array([True, False, True, False])


def peer(outcome: np.ndarray, treated: np.ndarray, score: np.ndarray) -> float:
    """scikit-uplift's coefficient: an implementation by others."""
    metrics = pytest.importorskip("sklift.metrics")
    with warnings.catch_warnings():
        # it calls a function that scikit-learn has marked for removal
        warnings.simplefilter("ignore", FutureWarning)
        return float(metrics.qini_auc_score(outcome, score, treated.astype(int)))


def drawn(seed: int, n: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return (rng.random(n) < 0.3).astype(float), rng.random(n) < 0.4, rng.normal(size=n)


def test_the_curve_counts_what_was_gained_over_as_many_controls_by_hand() -> None:
    called, gained = qini_curve(YES, TREATED, score=np.array([4.0, 3.0, 2.0, 1.0]))
    assert called.tolist() == [0, 1, 2, 3, 4]
    # without a control called yet there is nothing to take away
    assert gained.tolist() == [0, 1, 1, 2, 2]


def test_equal_scores_are_called_together() -> None:
    called, gained = qini_curve(YES, TREATED, score=np.zeros(4))
    assert (called.tolist(), gained.tolist()) == ([0, 4], [0, 2])


def test_an_order_without_order_has_a_coefficient_of_0() -> None:
    outcome, treated, _ = drawn(0)
    assert qini_coefficient(outcome, treated, score=np.zeros(300))[0] == 0.0


def test_nobody_does_better_than_the_best_order() -> None:
    outcome, treated, score = drawn(1)
    best = np.where(treated, outcome, -outcome)
    assert qini_coefficient(outcome, treated, score=best)[0] == pytest.approx(1.0)
    assert qini_coefficient(outcome, treated, score=score)[0] < 1.0


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("digits", [1, 8])
def test_the_coefficient_is_that_of_scikit_uplift(seed: int, digits: int) -> None:
    outcome, treated, score = drawn(seed)
    score = np.round(score, digits)
    assert qini_coefficient(outcome, treated, score=score)[0] == pytest.approx(peer(outcome, treated, score))


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_a_weight_of_two_is_the_same_as_the_row_twice(seed: int) -> None:
    outcome, treated, score = drawn(seed, n=60)
    weight = np.random.default_rng(seed).integers(0, 3, 60)
    weighed = qini_coefficient(outcome, treated, score=score, weight=weight[None, :].astype(float))
    rows = np.repeat(np.arange(60), weight)
    repeated = qini_coefficient(outcome[rows], treated[rows], score=score[rows])
    assert weighed[0] == pytest.approx(repeated[0], nan_ok=True)


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_only_the_order_of_the_scores_counts_and_not_that_of_the_rows(seed: int) -> None:
    outcome, treated, score = drawn(seed, n=60)
    shuffled = np.random.default_rng(seed).permutation(60)
    one = qini_coefficient(outcome, treated, score=score)
    other = qini_coefficient(outcome[shuffled], treated[shuffled], score=np.exp(score[shuffled]))
    assert one == pytest.approx(other)


def test_where_nobody_said_yes_no_order_can_gain() -> None:
    assert np.isnan(qini_coefficient(np.zeros(4), TREATED, score=np.arange(4.0))).all()
