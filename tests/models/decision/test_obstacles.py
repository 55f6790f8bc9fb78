"""What stands in the way of a call: reasons, words, and the day on which it no longer does."""

from __future__ import annotations

import functools

import pandas as pd
import pytest

from models.decision.priority import todays_list
from tests.models.decision.days import AS_OF, at, facts_of, left_out, listed, prospect, scores, touch, until


@pytest.fixture
def rules(definitions_of):
    """Definitions under which no place is drawn by chance and calls are made on weekdays."""
    return functools.partial(definitions_of, exploration=0, working_days=(1, 2, 3, 4, 5))


def test_unowned_prospects_go_to_whoever_has_a_free_place_and_their_territory(rules):
    facts = facts_of(
        prospects=[
            prospect("a", territory="north"),
            prospect("b", None, territory="north"),
            prospect("c", None, territory="south"),
            prospect("d", None, territory="west"),
            prospect("e", None),
        ]
    )
    words = rules(capacity={"default": 2}, territories={"kim": ("north",), "lee": ("south",)})
    result = todays_list(scores(a=0.1, b=0.2, c=0.3, d=0.4, e=0.5), facts, words, AS_OF)
    assert listed(result) == [("lee", 1, "c"), ("kim", 1, "b"), ("kim", 2, "a")]
    assert left_out(result) == {
        "d": ("no_salesperson", "nobody owns it and no salesperson may be given prospects of territory west"),
        "e": ("no_salesperson", "nobody owns it and no salesperson may be given prospects of an unknown territory"),
    }
    assert until(result) == {"d": None, "e": None}


def test_an_owner_keeps_what_has_no_territory_but_not_what_lies_outside(rules):
    facts = facts_of(prospects=[prospect("a"), prospect("b", territory="south")])
    result = todays_list(scores(a=0.1, b=0.2), facts, rules(territories={"kim": ("north",)}), AS_OF)
    assert listed(result) == [("kim", 1, "a")]
    assert left_out(result)["b"] == (
        "no_salesperson",
        "kim owns it, but territory south is not one of kim's: change the owner or the territories",
    )


def test_an_owner_who_was_taken_away_has_not_kept_the_prospect(rules):
    gone = {"entity": "prospect", "id": "a", "name": "owner_id", "value": None, "occurred_at": at("2026-02-01")}
    facts = facts_of(prospects=[prospect("a"), prospect("b", "lee")], attribute_changes=[gone])
    words = rules(capacity={"default": 1, "owners": {"kim": 0}})
    assert listed(todays_list(scores(a=0.1, b=0.05), facts, words, AS_OF)) == [("lee", 1, "a")]


@pytest.mark.parametrize(
    ("more", "day", "words", "again"),
    [
        ({"working_days": (2, 3)}, "2026-03-02", "no calls are made on a Monday", "2026-03-03"),
        ({"holidays": ("2026-03-02", "2026-03-03")}, "2026-03-02", "2 March 2026 is a holiday", "2026-03-04"),
        ({"away": {"kim": ("2026-03-06",)}}, "2026-03-06", "kim is away on 6 March 2026", "2026-03-09"),
        ({"working_days": ()}, "2026-03-02", "no calls are made on a Monday", None),
    ],
    ids=["no weekday of ours", "holidays", "away on a Friday", "no day at all"],
)
def test_a_day_without_work_defers_everybody_to_the_next_one(more, day, words, again, rules):
    facts = facts_of(prospects=[prospect("a")])
    as_of = at(day).as_unit("us")
    result = todays_list(scores(a=0.1).assign(as_of=as_of), facts, rules(**more), as_of)
    assert left_out(result) == {"a": ("not_working", words)}
    assert until(result) == {"a": again}


def test_the_day_is_that_of_the_companys_calendar(rules):
    # the list of Saturday 7 March in Auckland starts on Friday at 11:00 UTC
    as_of = at("2026-03-06T11:00").as_unit("us")
    words = rules(timezone="Pacific/Auckland")
    result = todays_list(scores(a=0.1).assign(as_of=as_of), facts_of(prospects=[prospect("a")]), words, as_of)
    assert left_out(result) == {"a": ("not_working", "no calls are made on a Saturday")}
    assert until(result) == {"a": "2026-03-09"}


def test_somebody_who_is_away_leaves_the_unowned_to_the_others(rules):
    facts = facts_of(prospects=[prospect("a"), prospect("b", None), prospect("c", "lee")])
    result = todays_list(scores(a=0.1, b=0.2, c=0.3), facts, rules(away={"kim": ("2026-03-02",)}), AS_OF)
    assert listed(result) == [("lee", 1, "c"), ("lee", 2, "b")]
    assert until(result) == {"a": "2026-03-03"}


@pytest.mark.parametrize(
    ("when", "gap", "again"),
    [
        ("2026-03-01T09:00", 1, "2026-03-03"),
        ("2026-03-01T00:00", 1, "2026-03-03"),
        ("2026-02-28T09:00", 4, "2026-03-05"),
        ("2026-03-01T09:00", 5, "2026-03-09"),
    ],
    ids=["over by tomorrow", "a call at midnight", "within the week", "over on a Saturday"],
)
def test_a_gap_defers_to_the_first_working_day_after_it(when, gap, again, rules):
    facts = facts_of(prospects=[prospect("a")], touches=[touch("a", when)])
    words = rules(minimum_gap_days=gap)
    assert until(todays_list(scores(a=0.1), facts, words, AS_OF)) == {"a": again}
    # the list of that very day has it, and the one of the day before has not
    for day, has in ((at(again), True), (at(again) - pd.Timedelta(days=1), False)):
        then = todays_list(scores(a=0.1).assign(as_of=day.as_unit("us")), facts, words, day.as_unit("us"))
        assert bool(len(then.listed)) is has


def test_the_gap_of_an_account_holds_for_everybody_there(rules):
    facts = facts_of(
        prospects=[prospect("a", account_id="acme"), prospect("b", account_id="acme"), prospect("c")],
        accounts=[{"account_id": "acme"}],
        touches=[touch("a", "2026-02-28T12:00")],
    )
    result = todays_list(
        scores(a=0.1, b=0.2, c=0.1), facts, rules(minimum_gap_account_days=3, minimum_gap_days=1), AS_OF
    )
    said = ("account_called", "somebody there was called on 2026-02-28, the gap is 3 days")
    assert left_out(result) == {"a": said, "b": said}
    assert until(result) == {"a": "2026-03-04", "b": "2026-03-04"}


def test_an_account_is_called_once_a_day_whoever_owns_its_prospects(rules):
    facts = facts_of(
        prospects=[prospect(p, o, account_id="acme") for p, o in (("a", "kim"), ("b", "lee"), ("c", None))],
        accounts=[{"account_id": "acme"}],
    )
    result = todays_list(scores(a=0.1, b=0.2, c=0.15), facts, rules(minimum_gap_account_days=2), AS_OF)
    assert listed(result) == [("lee", 1, "b")]
    said = ("account_called", "the same account is called today for prospect b")
    assert left_out(result) == {"a": said, "c": said}
    assert until(result) == {"a": "2026-03-05", "c": "2026-03-05"}


def test_capacity_nought_defers_everybody_in_words_and_without_a_day(rules):
    facts = facts_of(prospects=[prospect("a"), prospect("b", "lee")])
    result = todays_list(scores(a=0.1, b=0.2), facts, rules(capacity={"default": 5, "owners": {"kim": 0}}), AS_OF)
    assert listed(result) == [("lee", 1, "b")]
    assert left_out(result) == {"a": ("no_capacity", "kim has no calls to make: the day's capacity is 0")}
    assert until(result) == {"a": None}


def test_a_call_that_costs_more_than_it_brings_is_not_made(rules):
    facts = facts_of(prospects=[prospect("a"), prospect("b")])
    factors = pd.DataFrame({"prospect_id": ["a", "b"], "amount": [100.0, 20.0], "timing": 1.0, "reach": 1.0})
    result = todays_list(scores(a=0.1, b=0.1), facts, rules(cost_per_call=5), AS_OF, factors=factors)
    assert listed(result) == [("kim", 1, "a")]
    assert left_out(result)["b"] == (
        "not_worth",
        "the call would cost more than it is expected to bring: 10 % x 20.00 EUR - 5.00 EUR for the call = -3.00 EUR",
    )


def test_the_first_reason_that_holds_is_given(rules):
    facts = facts_of(
        prospects=[prospect("a"), prospect("b"), prospect("c")],
        contacts=[{"contact_id": "a1", "prospect_id": "a", "do_not_contact_since": at("2026-02-01")}],
        touches=[touch(p, "2026-03-01T12:00") for p in "abc"],
    )
    result = todays_list(scores(a=None, b=None, c=0.1), facts, rules(holidays=("2026-03-02",)), AS_OF)
    assert {p: reason for p, (reason, _) in left_out(result).items()} == {
        "a": "do_not_contact", "b": "unscored", "c": "too_soon",
    }  # fmt: skip
