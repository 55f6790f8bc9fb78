"""Whom to ask for and how, with the reason in words."""

from __future__ import annotations

import pandas as pd
import pytest

from features.facts.contract import check
from features.facts.ledger import Facts
from models.decision.contact_choice import people, suggest

AS_OF = pd.Timestamp("2026-03-02", tz="UTC").as_unit("us")
LONG_AGO = pd.Timestamp("2026-01-01", tz="UTC")


def facts_of(contacts: list[dict[str, object]], touches: list[dict[str, object]] = ()) -> Facts:
    usual = {
        "kind": "call",
        "channel": "phone",
        "direction": "outbound",
        "result": "answered",
        "prospect_id": "a",
    }
    calls = [
        usual
        | t
        | {
            "touch_id": str(i),
            "occurred_at": (when := pd.Timestamp(t["occurred_at"], tz="UTC")),
            "recorded_at": when,
        }
        for i, t in enumerate(touches)
    ]
    prospects = [
        {"prospect_id": p, "created_at": LONG_AGO, "recorded_at": LONG_AGO, "account_id": "acme"} for p in "ab"
    ]
    known = [{"recorded_at": LONG_AGO} | c for c in contacts]
    tables = {"prospects": prospects, "contacts": known, "touches": calls}
    return Facts.of({n: check(n, pd.DataFrame(rows)).good for n, rows in tables.items() if rows})


def suggested(facts: Facts, definitions, who: str = "a") -> tuple[object, str, str]:
    row = suggest(pd.Series([who], dtype="str"), facts, AS_OF, definitions=definitions).iloc[0]
    return (None if pd.isna(row["contact_id"]) else row["contact_id"]), row["channel"], row["why_contact"]


DANA = {
    "contact_id": "dana",
    "prospect_id": "a",
    "name": "Dana Ito",
    "role": "operations lead",
    "seniority": "manager",
}
BOSS = {"contact_id": "boss", "prospect_id": "a", "name": "Bo Lind", "seniority": "executive"}


def test_the_contact_who_answered_last_is_suggested_on_the_channel_that_was_answered(definitions_of):
    facts = facts_of(
        [DANA, BOSS],
        [
            {"contact_id": "boss", "occurred_at": "2026-02-01"},
            {
                "contact_id": "dana",
                "occurred_at": "2026-02-03T10:00",
                "channel": "email",
                "result": "interested",
            },
            {"contact_id": "boss", "occurred_at": "2026-02-20", "result": "no_answer"},
        ],
    )
    assert suggested(facts, definitions_of()) == (
        "dana", "email", "Dana Ito, operations lead answered last, by e-mail on 3 February 2026",
    )  # fmt: skip


def test_the_day_is_said_in_the_companys_time_zone(definitions_of):
    facts = facts_of([DANA], [{"contact_id": "dana", "occurred_at": "2026-02-03T20:00"}])
    assert suggested(facts, definitions_of(timezone="Asia/Tokyo"))[2].endswith("by phone on 4 February 2026")


def test_without_an_answer_the_most_senior_contact_is_suggested_by_phone(definitions_of):
    assert suggested(facts_of([DANA, BOSS]), definitions_of()) == (
        "boss", "phone", "nobody has answered yet; Bo Lind is the most senior contact",
    )  # fmt: skip


@pytest.mark.parametrize("result", ["wrong_person", "do_not_contact"])
def test_an_answer_that_sends_us_away_suggests_nobody(result, definitions_of):
    facts = facts_of([DANA, BOSS], [{"contact_id": "dana", "occurred_at": "2026-02-03", "result": result}])
    assert suggested(facts, definitions_of())[0] == "boss"


def test_whoever_refuses_is_not_suggested_although_they_answered_last(definitions_of):
    refused = DANA | {"do_not_contact_since": pd.Timestamp("2026-03-02", tz="UTC")}
    facts = facts_of([refused, BOSS], [{"contact_id": "dana", "occurred_at": "2026-02-03"}])
    assert suggested(facts, definitions_of())[0] == "boss"


def test_a_contact_of_the_account_is_a_contact_of_each_of_its_prospects(definitions_of):
    shared = {"contact_id": "dana", "account_id": "acme", "email": "d@acme.example"}
    facts = facts_of([shared])
    assert suggested(facts, definitions_of(), "b") == (
        "dana", "email", "nobody has answered yet; contact dana is on record",
    )  # fmt: skip
    assert people(facts, AS_OF)["prospect_id"].tolist() == ["a", "b"]


def test_a_channel_that_nobody_is_called_by_is_not_suggested(definitions_of):
    facts = facts_of([DANA], [{"contact_id": "dana", "occurred_at": "2026-02-03", "channel": "web"}])
    assert suggested(facts, definitions_of())[1] == "phone"


def test_nobody_known_says_so(definitions_of):
    assert suggested(facts_of([]), definitions_of()) == (
        None, "phone", "no contact on record: ask for the person in charge",
    )  # fmt: skip


def test_the_last_version_of_a_contact_counts(definitions_of):
    later = pd.Timestamp("2026-02-01", tz="UTC")
    facts = facts_of([DANA, DANA | {"name": "Dana Ito-Berg", "recorded_at": later}])
    assert "Dana Ito-Berg" in suggested(facts, definitions_of())[2]
