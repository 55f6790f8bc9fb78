"""Places drawn by chance: the logged chance is the true one, and hold-out is the same on every day."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.decision.allocation import allocate
from models.decision.assignment import Candidates
from models.decision.exploration import Drawn, explore, held_out
from models.decision.team import Team

DAY = dt.date(2026, 3, 2)


def team_of(*places: int, kinds: int = 1) -> Team:
    owners = tuple(f"o{k}" for k in range(len(places)))
    may = np.ones((kinds, len(places)), dtype=bool)
    return Team(owners, np.array(places), np.ones((len(places), 1), dtype=bool), may)


def alone(n: int) -> Candidates:
    """n candidates without accounts, who may be given to anybody."""
    return Candidates(np.arange(n, 0.0, -1.0), np.zeros(n, int), np.full(n, -1), np.full(n, -1))


def drawn_of(given: Candidates, team: Team, *, share: float, seed: int = 0, day: dt.date = DAY) -> Drawn:
    lists = allocate(given, team.may_today, team.places)
    return explore(lists, given, team, share=share, seed=seed, day=day)


def test_without_exploration_everybody_listed_is_listed_for_sure():
    drawn = drawn_of(alone(4), team_of(2), share=0)
    assert drawn.how.tolist() == ["value", "value", "", ""]
    assert drawn.propensity.tolist() == [1, 1, 0, 0]


def test_half_of_a_list_of_four_is_drawn_among_all_who_are_not_in_its_first_half():
    drawn = drawn_of(alone(10), team_of(4), share=0.5)
    assert drawn.how[:2].tolist() == ["value", "value"]
    assert sorted(drawn.how[2:]) == [""] * 6 + ["exploration"] * 2
    assert drawn.propensity == pytest.approx([1, 1] + [2 / 8] * 8)


def test_a_share_of_a_place_is_a_lottery_with_that_chance():
    # 5 % of 8 places is 0.4: the 8th place is drawn with chance 0.4, then among 13
    lists = np.append(np.zeros(8, int), np.full(12, -1))
    drawn = [explore(lists, alone(20), team_of(8), share=0.05, seed=seed, day=DAY) for seed in range(500)]
    assert drawn[0].propensity == pytest.approx([1] * 7 + [0.6 + 0.4 / 13] + [0.4 / 13] * 12)
    places = pd.concat([d.lotteries for d in drawn])
    assert set(places["drawn"]) == {0, 1}
    assert places["drawn"].mean() == pytest.approx(0.4, abs=0.05)
    assert places["share"].unique() == pytest.approx([0.4])


def test_a_whole_number_of_places_is_not_left_to_a_lottery():
    assert drawn_of(alone(30), team_of(20), share=0.05).lotteries[["share", "drawn"]].to_numpy().tolist() == [[0, 1]]


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_the_logged_chance_is_how_often_each_one_is_called(share):
    rng = np.random.default_rng(1)
    n, draws = 24, 1_000
    given = Candidates(
        np.sort(rng.random(n))[::-1].copy(), rng.integers(0, 3, n), rng.integers(-1, 9, n), np.full(n, -1)
    )
    may = np.array([[True, False], [False, True], [True, True]])
    team = Team(("kim", "lee"), np.array([3, 5]), np.ones((2, 1), dtype=bool), may)
    lists = allocate(given, team.may_today, team.places)
    runs = [explore(lists, given, team, share=share, seed=seed, day=DAY) for seed in range(draws)]
    called = np.mean([run.owner >= 0 for run in runs], axis=0)
    propensity = runs[0].propensity
    assert all((run.propensity == propensity).all() for run in runs)
    error = 4 * np.sqrt(propensity * (1 - propensity) / draws)
    assert (np.abs(called - propensity) <= error + 1e-9).all()
    assert propensity.sum() == pytest.approx(np.mean([(run.owner >= 0).sum() for run in runs]), rel=0.01)


def test_nobody_is_drawn_whose_account_is_called_and_only_the_first_of_an_account():
    given = Candidates(np.arange(6, 0.0, -1.0), np.zeros(6, int), np.array([1, 1, 2, 2, -1, -1]), np.full(6, -1))
    drawn = drawn_of(given, team_of(2), share=0.5)
    # listed by value: the first of account 1 and the first of account 2, whose place is drawn
    assert drawn.propensity == pytest.approx([1, 0, 1 / 3, 0, 1 / 3, 1 / 3])


def test_where_everybody_is_called_nothing_is_drawn():
    drawn = drawn_of(alone(3), team_of(5), share=0.5)
    assert drawn.how.tolist() == ["value"] * 3
    assert drawn.propensity.tolist() == [1, 1, 1]


def test_unowned_prospects_are_dealt_to_the_pools_in_turn():
    drawn = drawn_of(alone(10), team_of(1, 1), share=1.0)
    assert drawn.lotteries["pool"].tolist() == [5, 5]
    assert drawn.propensity == pytest.approx([1 / 5] * 10)


def test_other_days_draw_others_and_the_same_day_the_same():
    days = [DAY + dt.timedelta(days=k) for k in range(6)]
    lists = [drawn_of(alone(50), team_of(5), share=1.0, day=day).owner.tolist() for day in days]
    again = [drawn_of(alone(50), team_of(5), share=1.0, day=day).owner.tolist() for day in days]
    assert lists == again
    assert len({tuple(called) for called in lists}) == 6


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 15), st.integers(0, 6), st.integers(0, 30), st.floats(0, 1), st.integers(0, 99))
def test_places_are_never_exceeded_and_never_left_empty_while_somebody_waits(one, other, n, share, seed):
    team = team_of(one, other)
    drawn = drawn_of(alone(n), team, share=share, seed=seed)
    calls = np.bincount(drawn.owner[drawn.owner >= 0], minlength=2)
    assert (calls <= team.places).all()
    assert calls.sum() == min(n, one + other)
    assert ((drawn.propensity > 0) | (drawn.owner < 0)).all()
    assert ((drawn.how == "") == (drawn.owner < 0)).all()


def test_hold_out_is_a_share_of_all_and_depends_on_seed_and_prospect_alone():
    ids = pd.Series([f"p{k}" for k in range(4_000)])
    held = held_out(ids, 0.1, 7)
    assert held.mean() == pytest.approx(0.1, abs=0.015)
    assert (held_out(ids[::-1], 0.1, 7)[::-1] == held).all()
    assert (held_out(ids, 0.2, 7) >= held).all()
    assert (held_out(ids, 0.1, 8) != held).any()
    assert not held_out(ids, 0.0, 7).any()
