"""Who is asked: the one the heads suggest, unless that person rests or refuses."""

from __future__ import annotations

import functools

import pandas as pd
import pytest

from models.decision.priority import todays_list
from tests.models.decision.days import AS_OF, at, facts_of, left_out, listed, prospect, scores, touch

TWO_PEOPLE = [
    {"contact_id": "dana", "prospect_id": "a", "name": "Dana Ito", "seniority": "executive"},
    {"contact_id": "eli", "prospect_id": "a", "name": "Eli Roy", "seniority": "staff"},
]
CALLED = touch("a", "2026-02-28T12:00", contact_id="dana")


@pytest.fixture
def rules(definitions_of):
    return functools.partial(definitions_of, exploration=0)


def asked(result) -> list[tuple[object, ...]]:
    return list(result.listed[["contact_id", "channel", "why_contact"]].itertuples(index=False, name=None))


def suggestion(contact: str, **more: object) -> pd.DataFrame:
    row = {"contact_id": contact, "channel": "email", "why_contact": "answers e-mail", "reach": 2.0, "hours": "at nine"}
    return pd.DataFrame([{"prospect_id": "a"} | row | more])


def test_whom_the_heads_suggest_is_asked_on_their_channel(rules):
    facts = facts_of(prospects=[prospect("a")], contacts=TWO_PEOPLE)
    result = todays_list(scores(a=0.1), facts, rules(), AS_OF, factors=suggestion("eli"))
    assert asked(result) == [("eli", "email", "answers e-mail")]
    said = result.listed[["reach", "hours", "value", "weight"]].to_numpy().tolist()
    assert said == [[2.0, "at nine", 0.1, pytest.approx(2 / 11)]]


def test_while_one_person_rests_somebody_else_there_is_asked_and_what_was_said_of_the_first_no_longer_counts(rules):
    facts = facts_of(prospects=[prospect("a")], contacts=TWO_PEOPLE, touches=[CALLED])
    words = rules(minimum_gap_account_days=1)
    for factors in (None, suggestion("dana")):
        result = todays_list(scores(a=0.1), facts, words, AS_OF, factors=factors)
        assert asked(result) == [
            ("eli", "phone", "we were in touch with Dana Ito on 2026-02-28: ask somebody else this time"),
        ]  # fmt: skip
        assert result.listed["value"].tolist() == [0.1]
        assert result.listed["reach"].isna().all()
    assert result.listed["hours"].isna().all()


def test_whom_nobody_may_contact_is_not_asked_even_if_suggested(rules):
    dana, eli = TWO_PEOPLE
    facts = facts_of(
        prospects=[prospect("a")], contacts=[dana | {"do_not_contact_since": at("2026-02-01")}, eli]
    )  # fmt: skip
    for stranger in ("dana", "nobody we know"):
        result = todays_list(scores(a=0.1), facts, rules(), AS_OF, factors=suggestion(stranger))
        assert result.listed["contact_id"].tolist() == ["eli"]


def test_a_prospect_waits_while_all_of_its_people_rest(rules):
    facts = facts_of(
        prospects=[prospect("a")],
        contacts=TWO_PEOPLE,
        touches=[CALLED, touch("a", "2026-02-28T15:00", contact_id="eli")],
    )
    result = todays_list(scores(a=0.1), facts, rules(), AS_OF)
    assert left_out(result) == {"a": ("too_soon", "we were in touch on 2026-02-28, the gap is 2 days")}


def test_a_call_that_names_nobody_counts_for_everybody_there(rules):
    facts = facts_of(prospects=[prospect("a")], contacts=TWO_PEOPLE, touches=[touch("a", "2026-02-28T12:00")])
    assert left_out(todays_list(scores(a=0.1), facts, rules(), AS_OF))["a"][0] == "too_soon"


def test_one_person_at_two_accounts_is_called_once(rules):
    dana = {"contact_id": "dana", "account_id": "acme", "prospect_id": "b"}
    facts = facts_of(
        prospects=[prospect("a", account_id="acme"), prospect("b", "lee"), prospect("c", "lee")],
        accounts=[{"account_id": "acme"}],
        contacts=[dana],
    )
    result = todays_list(scores(a=0.1, b=0.2, c=0.1), facts, rules(), AS_OF)
    assert listed(result) == [("lee", 1, "b"), ("lee", 2, "c")]
    assert left_out(result) == {"a": ("account_called", "the same person is asked today for prospect b")}
