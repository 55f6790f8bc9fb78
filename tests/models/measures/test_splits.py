from __future__ import annotations

import doctest

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import NotEnoughHistory
from models.measures import splits
from models.measures.splits import ForwardSplit, forward_split, rolling_origin
from tests.models.journeys import keys_of

DAY = pd.Timedelta(days=1)
WEEK = 7 * DAY


def steady(weeks: int, *, stay: int = 3, won: bool = True) -> tuple[pd.DataFrame, np.ndarray]:
    """Two newcomers a week, each looked at for `stay` weeks; every second one is won, always."""
    who = np.repeat(np.arange(2 * weeks), stay)
    week = who // 2 + np.tile(np.arange(stay), 2 * weeks)
    return keys_of(who, week), (who % 2 == 0).astype(np.float64) * won


def days(keys: pd.DataFrame, rows: np.ndarray) -> list[str]:
    return sorted(set(keys["as_of"][rows].dt.strftime("%Y-%m-%d")))


def test_the_worked_example_in_the_module_is_what_the_code_does() -> None:
    assert doctest.testmod(splits).failed == 0
    assert doctest.testmod(splits).attempted > 3


def test_a_long_history_gives_three_parts_two_gaps_apart() -> None:
    keys, label = steady(52)
    split = forward_split(keys, label, horizon=4 * WEEK, least_wins=5)
    as_of = keys["as_of"]
    assert not split.shares_calibration
    assert as_of[split.train].max() + 4 * WEEK == as_of[split.calibrate].min()
    assert as_of[split.calibrate].max() + 4 * WEEK == as_of[split.test].min()
    np.testing.assert_array_equal(split.trial, split.train)


def test_every_week_from_the_start_of_the_test_on_is_in_the_test() -> None:
    keys, label = steady(52)
    split = forward_split(keys, label, horizon=4 * WEEK, least_wins=5)
    start = keys["as_of"][split.test].min()
    np.testing.assert_array_equal(split.test, (keys["as_of"] >= start).to_numpy())


def test_events_at_customers_of_old_are_counted_themselves() -> None:
    # ten customers, all of whom were first called in the first ten weeks, and one call to each in every third week
    weeks = pd.date_range("2025-01-06", periods=60, freq="7D", tz="UTC").as_unit("us")
    calls = [(f"p{who}", weeks[n]) for n in range(60) for who in range(10) if n >= who and (n - who) % 3 == 0]
    keys = pd.DataFrame(calls, columns=["prospect_id", "as_of"])
    label = np.ones(len(keys))
    by_newcomers = forward_split(keys, label, horizon=WEEK, least_wins=3)
    by_calls = forward_split(keys, label, horizon=WEEK, least_wins=3, by_rows=True)
    assert by_newcomers.train.mean() < 0.1
    assert 0.5 < by_calls.train.mean() < 0.65
    assert 0.2 < by_calls.test.mean() < 0.3


def test_where_arrivals_dry_up_the_test_still_holds_newcomers() -> None:
    keys, label = steady(20, stay=30)
    split = forward_split(keys, label, horizon=4 * WEEK, least_wins=5)
    first = keys.groupby("prospect_id")["as_of"].min()
    assert (first >= keys["as_of"][split.test].min()).sum() >= 6
    # by days, the last quarter of the 49 weeks would start in week 37, when nobody has arrived for 17 weeks
    assert first.max() < keys["as_of"].min() + 37 * WEEK


def test_a_short_history_calibrates_inside_the_training_period_on_its_later_part() -> None:
    keys, label = steady(16)
    split = forward_split(keys, label, horizon=4 * WEEK, least_wins=3)
    as_of = keys["as_of"]
    assert split.shares_calibration
    assert not split.by_folds
    assert (split.calibrate <= split.train).all()
    assert as_of[split.trial].max() + 4 * WEEK <= as_of[split.calibrate].min()
    assert "inside the training period" in split.words["calibration"]


def test_a_history_of_hardly_more_than_the_horizon_calibrates_by_prospects_left_out() -> None:
    keys, label = steady(8)
    split = forward_split(keys, label, horizon=6 * WEEK, least_wins=3)
    assert split.by_folds
    assert split.shares_calibration
    np.testing.assert_array_equal(split.train, split.calibrate)
    assert "prospects left out" in split.words["calibration"]


def test_few_wins_share_one_period_however_long_it_is() -> None:
    keys, label = steady(104, won=False)
    assert forward_split(keys, label, horizon=4 * WEEK).by_folds


def test_a_row_without_label_is_in_no_part() -> None:
    keys, label = steady(52)
    label[::7] = np.nan
    split = forward_split(keys, label, horizon=4 * WEEK, least_wins=5)
    assert not (split.train | split.calibrate | split.test)[::7].any()


def test_the_words_give_first_and_last_snapshot_and_the_day_when_the_labels_are_closed() -> None:
    keys, label = steady(52)
    split = forward_split(keys, label, horizon=4 * WEEK, least_wins=5)
    train = days(keys, split.train)
    closed = (pd.Timestamp(train[-1]) + 4 * WEEK).strftime("%Y-%m-%d")
    assert split.words["train"] == f"snapshots {train[0]} to {train[-1]}, labels closed by {closed}"
    assert closed == days(keys, split.calibrate)[0]


def test_too_little_history_says_how_much_there_is_and_what_to_do() -> None:
    keys, label = steady(3, stay=1)
    message = (
        r"6 of 6 snapshots are labelled from 2024-01-01 to 2024-01-15 \(3 winning prospects\).*"
        r"horizon of 28 days apart.*shorten horizon_days"
    )
    with pytest.raises(NotEnoughHistory, match=message):
        forward_split(keys, label, horizon=4 * WEEK)


def test_no_labelled_row_is_not_enough_history() -> None:
    keys, label = steady(20)
    with pytest.raises(NotEnoughHistory, match="0 of 120 snapshots are labelled"):
        forward_split(keys, np.full_like(label, np.nan), horizon=4 * WEEK)


def test_keys_and_labels_of_different_length_are_refused() -> None:
    keys, label = steady(20)
    with pytest.raises(ValueError, match="120 keys but 119 labels"):
        forward_split(keys, label[1:], horizon=4 * WEEK)


@st.composite
def histories(draw: st.DrawFn) -> tuple[pd.DataFrame, np.ndarray, pd.Timedelta]:
    weeks = draw(st.lists(st.integers(0, 60), min_size=2, max_size=120))
    who = draw(st.lists(st.integers(0, 40), min_size=len(weeks), max_size=len(weeks)))
    label = draw(st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=len(weeks), max_size=len(weeks)))
    return keys_of(np.array(who), np.array(weeks)), np.array(label), draw(st.integers(1, 200)) * DAY


def parts(case: tuple[pd.DataFrame, np.ndarray, pd.Timedelta]) -> ForwardSplit | None:
    keys, label, horizon = case
    try:
        return forward_split(keys, label, horizon=horizon, least_wins=2)
    except NotEnoughHistory:
        return None


@settings(max_examples=300, deadline=None)
@given(histories())
def test_no_part_is_empty_and_each_is_later_than_the_one_before_by_the_horizon(
    case: tuple[pd.DataFrame, np.ndarray, pd.Timedelta],
) -> None:
    split, (keys, label, horizon) = parts(case), case
    if split is None:
        days_apart = keys["as_of"][~np.isnan(label)]
        assert days_apart.empty or days_apart.max() - days_apart.min() < horizon
        return
    last = {name: keys["as_of"][getattr(split, name)].max() for name in ("train", "trial", "calibrate")}
    assert max(last.values()) + horizon <= keys["as_of"][split.test].min()
    if not split.by_folds:
        assert last["trial"] + horizon <= keys["as_of"][split.calibrate].min()
    assert not ((split.train | split.calibrate | split.test) & np.isnan(label)).any()
    assert not (split.train & split.test).any()
    assert min(split.train.sum(), split.calibrate.sum(), split.test.sum()) > 0


@settings(max_examples=100, deadline=None)
@given(histories(), st.randoms())
def test_the_order_of_the_rows_does_not_matter(
    case: tuple[pd.DataFrame, np.ndarray, pd.Timedelta], random: object
) -> None:
    split, (keys, label, horizon) = parts(case), case
    order = np.arange(len(keys))
    random.shuffle(order)  # type: ignore[attr-defined]
    other = parts((keys.iloc[order].reset_index(drop=True), label[order], horizon))
    assert (split is None) == (other is None)
    if split is not None and other is not None:
        np.testing.assert_array_equal(split.test[order], other.test)
        np.testing.assert_array_equal(split.train[order], other.train)


def test_origins_roll_forward_with_ever_more_history() -> None:
    keys, label = steady(52)
    pairs = list(rolling_origin(keys, label, horizon=4 * WEEK, folds=3))
    assert len(pairs) == 3
    for train, test in pairs:
        assert keys["as_of"][train].max() + 4 * WEEK <= keys["as_of"][test].min()
    sizes = [int(train.sum()) for train, _ in pairs]
    assert sizes == sorted(set(sizes))
    assert np.sum([test for _, test in pairs], axis=0).max() == 1


def test_more_origins_than_days_are_refused() -> None:
    keys, label = steady(4)
    with pytest.raises(NotEnoughHistory, match="30 folds were asked for"):
        list(rolling_origin(keys, label, horizon=WEEK, folds=30))
