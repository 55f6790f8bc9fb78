"""Whom an experiment lists has a place before all others, under everything that stands in the way of anybody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.facts.definitions import Definitions
from models.decision.allocation import allocate, allocate_in_turn
from models.decision.assignment import NOBODY, Candidates
from models.decision.exploration import Drawn, explore
from models.decision.priority import TodaysList, todays_list
from models.decision.team import Team
from tests.models.decision.days import AS_OF, at, facts_of, left_out, listed, prospect, scores, touch

DAY = dt.date(2026, 3, 2)


def day_of(words: Definitions, *rows: dict[str, Any], first: tuple[str, ...], **chances: float | None) -> TodaysList:
    known = [row for row in rows if "touch_id" not in row]
    touches = [row for row in rows if "touch_id" in row]
    facts = facts_of(prospects=known, **({"touches": touches} if touches else {}))
    return todays_list(scores(**chances), facts, words, AS_OF, first=first)


def test_the_least_promising_is_on_its_owners_list_and_another_waits(definitions_of: Callable[..., Definitions]):
    words = definitions_of(capacity={"default": 2}, exploration=0)
    rows = (prospect("a"), prospect("b"), prospect("c"), prospect("d", "lee"))
    today = day_of(words, *rows, first=("c",), a=0.9, b=0.8, c=0.1, d=0.7)
    assert listed(today) == [("kim", 1, "a"), ("lee", 1, "d"), ("kim", 2, "c")]
    by = today.listed.set_index("prospect_id")
    assert by["drawn"].to_dict() == {"a": "value", "d": "value", "c": "experiment"}
    assert set(by["propensity"]) == {1.0}
    reason, said = left_out(today)["b"]
    assert reason == "no_capacity"
    assert said.startswith("below the day's capacity of 2 (1 for an experiment), rank 2 of 3")


def test_what_stands_in_the_way_of_anybody_wins(definitions_of: Callable[..., Definitions]):
    rows = (
        prospect("refuses"), touch("refuses", "2026-02-01", result="do_not_contact"),
        prospect("called"), touch("called", "2026-03-01"),
        prospect("away", "lee"), prospect("unscored"),
    )  # fmt: skip
    words = definitions_of(away={"lee": ("2026-03-02",)}, exploration=0)
    names = ("refuses", "called", "away", "unscored")
    today = day_of(words, *rows, first=names, refuses=0.1, called=0.1, away=0.1, unscored=None)
    assert listed(today) == []
    assert {name: reason for name, (reason, _) in left_out(today).items()} == {
        "refuses": "do_not_contact", "called": "too_soon", "away": "not_working", "unscored": "unscored",
    }  # fmt: skip


def test_of_an_arm_larger_than_the_capacity_the_best_are_called_and_the_others_deferred(
    definitions_of: Callable[..., Definitions],
):
    rows = [prospect(name) for name in "abcd"]
    words = definitions_of(capacity={"default": 2}, exploration=0.5)
    today = day_of(words, *rows, first=("b", "c", "d"), a=0.9, b=0.1, c=0.3, d=0.2)
    assert [p for _, _, p in listed(today)] == ["c", "d"]
    assert left_out(today)["b"] == ("no_capacity", "below the day's capacity of 2 (2 for an experiment), rank 4 of 4")
    assert left_out(today)["a"][0] == "no_capacity"


def test_the_account_of_one_that_an_experiment_lists_is_not_called_twice(definitions_of: Callable[..., Definitions]):
    rows = [prospect("a", account_id="x"), prospect("b", account_id="x")]
    accounts = [{"account_id": "x", "recorded_at": at("2026-01-01")}]
    facts = facts_of(prospects=rows, accounts=accounts)
    today = todays_list(scores(a=0.9, b=0.1), facts, definitions_of(exploration=0), AS_OF, first=("b",))
    assert [p for _, _, p in listed(today)] == ["b"]
    assert left_out(today)["a"] == ("account_called", "the same account is called today for prospect b")


def team_of(*places: int) -> Team:
    owners = tuple(f"o{k}" for k in range(len(places)))
    return Team(owners, np.array(places), np.ones((len(places), 1), bool), np.ones((1, len(places)), bool))


def lotteries(lists: Any, given_: Candidates, team: Team, *, share: float, first: Any) -> list[Drawn]:
    return [explore(lists, given_, team, share=share, seed=s, day=DAY, fixed=first & (lists >= 0)) for s in range(400)]


def test_a_lottery_takes_the_last_places_of_the_others_and_its_logged_chance_is_the_true_one():
    # o0 calls 0 to 3; an experiment put the last of them there, half of the list is drawn: 2 of the 3 others' places
    given_ = Candidates(np.arange(8, 0.0, -1.0), np.zeros(8, int), np.full(8, -1), np.full(8, -1))
    first = np.arange(8) == 7
    lists = allocate_in_turn(given_, np.ones((1, 1), bool), np.array([4]), first=first)
    assert lists.tolist() == [0, 0, 0, -1, -1, -1, -1, 0]
    runs = lotteries(lists, given_, team_of(4), share=0.5, first=first)
    assert runs[0].propensity == pytest.approx([1] + [2 / 6] * 6 + [1])
    often = np.mean([run.owner != NOBODY for run in runs], axis=0)
    assert often == pytest.approx(runs[0].propensity, abs=0.09)
    assert {run.how[7] for run in runs} == {"experiment"}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=12), st.integers(0, 4), st.integers(0, 4), st.floats(0, 1))
def test_no_capacity_is_exceeded_and_nobody_stands_behind_a_place_that_an_experiment_could_have_had(
    marked: list[bool], here: int, there: int, share: float
) -> None:
    n, first, team = len(marked), np.array(marked), team_of(here, there)
    given_ = Candidates(np.arange(n, 0.0, -1.0), np.zeros(n, int), np.arange(n) // 2, np.full(n, -1))
    lists = allocate_in_turn(given_, team.may_today, team.places, first=first)
    drawn = explore(lists, given_, team, share=share, seed=1, day=DAY, fixed=first & (lists >= 0))
    called = drawn.owner != NOBODY
    assert (np.bincount(drawn.owner[called], minlength=2) <= team.places).all()
    assert len(set(given_.account[called])) == called.sum()
    on = len(set(given_.account[first]))
    assert (first & called).sum() >= min(on, here + there) == (first & (lists >= 0)).sum()
    assert (drawn.propensity[first & (lists >= 0)] == 1).all()


def test_without_an_experiment_the_lists_are_the_ones_by_value():
    given_ = Candidates(np.arange(6, 0.0, -1.0), np.zeros(6, int), np.array([0, 0, 1, 1, -1, -1]), np.full(6, -1))
    may, places = np.ones((1, 2), bool), np.array([1, 2])
    nobody = np.zeros(6, bool)
    assert allocate_in_turn(given_, may, places, first=nobody).tolist() == allocate(given_, may, places).tolist()
