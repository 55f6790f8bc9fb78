"""The order of events equals a full sort, and ranks number the words of each prospect."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.algebra.ordering import by_occurred, ordered, ranks, tied

EVENTS = st.lists(st.tuples(st.integers(-1, 4), st.integers(0, 9), st.integers(0, 9)), max_size=120)


def columns(events: list[tuple[int, ...]]) -> list[np.ndarray]:
    return [np.array([event[i] for event in events], dtype=np.int64) for i in range(3)]


@given(EVENTS)
def test_events_come_by_prospect_then_entry_then_time_and_equal_ones_as_given(
    events: list[tuple[int, int, int]],
) -> None:
    prospect, occurred, entered = columns(events)
    start, order = ordered(prospect, occurred, entered, 5)
    expected = np.lexsort((occurred, entered, prospect))
    assert order.tolist() == expected[prospect[expected] >= 0].tolist()
    assert start.tolist() == [int((prospect[prospect >= 0] < p).sum()) for p in range(6)]


@given(EVENTS)
def test_a_long_journey_is_sorted_as_a_short_one(events: list[tuple[int, int, int]]) -> None:
    _, occurred, entered = columns(events * 3)
    _, order = ordered(np.zeros(len(occurred), dtype=np.int64), occurred, entered, 1)
    assert order.tolist() == np.lexsort((occurred, entered)).tolist()


@given(EVENTS)
def test_the_tails_walk_each_prospects_events_by_when_they_happened(events: list[tuple[int, int, int]]) -> None:
    prospect, occurred, entered = columns(events)
    start, order = ordered(prospect, occurred, entered, 5)
    expected = np.lexsort((occurred[order], prospect[order]))
    assert by_occurred(start, occurred[order]).tolist() == expected.tolist()


@given(EVENTS)
def test_events_are_tied_where_a_neighbour_has_the_same_times(events: list[tuple[int, int, int]]) -> None:
    prospect, occurred, entered = columns(events)
    start, order = ordered(prospect, occurred, entered, 5)
    keys = list(zip(prospect[order], occurred[order], entered[order], strict=True))
    assert tied(start, order, occurred, entered).tolist() == [keys.count(key) > 1 for key in keys]


def test_words_are_numbered_within_their_prospect_as_they_appear() -> None:
    #                  prospect 0        prospect 1
    codes = np.array([7, -1, 3, 7,       3, 3, 0], dtype=np.int64)  # fmt: skip
    rank, size = ranks(np.array([0, 4, 4, 7]), np.arange(7), codes, 8)
    assert rank.tolist() == [0, -1, 1, 0, 0, 0, 1]
    assert size.tolist() == [2, 0, 2]
