"""The plan: events of one combination of words share a signature, and each slot is laid out once."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from features.algebra.plan import Plan, Pointers, plan
from features.algebra.streams import build
from features.algebra.terms import Slot, Term, count, days_since, days_since_first, distinct, latest, total, touches
from features.time.asof import DAY
from tests.features.literal import facts

KNOWN = facts(
    touches="""
        touch_id prospect_id kind  direction channel occurred_at
        t1       a           call  outbound  phone   03-01
        t2       a           call  outbound  phone   03-02
        t3       a           call  inbound   -       03-03
        t4       a           email inbound   email   03-04
        t5       a           visit inbound   web     03-05
    """
)


def laid_out(*terms: Term) -> Plan:
    slots = [slot for term in terms for slot in term.slots()]
    return plan(slots, build("touches", KNOWN, pd.Index(["a"]), slots))


def fed(layout: Plan, window: int) -> list[list[int]]:
    """Return for each event the positions in `sums` that it feeds in one window."""
    feeds, width = layout.feeds, len(layout.windows) + 1
    rows = layout.signature * width + window
    return [feeds.items[feeds.start[row] : feeds.start[row + 1]].tolist() for row in rows]


def test_events_that_no_filter_tells_apart_share_a_signature() -> None:
    assert laid_out(count(touches)).signature.tolist() == [0, 0, 0, 0, 0]
    assert len(set(laid_out(count(touches, kind="call")).signature)) == 2
    by_kind = laid_out(count(touches, kind="call"), count(touches, direction="inbound")).signature
    assert by_kind[0] == by_kind[1]
    assert len(set(by_kind)) == 3


def test_an_event_feeds_the_sums_whose_filter_it_passes() -> None:
    layout = laid_out(count(touches), count(touches, kind="call"), count(touches, kind=("email", "visit")))
    assert fed(layout, window=0) == [[0, 1], [0, 1], [0, 1], [0, 2], [0, 2]]


def test_each_window_feeds_its_own_sums() -> None:
    layout = laid_out(count(touches, days=30), count(touches), count(touches, days=7))
    assert (layout.windows / DAY).tolist() == [7, 30]
    assert [fed(layout, window=w)[0] for w in (0, 1, 2)] == [[2], [0], [1]]


def test_a_slot_that_several_features_share_is_computed_once() -> None:
    calls = count(touches, kind="call")
    layout = laid_out(calls, calls / count(touches), calls - calls)
    assert len(layout.slots) == len(layout.sums) == 2


def test_a_total_adds_its_quantity_and_a_count_adds_one() -> None:
    layout = laid_out(count(touches), total(touches, "value"), total(touches, "duration_s"))
    assert layout.quantity.tolist() == [-1, 0, 1]


def test_recencies_are_moved_by_the_events_that_pass() -> None:
    layout = laid_out(days_since(touches, kind="call"), days_since_first(touches))
    lasts = [layout.lasts.items[layout.lasts.start[s] : layout.lasts.start[s + 1]].tolist() for s in layout.signature]
    firsts = [
        layout.firsts.items[layout.firsts.start[s] : layout.firsts.start[s + 1]].tolist() for s in layout.signature
    ]
    assert lasts == [[0], [0], [0], [], []]
    assert firsts == [[1], [1], [1], [1], [1]]


def test_distinct_counts_of_one_column_share_a_group_over_all_windows_and_filters() -> None:
    week, ever = distinct(touches, "channel", days=7), distinct(touches, "channel", kind="call")
    layout = laid_out(week, ever, distinct(touches, "contact"))
    assert layout.distinct_group.tolist() == [0, 0, 1]
    rows = [layout.unlike.items[b:e].tolist() for b, e in pairwise(layout.unlike.start)]
    calls, others = rows[layout.signature[0] * 2 :][:2], rows[layout.signature[3] * 2 :][:2]
    assert (calls, others) == ([[0], [1, 2]], [[0], [2]])


def test_a_latest_is_moved_only_by_events_that_have_the_word() -> None:
    layout = laid_out(latest(touches, "channel"))
    moved = [layout.newest.start[s + 1] > layout.newest.start[s] for s in layout.signature]
    assert moved == [True, True, False, True, True]


def test_a_word_that_no_event_has_feeds_nothing() -> None:
    assert fed(laid_out(count(touches, kind="demo")), window=0) == [[], [], [], [], []]


def test_a_stream_without_events_has_a_plan_without_signatures() -> None:
    slots = [Slot("count", touches.only(kind="call"))]
    layout = plan(slots, build("touches", facts(), pd.Index(["a"]), slots))
    assert (len(layout.signature), layout.feeds.start.tolist()) == (0, [0])


@pytest.mark.parametrize(
    ("rows", "start", "items"),
    [({7: [2, 0], 8: [0]}, [0, 2, 2, 3], [7, 8, 7]), ({}, [0, 0, 0, 0], []), ({5: []}, [0, 0, 0, 0], [])],
)
def test_pointers_are_a_ragged_table(rows: dict[int, list[int]], start: list[int], items: list[int]) -> None:
    table = Pointers.of(((np.array(where, dtype=np.int64), item) for item, where in rows.items()), 3)
    assert (table.start.tolist(), table.items.tolist()) == (start, items)
    assert table.items.dtype == np.int64
