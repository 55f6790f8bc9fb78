"""Somebody whom the CRM knows under two ids is one person: asked once, and never again after a refusal."""

from __future__ import annotations

import functools

import pandas as pd
import pytest

from models.decision.priority import todays_list
from models.heads.same_person import persons, spread
from tests.models.decision.days import AS_OF, at, facts_of, left_out, listed, prospect, scores, touch

TWICE = [
    {"contact_id": "h1", "prospect_id": "a", "name": "Dana Ito", "email": "dana@optics.example"},
    {"contact_id": "s9", "prospect_id": "b", "name": "dana  ito", "email": " Dana@Optics.example"},
]
BOTH = [prospect("a"), prospect("b")]


@pytest.fixture
def rules(definitions_of):
    return functools.partial(definitions_of, exploration=0)


def test_one_person_under_two_ids_is_called_once_a_day(rules):
    result = todays_list(scores(a=0.3, b=0.2), facts_of(prospects=BOTH, contacts=TWICE), rules(), AS_OF)
    assert [who for *_, who in listed(result)] == ["a"]


def test_two_people_who_share_a_mailbox_are_two(rules):
    office = [
        TWICE[0] | {"email": "office@optics.example"},
        TWICE[1] | {"email": "office@optics.example", "name": "Eli"},
    ]
    result = todays_list(scores(a=0.3, b=0.2), facts_of(prospects=BOTH, contacts=office), rules(), AS_OF)
    assert [who for *_, who in listed(result)] == ["a", "b"]


@pytest.mark.parametrize("how", ["row", "touch"])
def test_who_refused_under_one_id_is_asked_under_none(rules, how):
    said = {
        "row": {"contacts": [TWICE[0] | {"do_not_contact_since": at("2026-02-01")}, TWICE[1]]},
        "touch": {"touches": [touch("a", "2026-02-01T12:00", contact_id="h1", result="do_not_contact")]},
    }
    facts = facts_of(**({"prospects": BOTH, "contacts": TWICE} | said[how]))
    result = todays_list(scores(a=0.3, b=0.2), facts, rules(), AS_OF)
    assert listed(result) == []
    assert set(left_out(result)) == {"a", "b"}


def test_whom_we_were_in_touch_with_under_one_id_rests_under_the_other(rules):
    called = touch("a", "2026-02-28T12:00", contact_id="h1")
    facts = facts_of(prospects=BOTH, contacts=TWICE, touches=[called])
    assert listed(todays_list(scores(a=0.3, b=0.2), facts, rules(), AS_OF)) == []


def test_a_name_that_is_unknown_speaks_against_nothing_and_without_an_address_nobody_is_joined():
    known = pd.DataFrame(
        [("1", "x@y.example", "Dana"), ("2", "X@y.example", None), ("3", None, "Dana"), ("4", None, "Dana")],
        columns=["contact_id", "email", "name"],
    )
    assert persons(known).to_dict() == {"1": "1", "2": "1", "3": "3", "4": "4"}


def test_of_several_moments_the_first_or_the_last_counts_for_all_ids():
    person = pd.Series({"1": "1", "2": "1", "3": "3"})
    when = pd.Series({"1": at("2026-01-01"), "2": at("2026-02-01"), "unknown": at("2026-03-01")})
    assert spread(when, person, last=True).to_dict() == {
        "1": at("2026-02-01"), "2": at("2026-02-01"), "unknown": at("2026-03-01"),
    }  # fmt: skip
    assert spread(when, person, last=False)["2"] == at("2026-01-01")
    assert spread(when, pd.Series({"1": "1"}), last=True) is when
