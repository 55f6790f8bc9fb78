"""Terms: what is refused when a feature is declared, and what windows, shares and arithmetic come to."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from features.algebra.program import Program
from features.algebra.terms import (
    Events,
    Slot,
    Term,
    attribute,
    count,
    days_since,
    days_since_first,
    distinct,
    latest,
    offers,
    share,
    siblings,
    total,
    touches,
    trend,
)
from features.errors import CatalogError
from tests.features.literal import facts, numbers, words

NAN = math.nan
CALLS = facts(
    touches="""
        touch_id prospect_id kind    direction channel occurred_at result   contact_id value
        t1       a           call    outbound  phone   03-01       answered c1         10
        t2       a           call    outbound  phone   03-05       -        c1         -
        t3       a           email   inbound   email   03-10       -        c2         2.5
        t4       a           meeting outbound  -       03-20       -        -          -4
    """
)


@pytest.mark.parametrize("days", [0, -7, True])
def test_a_window_shorter_than_a_day_is_refused(days: int) -> None:
    with pytest.raises(CatalogError, match=f"at least one day, got {days!r}"):
        count(touches, days=days)


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: count(touches, colour="red"), r"stream touches has no column \['colour'\]; it has \['kind'"),
        (lambda: count(siblings, kind="call"), r"stream siblings has no column \['kind'\]; it has \['result'\]"),
        (lambda: total(touches, "weight"), r"total of 'weight': can total \['value', 'duration_s'\]"),
        (lambda: distinct(offers, "role"), r"distinct 'role': the stream offers has \['channel', 'offer'\]"),
        (lambda: latest(offers, "role"), r"latest 'role': the stream offers has"),
        (lambda: attribute("size", "text"), r"attribute size: type is number or category, got 'text'"),
    ],
)
def test_a_term_about_something_that_is_not_there_is_refused(declare: Callable[[], Term], message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        declare()


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        # looked at on 10, 11 and 31 March; the events lie on 1, 5, 10 and 20 March
        (count(touches), [2, 3, 4]),
        (count(touches, days=5), [1, 1, 0]),
        (count(touches, days=10), [2, 3, 0]),
        (count(touches, days=11), [2, 3, 1]),
        (count(touches, kind=("call", "email")), [2, 3, 3]),
        (count(touches, kind="demo"), [0, 0, 0]),
        (total(touches, "value"), [10, 12.5, 8.5]),
        (total(touches, "value", days=9), [10, 2.5, 0]),
        (total(touches, "duration_s"), [0, 0, 0]),
        (distinct(touches, "contact"), [1, 2, 2]),
        (distinct(touches, "contact", days=6), [1, 2, 0]),
        (days_since(touches), [5, 1, 11]),
        (days_since(touches, kind="call"), [5, 6, 26]),
        (days_since(touches, kind="meeting"), [NAN, NAN, 11]),
        (days_since_first(touches), [9, 10, 30]),
        (days_since_first(touches, direction="inbound"), [NAN, 1, 21]),
        (share(touches, result="answered"), [1 / 2, 1 / 3, 1 / 4]),
        (share(touches, days=5, result="answered"), [0, 0, NAN]),
        (trend(touches, days=5), [0, -1, 0]),
        (trend(touches, days=10, kind="call"), [2, 2, 0]),
        (trend(touches, days=11), [2, 3, 0]),
        (trend(touches, days=15), [2, 3, -2]),
        (count(touches) + count(touches, kind="call"), [4, 5, 6]),
        (count(touches) - count(touches, kind="call"), [0, 1, 2]),
        (count(touches, kind="email") / count(touches, kind="meeting"), [NAN, NAN, 1]),
        (days_since(touches, kind="meeting") - days_since(touches), [NAN, NAN, 0]),
    ],
)
def test_a_term_comes_to(term: Term, expected: list[float]) -> None:
    assert numbers(term, CALLS, "a 03-10", "a 03-11", "a 03-31") == pytest.approx(expected, nan_ok=True)


def test_a_window_holds_its_start_and_not_its_end() -> None:
    found = numbers(count(touches, days=5), CALLS, "a 03-01", "a 03-01T00:01", "a 03-06", "a 03-06T00:01")
    assert found == [0, 1, 2, 1]


def test_latest_is_the_last_known_word_and_skips_events_without_one() -> None:
    found = words(latest(touches, "channel"), CALLS, "a 03-01", "a 03-10", "a 03-11", "a 03-31")
    assert found == [None, "phone", "email", "email"]


def test_latest_can_be_filtered() -> None:
    assert words(latest(touches, "contact", kind="call"), CALLS, "a 03-31") == ["c1"]


def test_somebody_of_whom_nothing_is_known_has_zero_events_and_missing_recency() -> None:
    assert numbers(count(touches), CALLS, "b 03-31") == [0]
    assert math.isnan(numbers(days_since(touches), CALLS, "b 03-31")[0])


def test_filters_narrow_a_stream_and_the_order_of_words_does_not_matter() -> None:
    inbound = touches.only(direction="inbound")
    assert inbound.only(kind=("call", "email")) == touches.only(kind=("email", "call"), direction="inbound")
    assert inbound.only(direction="outbound") == touches.only(direction="outbound")
    assert touches == Events("touches")


def test_windows_are_told_in_order_with_the_whole_past_last() -> None:
    term = count(touches, days=90) / (count(touches) + trend(touches, days=7))
    assert term.windows() == (7, 14, 90, None)


def test_arithmetic_divides_row_by_row_and_a_division_by_zero_is_missing() -> None:
    one, other = Slot("count", touches), Slot("count", offers)
    filled = np.array([[1, 0], [0, 0], [3, 2]], dtype=np.int64)
    terms, out = [one / other, (one - other) + one, other - (one - other)], np.empty((3, 3), dtype=np.float32)
    Program.of(terms, {one: 0, other: 1}).run(filled, np.zeros(3, np.int64), np.zeros(0), out)
    np.testing.assert_array_equal(out, [[NAN, 2, -1], [NAN, 0, 0], [1.5, 4, 1]])
