"""Lists of greatest total value: checked against every possible list, and by the laws that hold for all of them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, milp

from models.decision.allocation import allocate
from models.decision.assignment import Candidates, undominated
from models.decision.errors import DecisionError

Day = tuple[Candidates, np.ndarray, np.ndarray]


def candidates(*rows: tuple[float, int, int, int]) -> Candidates:
    """Rows (weight, kind, account, person), best first."""
    weight, kind, account, person = zip(*rows, strict=True)
    return Candidates(np.array(weight, float), np.array(kind), np.array(account), np.array(person))


ANYBODY = np.array([[True, True]])
EACH_OWN = np.array([[True, False], [False, True], [True, True]])
"""Kind 0 is the first one's own, kind 1 the second one's, kind 2 may be given to either."""


@pytest.mark.parametrize(
    ("rows", "may", "places", "called"),
    [
        ([(3, 0, -1, -1), (2, 0, -1, -1), (1, 0, -1, -1)], ANYBODY, (1, 1), [True, True, False]),
        ([(3, 0, -1, -1), (2, 0, -1, -1), (1, 1, -1, -1)], EACH_OWN, (1, 1), [True, False, True]),
        ([(3, 0, 5, -1), (2, 1, 5, -1), (0.9, 0, -1, -1)], EACH_OWN, (1, 1), [True, False, False]),
        ([(3, 0, -1, -1), (2.9, 0, 5, -1), (2.8, 1, 5, -1)], EACH_OWN, (1, 1), [True, False, True]),
        ([(3, 0, 1, 9), (2, 1, 2, 9), (1, 1, 2, -1)], EACH_OWN, (1, 1), [True, False, True]),
        ([(3, 0, -1, -1)], np.array([[False, False]]), (1, 1), [False]),
        ([(3, 2, -1, -1), (2, 2, -1, -1)], EACH_OWN, (0, 1), [True, False]),
        ([(3, 2, -1, -1), (2, 2, -1, -1)], EACH_OWN, (0, 0), [False, False]),
        ([(0, 2, -1, -1)], EACH_OWN, (1, 0), [True]),
        ([(1, 2, 7, -1), (1, 2, 7, -1), (1, 2, 7, -1)], EACH_OWN, (15, 15), [True, False, False]),
    ],
    ids=[
        "the best of all", "the best of each one's own", "one call per account", "the account's second, where the "
        "first one's list is full", "one call per person", "nobody may", "no capacity on one list", "none at all",
        "a call worth nothing fills a free place", "all in one account",
    ],
)  # fmt: skip
def test_who_is_called(rows, may, places, called):
    assert list(allocate(candidates(*rows), may, np.array(places)) >= 0) == called


def brute(given: Candidates, may: np.ndarray, places: np.ndarray) -> float:
    """The greatest total of all lists there are."""
    best = 0.0
    options = [[-1, *np.flatnonzero(may[k])] for k in given.kind]
    for lists in map(np.array, itertools.product(*options)):
        if is_allowed(lists, given, may, places):
            best = max(best, given.weight[lists >= 0].sum())
    return best


def is_allowed(lists: np.ndarray, given: Candidates, may: np.ndarray, places: np.ndarray) -> bool:
    on = lists >= 0
    shared = [codes[on & (codes >= 0)] for codes in (given.account, given.person)]
    return bool(
        (np.bincount(lists[on], minlength=len(places)) <= places).all()
        and may[given.kind[on], lists[on]].all()
        and all(len(set(codes)) == len(codes) for codes in shared)
    )


@st.composite
def days(draw: Any, most: int = 6) -> Day:
    size = draw(st.integers(1, most))
    owners, kinds = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    weights = st.lists(st.sampled_from([0.0, 1.0, 2.0, 2.5, 3.7, 1e-9, 1e6]), min_size=size, max_size=size)
    codes = st.lists(st.integers(-1, 2), min_size=size, max_size=size)
    kind = draw(st.lists(st.integers(0, kinds - 1), min_size=size, max_size=size))
    may = draw(st.lists(st.booleans(), min_size=kinds * owners, max_size=kinds * owners))
    places = draw(st.lists(st.integers(0, 2), min_size=owners, max_size=owners))
    weight = np.sort(np.array(draw(weights)))[::-1].copy()
    given = Candidates(weight, np.array(kind), np.array(draw(codes)), np.array(draw(codes)))
    return given, np.array(may).reshape(kinds, owners), np.array(places)


@settings(deadline=None, max_examples=60)
@given(days())
def test_no_other_list_is_worth_more(day):
    given, may, places = day
    lists = allocate(given, may, places)
    assert is_allowed(lists, given, may, places)
    assert given.weight[lists >= 0].sum() == pytest.approx(brute(given, may, places), rel=1e-9)


@settings(deadline=None, max_examples=40)
@given(days(most=12), st.data())
def test_one_more_place_never_lowers_the_total(day, data):
    given, may, places = day
    more = places.copy()
    more[data.draw(st.integers(0, len(places) - 1))] += 1
    now, then = (given.weight[allocate(given, may, p) >= 0].sum() for p in (places, more))
    assert then >= now * (1 - 1e-9)


@settings(deadline=None, max_examples=40)
@given(days(most=12))
def test_nobody_waits_behind_a_later_one_whose_place_was_free_to_take(day):
    given, may, places = day
    lists = allocate(given, may, places)
    for waiting in np.flatnonzero(lists < 0):
        for called in np.flatnonzero(lists >= 0):
            swapped = lists.copy()
            swapped[waiting], swapped[called] = lists[called], -1
            assert called < waiting or not is_allowed(swapped, given, may, places)


@pytest.mark.parametrize("seed", range(4))
def test_leaving_most_candidates_out_of_the_program_changes_nothing(seed):
    """The oracle is the whole program at once: every candidate, every constraint, no prices."""
    rng = np.random.default_rng(seed)
    n, kinds, owners = 300, 6, 4
    given = Candidates(
        np.sort(rng.gamma(1, 1, n))[::-1].copy(), rng.integers(0, kinds, n), rng.integers(-1, 60, n),
        np.where(rng.random(n) < 0.5, -1, rng.integers(0, 40, n)),
    )  # fmt: skip
    may, places = rng.random((kinds, owners)) < 0.5, rng.integers(1, 16, owners)
    row, owner = np.nonzero(may[given.kind])
    limits = [np.eye(owners)[owner].T, np.eye(n)[row].T]
    limits += [np.eye(61)[codes[row]].T[:60] for codes in (given.account, given.person)]
    most = np.concatenate([places, np.ones(n + 120)])
    whole = milp(
        -given.weight[row], integrality=np.ones(len(row)), bounds=(0, 1), options={"mip_rel_gap": 0.0},
        constraints=LinearConstraint(np.vstack(limits), ub=most),
    )  # fmt: skip
    lists = allocate(given, may, places)
    assert is_allowed(lists, given, may, places)
    assert given.weight[lists >= 0].sum() == pytest.approx(-whole.fun, rel=1e-9)


def test_whom_the_prices_of_a_solution_that_is_not_whole_would_leave_out_is_found():
    # person 0 belongs to accounts 1 and 2, person 2 to accounts 2 and 3: half of three calls would be best of all
    given = candidates((12, 0, 3, 2), (12, 1, 2, 2), (12, 0, 2, 0), (10, 0, 1, 0), (9, 1, 1, 0))
    assert list(allocate(given, EACH_OWN, np.array([1, 2]))) == [-1, 1, -1, 0, -1]


@pytest.mark.parametrize("places", range(16))
def test_every_capacity_from_none_to_fifteen_is_used_to_the_last_place(places):
    given = Candidates(np.arange(20.0)[::-1].copy(), np.zeros(20, int), np.full(20, -1), np.full(20, -1))
    lists = allocate(given, np.array([[True]]), np.array([places]))
    assert list(np.flatnonzero(lists >= 0)) == list(range(places))


def test_only_the_first_of_those_who_can_stand_in_for_each_other_matters():
    given = candidates(
        (9, 0, 1, -1),
        (8, 0, 1, -1),  # as the one before
        (7, 1, 1, -1),  # may be given to others
        (6, 0, -1, -1),
        (5, 0, -1, -1),  # no account: stands for itself
        (4, 0, 1, 3),  # a person who belongs to account 2 as well
        (3, 0, 2, 3),
    )
    assert list(undominated(given)) == [0, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("weight", [[1.0, 2.0], [1.0, -1.0], [np.nan, 1.0], [np.inf, 1.0]])
def test_weights_that_are_no_order_are_refused(weight):
    given = Candidates(np.array(weight), np.zeros(2, int), np.full(2, -1), np.full(2, -1))
    with pytest.raises(DecisionError, match="finite, not below 0 and in falling order"):
        allocate(given, np.array([[True]]), np.array([1]))
