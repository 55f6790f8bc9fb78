"""The form of an experiment: what stands in it, the card that comes of it, and what is wrong said beside its field."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evidence.experiment_card import Card
from models.measures.sequential import power
from serving.boards.offers import ALL, NO_SEGMENT, Base
from serving.pages.expecting import expectation
from serving.pages.experiment_form import FIELDS, check, eligible, prefilled
from serving.pages.words import Words
from tests.serving.boards.literal_offers import OFFERS, board, offered, segment

DAY = dt.date(2026, 11, 24)
PILOT = OFFERS[1]


def typed(**changes: str) -> dict[str, str]:
    given = prefilled(board(), segment="laboratories", offer=PILOT, day=DAY, owner="mira", taken=())
    return given | changes


def errors(**changes: str) -> dict[str, str]:
    return check(typed(**changes), board(), day=DAY, taken=("taken-name",)).errors


def card(**changes: str) -> Card:
    checked = check(typed(**changes), board(), day=DAY, taken=())
    assert checked.card is not None, checked.errors
    return checked.card


def test_what_stands_in_the_form_at_first_is_a_card_already() -> None:
    made = card()
    assert (made.name, made.owner, made.start) == ("pilot-in-laboratories", "mira", dt.date(2026, 11, 25))
    assert [(a.name, a.chance, a.offer_id) for a in made.arms] == [("as usual", 0.5, None), ("pilot", 0.5, "O1")]
    assert (made.measure.kind, made.measure.days, made.worthwhile) == ("won", 45, 0.05)


def test_a_name_that_is_in_use_gets_a_number_and_strange_names_become_plain() -> None:
    strange = offered("O7", "½ é=Rabatt!")
    made = prefilled(board(), segment="O'Neil & <i>", offer=strange, day=DAY, owner="", taken=("pilot",))
    assert made["name"] == "offer-12-e-rabatt-in-o-neil-i"
    again = prefilled(board(), segment="x", offer=PILOT, day=DAY, owner="", taken=("pilot-in-x", "pilot-in-x-2"))
    assert again["name"] == "pilot-in-x-3"


def test_numbers_are_read_as_people_write_them() -> None:
    made = card(chance=" 33,3 %", worthwhile="2,5", days="30")
    assert [arm.chance for arm in made.arms] == [0.667, 0.333]
    assert (made.worthwhile, made.measure.days) == (0.025, 30)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "Pilot!", "small letters"), ("name", "taken-name", "has this name"),
        ("hypothesis", "short", "10 letters"),
        ("hypothesis", "x" * 2001, "2,001 letters"), ("changes", "", "5 letters"), ("owner", "  ", "own it"),
        ("owner", "a\x00b", "cannot be written"), ("chance", "100", "from 1 to 99"), ("chance", "nan", "from 1 to 99"),
        ("chance", "half", "got 'half'"), ("days", "4.5", "whole number"), ("days", "1e9", "from 1 to 730"),
        ("measure", "sold", "Choose one of"), ("start", "2026-11-24", "before the start"), ("start", "soon", "no day"),
        ("stop", "", "Choose a day"), ("stop", "2026-11-25", "nobody could join"),
        ("worthwhile", "0", "from 0.1 to 99"),
        ("segment", "nix", "No open prospect is in a segment 'nix'"), ("offer", "O9", "There is no offer 'O9'"),
        ("offer", "O2", "may not be made any more from 2026-11-01"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_said_for_its_field_alone(field: str, value: str, words: str) -> None:
    found = errors(**{field: value})
    assert list(found) == [field]
    assert words in found[field]


def test_an_offer_of_another_segment_or_of_next_year_is_refused_in_words() -> None:
    later = offered("O8", "later", segments=("medium",), valid_from=dt.date(2027, 1, 1))
    found = check(typed(offer="O8"), board(offers=(*OFFERS, later)), day=DAY, taken=()).errors
    assert found["segment"] == "later is only for medium."
    assert "start then or later" in found["start"]


@given(st.fixed_dictionaries({name: st.text(max_size=30) for name in FIELDS}))
def test_whatever_is_typed_gives_a_card_or_reasons(anything: dict[str, str]) -> None:
    checked = check(anything, board(), day=DAY, taken=())
    assert (checked.card is None) == bool(checked.errors)
    assert set(checked.errors) <= {*FIELDS, ""}


def rows(sql: str) -> list[Any]:
    """Ask literal tables: p1 to p3 in `it's`, now new, qualified, and new again; p4 elsewhere, p5 nowhere."""
    with duckdb.connect() as asked:
        asked.sql(
            """create table prospects as select * from (values ('p1', 'it''s'), ('p2', 'it''s'), ('p3', 'it''s'),
               ('p4', 'b'), ('p5', null)) t(prospect_id, segment)"""
        )
        asked.sql(
            """create table touches as select * from (values ('p1', 't1', 1, 'new'), ('p2', 't2', 1, 'new'),
               ('p2', 't3', 1, 'qualified'), ('p2', 't4', 2, null), ('p3', 't5', 1, 'qualified'), ('p3', 't6', 2,
               'new'), ('p4', 't7', 1, 'qualified')) t(prospect_id, touch_id, occurred_at, stage)"""
        )
        return sorted(who for (who,) in asked.sql(sql).fetchall())


def test_who_may_join_is_asked_by_segment_and_last_known_stage() -> None:
    anyone = offered("O0", "list price")
    assert rows(eligible("it's", anyone)) == ["p1", "p2", "p3"]
    assert rows(eligible("it's", PILOT)) == ["p2"]
    assert rows(eligible(NO_SEGMENT, anyone)) == ["p5"]
    assert rows(eligible(ALL, PILOT)) == ["p2", "p4"]
    assert rows(eligible(ALL, offered("O3", "only b", segments=("b", "it's"), stages=("new",)))) == ["p1", "p3"]


def expected(**changes: Any) -> list[str]:
    asked = board(segments=(segment("laboratories", **changes),))
    return expectation(card(), asked, segment="laboratories", day=DAY, say=Words())


def test_the_size_that_is_said_has_the_power_that_is_said() -> None:
    share, need, come, enough = expected()
    assert share == "Of 200 prospects that were open 45 days ago, 20 succeeded since."
    size = int(need.split("about ")[1].split(" ")[0].replace(",", ""))
    assert power((0.10, 0.15), (size / 2, size / 2), scale=0.05) >= 0.8
    assert power((0.10, 0.15), (size / 2 - 5, size / 2 - 5), scale=0.05) < 0.8
    assert come.startswith("About 69 can join by then: 30 may be offered it now")  # 30 + 3 a week
    assert enough.startswith("That is too few")
    assert expected(weekly=5000.0)[-1] == "That is enough."


def test_where_too_little_is_known_no_size_is_said() -> None:
    few = expected(bases=(Base(measure="won", days=45, n=19, successes=9),))
    assert few[0].startswith("Only 19 earlier prospects")
    assert expected(bases=())[0].startswith("How many succeed within 45 days as things are was not counted")
    assert expectation(card(), board(), segment="nix", day=DAY, say=Words()) == []
