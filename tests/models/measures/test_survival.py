from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.measures.survival import Ends, brier_rows, concordance, integrated_brier_rows, longest, won_rows


def ends_of(text: str) -> Ends:
    """Write rows as "10 won, 5 lost, 28 open"."""
    days, how = zip(*(row.split() for row in text.split(", ")), strict=True)
    how = np.array(how)
    return Ends(np.array(days, dtype=float), how == "won", how == "lost")


def by_pairs(ends: Ends, score: np.ndarray) -> float:
    agreed = pairs = 0.0
    for i in range(len(score)):
        for j in range(len(score)):
            longer = np.inf if ends.over[j] else ends.days[j]
            if ends.won[i] and (longer > ends.days[i] or (longer == ends.days[i] and not ends.won[j])):
                pairs += 1
                agreed += 1.0 if score[i] > score[j] else 0.5 if score[i] == score[j] else 0.0
    return agreed / pairs if pairs else np.nan


def test_concordance_counts_who_was_won_earlier() -> None:
    ends = ends_of("5 won, 10 won, 20 open, 3 lost")
    assert concordance(ends, np.array([0.9, 0.5, 0.1, 0.2]))[0] == 1.0
    assert concordance(ends, np.array([0.1, 0.5, 0.9, 0.8]))[0] == 0.0
    assert concordance(ends, np.ones(4))[0] == 0.5


def test_who_stopped_being_watched_before_a_win_is_not_compared_with_it() -> None:
    assert np.isnan(concordance(ends_of("5 won, 4 open"), np.array([0.1, 0.9]))[0])
    assert concordance(ends_of("5 won, 5 open"), np.array([0.9, 0.1]))[0] == 1.0


ROWS = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from(["won", "lost", "open"]), st.integers(0, 3), st.integers(0, 2)),
    min_size=1, max_size=10,
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(ROWS)
def test_concordance_is_what_counting_pairs_gives_also_with_weights(rows: list[tuple[int, str, int, int]]) -> None:
    ends = ends_of(", ".join(f"{days} {how}" for days, how, *_ in rows))
    score = np.array([row[2] for row in rows], dtype=float)
    weight = np.array([row[3] for row in rows])
    again = np.repeat(np.arange(len(rows)), weight)
    drawn = Ends(ends.days[again], ends.won[again], ends.over[again])
    found = concordance(ends, score, weight=np.array([np.ones(len(rows)), weight], dtype=float))
    # a row drawn twice is not compared with itself: equal times of wins never are
    np.testing.assert_allclose(found, [by_pairs(ends, score), by_pairs(drawn, score[again])])


def test_concordance_is_that_of_lifelines() -> None:
    utils = pytest.importorskip("lifelines.utils")
    rng = np.random.default_rng(0)
    days, won, score = rng.integers(1, 30, 200).astype(float), rng.random(200) < 0.5, rng.normal(size=200).round(1)
    expected = utils.concordance_index(days, -score, won)
    assert concordance(Ends(days, won, np.zeros(200, dtype=bool)), score)[0] == pytest.approx(expected)


def test_the_share_watched_is_kaplan_meier_of_the_stops() -> None:
    # 4 at risk of the stop at 2, then 2 of the one at 5: an end at the moment of a stop comes first
    ends = ends_of("1 won, 2 open, 2 lost, 5 open, 9 open")
    assert ends.followed([0, 2, 2.1, 5, 5.1, 9]).tolist() == pytest.approx([1, 1, 2 / 3, 2 / 3, 1 / 3, 1 / 3])


def test_without_stops_the_brier_score_is_the_plain_one() -> None:
    ends = ends_of("5 won, 20 won, 3 lost, 30 lost")
    chance = np.array([0.8, 0.3, 0.2, 0.1])
    assert brier_rows(ends, chance, 10).tolist() == pytest.approx([0.04, 0.09, 0.04, 0.01])


def test_a_row_not_watched_until_t_weighs_nothing_and_its_share_goes_to_the_others() -> None:
    ends = ends_of("5 won, 7 open, 10 open, 12 won")
    # before 7 nobody had stopped; of the three at risk at 7, two are watched until 10
    assert brier_rows(ends, np.zeros(4), 10).tolist() == pytest.approx([1.0, 0.0, 0.0, 0.0])
    assert brier_rows(ends, np.ones(4), 10).tolist() == pytest.approx([0.0, 0.0, 1.5, 1.5])


def test_a_win_at_t_is_not_a_win_within_t() -> None:
    assert won_rows(ends_of("10 won, 20 open"), 10).tolist() == [0.0, 0.0]
    assert won_rows(ends_of("9 won, 20 open"), 10).tolist() == [1.0, 0.0]


def test_over_many_companies_the_weights_undo_the_censoring() -> None:
    truth, found, naive = [], [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        won_at, lost_at, stop = rng.exponential(40, 300), rng.exponential(60, 300), rng.uniform(0, 60, 300)
        first = np.minimum(won_at, lost_at)
        days, over = np.minimum(first, stop), first <= stop
        ends = Ends(days, over & (won_at < lost_at), over & (won_at >= lost_at))
        truth.append(((won_at < lost_at) & (won_at < 30)).mean())
        found.append(won_rows(ends, 30).mean())
        naive.append((ends.won & (days < 30)).mean())
    assert np.mean(found) == pytest.approx(np.mean(truth), abs=0.01)
    assert np.mean(naive) < np.mean(truth) - 0.05


def test_the_integrated_score_is_the_area_under_the_brier_scores() -> None:
    ends = ends_of("5 won, 40 lost")
    chances = np.array([[0.0, 0.5], [0.0, 0.2]])
    # at 4: errors 0 and 0; at 10: 0.25 and 0.04; over 10 days: half of 6 days' rise
    assert integrated_brier_rows(ends, chances, (4.0, 10.0)).tolist() == pytest.approx([0.075, 0.012])


def test_times_are_kept_as_long_as_enough_rows_are_watched() -> None:
    assert longest(ends_of("10 open, 20 open, 30 open, 90 open"), (5.0, 15.0, 25.0, 95.0)) == 3
    assert longest(Ends(np.zeros(0), np.zeros(0, dtype=bool), np.zeros(0, dtype=bool)), (5.0,)) == 0


def test_beyond_all_watching_there_is_no_score() -> None:
    with pytest.raises(ValueError, match="nobody is watched for 31 days"):
        brier_rows(ends_of("10 open, 30 open"), np.zeros(2), 31)


@pytest.mark.parametrize(
    ("days", "won", "over"), [([-1.0], [True], [False]), ([np.nan], [True], [False]), ([1.0], [], [])]
)
def test_rows_that_cannot_be_are_refused(days: list[float], won: list[bool], over: list[bool]) -> None:
    with pytest.raises(ValueError, match="days must be 0 or more"):
        Ends(np.array(days), np.array(won, dtype=bool), np.array(over, dtype=bool))


def test_a_row_is_not_won_and_over_at_once() -> None:
    with pytest.raises(ValueError, match="won and over at once"):
        Ends(np.ones(1), np.ones(1, dtype=bool), np.ones(1, dtype=bool))
