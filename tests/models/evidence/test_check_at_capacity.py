from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from models.evidence.checks.at_capacity import compare, loses, on_list, recency_order
from models.measures.ranking import Ranking, at_capacity
from tests.models.evidence.check_worlds import world
from tests.models.journeys import keys_of


def keys(who: list[int], week: list[int]) -> pd.DataFrame:
    return keys_of(np.array(who), np.array(week))


def test_each_day_has_its_own_list() -> None:
    two_days = keys([0, 1, 2, 0, 1, 2], [0, 0, 0, 1, 1, 1])
    order = np.array([3.0, 2.0, 1.0, 1.0, 2.0, 3.0])
    assert on_list(order, two_days, calls=1).tolist() == [1, 0, 0, 0, 0, 1]
    assert on_list(order, two_days, calls=2).tolist() == [1, 1, 0, 0, 1, 1]
    assert on_list(order, two_days, calls=9).tolist() == [1] * 6


def test_rows_of_equal_order_share_the_places_left() -> None:
    day = keys([0, 1, 2, 3], [0] * 4)
    assert on_list(np.array([9.0, 5.0, 5.0, 1.0]), day, calls=2).tolist() == [1, 0.5, 0.5, 0]
    assert on_list(np.zeros(4), day, calls=1).tolist() == [0.25] * 4


def test_a_win_counts_once_by_the_days_on_which_the_list_had_it() -> None:
    # prospect 0 is won and was looked at on two days before: first on one list, last on the other
    label = np.array([1.0, 0.0, 1.0, 0.0])
    found = compare(
        label, np.array([2.0, 1.0, 1.0, 2.0]), np.array([1.0, 2.0, 1.0, 2.0]), keys=keys([0, 1, 0, 1], [0, 0, 1, 1]),
        calls=1, seed=0,
    )  # fmt: skip
    assert (found.won, found.new, found.old, found.value) == (1, 0.5, 0.0, 0.5)


@drawn(st.integers(0, 10_000))
def test_one_snapshot_a_prospect_gives_the_captured_wins_of_the_report(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 40
    label, day = (rng.random(n) < 0.4).astype(float), rng.integers(0, 3, n)
    orders = rng.integers(0, 5, (2, n)).astype(float)
    calls = int(rng.integers(1, 8))
    found = compare(label, *orders, keys=keys(list(range(n)), list(day)), calls=calls, seed=0, draws=5)
    for order, had in zip(orders, (found.new, found.old), strict=True):
        ranking = Ranking.of(order, label == 1.0, day=day.astype(np.int64))
        captured = at_capacity(ranking, np.ones((1, n)), calls=calls)["captured_at_capacity"][0]
        assert had == pytest.approx(np.nan_to_num(captured) * label.sum())


def test_the_interval_is_that_of_drawing_whole_prospects_by_hand() -> None:
    rng = np.random.default_rng(3)
    who, week = np.repeat(np.arange(60), 3), np.tile(np.arange(3), 60)
    label = np.repeat(rng.random(60) < 0.4, 3).astype(float)
    new, old = rng.normal(size=(2, 180))
    given = keys(list(who), list(week))
    found = compare(label, new, old, keys=given, calls=10, seed=1, draws=4000)
    more = (on_list(new, given, calls=10) - on_list(old, given, calls=10)) * label / 3
    by_prospect = np.bincount(who, weights=more)
    sums = [by_prospect[rng.integers(0, 60, 60)].sum() for _ in range(4000)]
    assert [found.low, found.high] == pytest.approx(np.quantile(sums, [0.025, 0.975]), abs=0.34)


def test_an_order_against_itself_gains_exactly_nothing() -> None:
    label, order = np.array([1.0, 0.0, 1.0]), np.array([3.0, 2.0, 1.0])
    found = compare(label, order, order, keys=keys([0, 1, 2], [0, 0, 0]), calls=1, seed=0)
    assert (found.value, found.low, found.high, found.calls_all) == (0.0, 0.0, 0.0, False)


def test_a_team_that_calls_everybody_has_every_win_in_any_order() -> None:
    label, order = np.array([1.0, 0.0, 1.0]), np.array([3.0, 2.0, 1.0])
    found = compare(label, order, -order, keys=keys([0, 1, 2], [0, 0, 0]), calls=3, seed=0)
    assert (found.new, found.old, found.calls_all) == (2.0, 2.0, True)


def test_without_a_win_there_is_nothing_to_gain() -> None:
    found = compare(np.zeros(3), np.arange(3.0), -np.arange(3.0), keys=keys([0, 1, 2], [0, 0, 0]), calls=1, seed=0)
    assert (found.won, found.value, found.low, found.high) == (0, 0.0, 0.0, 0.0)


def test_the_order_by_recency_is_the_days_since_anything_happened() -> None:
    values = world().matrix.values
    days = values[["touch_all_days_since", "prospect_age_days"]].min(axis=1).to_numpy(dtype=float)
    order = recency_order(values, world().matrix.keys)
    known = values["touch_all_days_since"].notna().to_numpy()
    assert (np.argsort(-order[known], kind="stable") == np.argsort(days[known], kind="stable")).all()


def test_an_order_loses_to_its_opposite_where_it_is_surely_worse() -> None:
    truth = world().truth
    label = (np.random.default_rng(0).random(len(truth)) < truth).astype(float)
    asked = {"keys": world().matrix.keys, "calls": 10, "seed": 1}
    loss = loses(label, -truth, truth, **asked)
    assert loss is not None
    assert loss.capacity.high < 0
    assert loss.auc.high < 0
    assert "AUC -0." in loss.words("the truth")
    assert loses(label, truth, -truth, **asked) is None


def test_an_order_that_is_worse_as_a_whole_but_has_the_wins_on_its_list_does_not_lose() -> None:
    """Only the places of the list are called: 30 wins first and 40 last, against 30 losses before all 70 wins."""
    label = np.repeat([1.0, 1.0, 0.0, 0.0], [30, 40, 30, 300])
    short, long = np.repeat([3.0, 1.0, 2.0, 2.0], [30, 40, 30, 300]), np.repeat([2.0, 2.0, 3.0, 1.0], [30, 40, 30, 300])
    asked = {"keys": keys(list(range(400)), [0] * 400), "calls": 30, "seed": 1}
    assert compare(label, short, long, **asked).value == 30
    assert loses(label, short, long, **asked) is None
    assert loses(label, long, short, **asked) is not None


def test_where_the_lists_are_alike_the_order_as_a_whole_decides() -> None:
    """Both lists have no win; of the rest one order finds the wins first and the other last."""
    label = np.repeat([0.0, 1.0, 0.0], [10, 40, 50])
    good, bad = np.repeat([3.0, 2.0, 1.0], [10, 40, 50]), np.repeat([3.0, 1.0, 2.0], [10, 40, 50])
    asked = {"keys": keys(list(range(100)), [0] * 100), "calls": 10, "seed": 1}
    assert loses(label, good, bad, **asked) is None
    assert loses(label, bad, good, **asked) is not None
