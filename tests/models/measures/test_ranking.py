from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from models.measures import ranking
from models.measures.ranking import Ranking

ROWS = st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.integers(0, 3)), min_size=1, max_size=30)


def unpack(rows: list[tuple[int, bool, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    score, won, weight = map(np.array, zip(*rows, strict=True))
    return score.astype(np.float64), won, weight.astype(np.float64)


def once(score: np.ndarray, won: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return Ranking.of(score, won).sums(np.ones((1, len(score))))


def test_pairs_counted_one_by_one_give_the_same_auc() -> None:
    score = np.array([0.9, 0.5, 0.5, 0.1, 0.7])
    won = np.array([True, True, False, False, False])
    pairs = [(score[i] > score[j]) + 0.5 * (score[i] == score[j]) for i in (0, 1) for j in (2, 3, 4)]
    assert ranking.auc(*once(score, won))[0] == pytest.approx(np.mean(pairs))


@settings(max_examples=200, deadline=None)
@given(ROWS)
def test_weighted_auc_and_average_precision_are_those_of_scikit_learn(rows: list[tuple[int, bool, int]]) -> None:
    score, won, weight = unpack(rows)
    sums = Ranking.of(score, won).sums(weight[None, :])
    wins, others = weight[won].sum(), weight[~won].sum()
    auc, precision = ranking.auc(*sums)[0], ranking.average_precision(*sums)[0]
    if wins and others:
        assert auc == pytest.approx(roc_auc_score(won, score, sample_weight=weight))
    else:
        assert np.isnan(auc)
    if wins:
        assert precision == pytest.approx(average_precision_score(won, score, sample_weight=weight))
    else:
        assert np.isnan(precision)


@settings(max_examples=100, deadline=None)
@given(ROWS)
def test_a_weight_of_three_is_three_equal_rows(rows: list[tuple[int, bool, int]]) -> None:
    score, won, weight = unpack(rows)
    if not weight.sum():
        return
    times = weight.astype(int)
    weighed = Ranking.of(score, won).sums(weight[None, :])
    repeated = once(np.repeat(score, times), np.repeat(won, times))
    for figure in (ranking.auc, ranking.average_precision):
        np.testing.assert_allclose(figure(*weighed), figure(*repeated))
    np.testing.assert_allclose(ranking.captured(*weighed, share=0.3), ranking.captured(*repeated, share=0.3))


def test_the_top_fifth_of_ten_rows_holds_one_of_two_wins() -> None:
    won = np.array([False, True, False, False, False, True, False, False, False, False])
    assert ranking.captured(*once(np.arange(10.0)[::-1], won), share=0.2)[0] == pytest.approx(0.5)


def test_rows_with_equal_scores_share_their_places() -> None:
    score = np.array([2.0, 1.0, 1.0, 1.0])
    won = np.array([False, True, False, False])
    orders = itertools.permutations([1, 2, 3])
    # the top half holds row 0 and whichever of the three equal rows comes first
    expected = np.mean([float(won[order[0]]) for order in orders])
    assert ranking.captured(*once(score, won), share=0.5)[0] == pytest.approx(expected)


def test_a_constant_score_captures_what_it_calls() -> None:
    won = np.array([True, False, False, True, False])
    assert ranking.captured(*once(np.zeros(5), won), share=0.1)[0] == pytest.approx(0.1)
    assert ranking.auc(*once(np.zeros(5), won))[0] == 0.5


def brute_force_at_capacity(score: np.ndarray, won: np.ndarray, day: np.ndarray, calls: int) -> dict[str, float]:
    """Average over every order among equals, day by day; random calls on the same days as the baseline."""
    found = called = expected = 0.0
    for d in np.unique(day):
        rows = np.flatnonzero(day == d)
        k = min(calls, len(rows))
        orders = [o for o in itertools.permutations(rows) if (np.diff(score[list(o)]) <= 0).all()]
        found += np.mean([won[list(o[:k])].sum() for o in orders])
        called += k
        expected += k * won[rows].mean()
    return {"precision": found / called, "lift": found / expected, "captured": found / won.sum()}


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.integers(0, 1)), min_size=1, max_size=9),
    st.integers(1, 5),
)
def test_figures_at_capacity_are_those_of_calling_day_by_day(rows: list[tuple[int, bool, int]], calls: int) -> None:
    score, won, day = unpack(rows)
    if not won.any():
        return
    got = ranking.at_capacity(Ranking.of(score, won, day=day.astype(np.int64)), np.ones((1, len(won))), calls=calls)
    for name, value in brute_force_at_capacity(score, won, day, calls).items():
        assert got[f"{name}_at_capacity"][0] == pytest.approx(value)


def test_without_a_win_figures_do_not_exist_and_nothing_fails() -> None:
    daily = Ranking.of(np.arange(3.0), np.zeros(3, dtype=bool), day=np.array([0, 0, 1]))
    figures = ranking.at_capacity(daily, np.ones((2, 3)), calls=1)
    assert figures["precision_at_capacity"].tolist() == [0.0, 0.0]
    assert np.isnan(figures["lift_at_capacity"]).all()
    assert np.isnan(figures["captured_at_capacity"]).all()


@pytest.mark.parametrize("scores", [[3.0, 1.0, 2.0, 4.0], [3.0, 1.0, 1.0, 4.0]], ids=["no ties", "a tie"])
def test_sums_are_those_added_up_group_by_group_with_and_without_ties(scores: list[float]) -> None:
    order, won = np.array(scores), np.array([True, False, True, False])
    weight = np.array([[1.0, 2.0, 0.0, 3.0], [0.5, 1.0, 4.0, 1.0]])

    wins, everyone = Ranking.of(order, won).sums(weight)

    falling = sorted(set(scores), reverse=True)
    assert everyone.tolist() == [[w[order == s].sum() for s in falling] for w in weight]
    assert wins.tolist() == [[w[(order == s) & won].sum() for s in falling] for w in weight]
