"""Writing back into a real Tryton: once and only once, people's own numbers left alone, all of it taken out again."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.sources.tryton.rest import Record, TrytonSettings
from pipelines.writing.fields import EMPTY
from pipelines.writing.target import Found, Item, Value
from pipelines.writing.tryton import Tryton
from tests.tryton.filling import Company
from tests.tryton.test_tryton_source import OPPORTUNITY, lead

pytestmark = pytest.mark.slow


@pytest.fixture
def target(company: Company) -> Tryton:
    return Tryton(TrytonSettings(url=company.crm.url, key=company.crm.key))


def fields(deal: int, **values: Value) -> Item:
    said: dict[str, Value] = {"state": "scored", "grade": "A", "reasons": "+ answered\n- long ago", "versions": "v1"}
    return Item("fields", str(deal), str(deal), {**EMPTY, **said, "score": 0.381, **values})


def task(deal: int, **values: Value) -> Item:
    told: dict[str, Value] = {"title": "Call Dana Ito (Acme)", "body": "Chance 38 %", "due_on": "2026-11-25",
                              "due_at": "2026-11-25T16:00:00+00:00", "owner_id": "Mira Lang"}  # fmt: skip
    return Item("task", f"2026-11-25/{deal}", str(deal), {**told, **values})


def record(company: Company, deal: int) -> Record:
    read: list[Any] = company.crm.call(OPPORTUNITY, "read", [deal], ["conversion_probability", "notes", "write_date"])
    notes = company.crm.call("ir.note", "read", read[0]["notes"], ["message"])
    return {**read[0], "texts": sorted(note["message"] for note in notes)}


def test_a_chance_is_trytons_probability_and_a_note_that_says_why(company: Company, target: Tryton) -> None:
    deal, _ = lead(company)

    (outcome,) = target.write([fields(deal)])

    assert outcome.state == "written"
    stands = record(company, deal)
    assert stands["conversion_probability"] == 0.381
    (text,) = stands["texts"]
    assert text.startswith("Takt: 38.1%, grade A\nWhy:\n+ answered\n- long ago\n")
    assert target.find([fields(deal, versions="v2")]) == [Found(None, True)]
    assert target.find([fields(deal, score=0.2)]) == [Found(None, False)]


def test_writing_twice_leaves_one_note(company: Company, target: Tryton) -> None:
    deal, _ = lead(company)
    for item in (fields(deal), fields(deal), fields(deal, score=0.2), task(deal), task(deal)):
        target.write([item])
    stands = record(company, deal)
    assert [text.splitlines()[0] for text in stands["texts"]] == [
        "Takt, to do on 2026-11-25: Call Dana Ito (Acme)", "Takt: 20.0%, grade A",
    ]  # fmt: skip


def test_switched_off_the_probability_from_before_comes_back(company: Company, target: Tryton) -> None:
    deal, _ = lead(company, conversion_probability=0.7)
    target.write([fields(deal)])
    target.write([fields(deal, score=0.2)])
    (made,) = target.write([task(deal)])

    target.remove([Item("task", task(deal).key, str(deal), {}, made.vendor_id)])
    target.remove([Item("fields", str(deal), str(deal), EMPTY)])

    stands = record(company, deal)
    assert (stands["conversion_probability"], stands["texts"]) == (0.7, [])


def test_a_number_that_a_person_put_there_stays(company: Company, target: Tryton) -> None:
    deal, _ = lead(company)
    target.write([fields(deal)])
    company.crm.call(OPPORTUNITY, "write", [deal], {"conversion_probability": 0.9})

    target.write([fields(deal, score=0.2)])
    assert record(company, deal)["conversion_probability"] == 0.9
    target.remove([Item("fields", str(deal), str(deal), EMPTY)])
    assert record(company, deal)["conversion_probability"] == 0.9


def test_a_row_that_tryton_rejects_is_told_in_its_words_and_one_that_is_gone_is_gone(
    company: Company, target: Tryton
) -> None:
    lost, _ = lead(company)
    company.crm.call(OPPORTUNITY, "lost", [lost])

    (rejected,) = target.write([fields(lost)])
    (gone,) = target.write([fields(10**6)])

    assert rejected.state == "rejected"
    assert 'not allowed to modify the field "Conversion Probability"' in rejected.words
    assert gone.state == "gone"


def test_what_stands_on_a_deal_that_was_closed_since_can_be_taken_out(company: Company, target: Tryton) -> None:
    deal, _ = lead(company)
    target.write([fields(deal)])
    company.crm.call(OPPORTUNITY, "lost", [deal])

    (outcome,) = target.remove([Item("fields", str(deal), str(deal), EMPTY)])

    assert outcome.state == "removed"
    assert record(company, deal)["texts"] == []


def test_the_account_is_the_company_and_nothing_has_to_be_prepared(target: Tryton) -> None:
    assert target.check().account == "Northwind Instruments (company 1)"
    assert target.prepare() == []
    assert [target.owns(id_) for id_ in ("12", "x12", "")] == [True, False, False]
