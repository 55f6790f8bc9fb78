"""Pulling from a real Tryton: what is new, every version, what vanished, and refusals by name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.facts.contract import TABLES
from pipelines.sources.connected.errors import SourceChanged, SourceRefused
from pipelines.sources.connected.landed import Landed
from pipelines.sources.folders import find
from pipelines.sources.mapped import Mapped
from pipelines.sources.mapping import map_source
from pipelines.sources.tryton.rest import Rest, TrytonSettings
from pipelines.sources.tryton.source import pull
from tests.tryton.filling import Company, day, money

pytestmark = pytest.mark.slow

Pull = Callable[[], tuple[Landed, Mapped]]
OPPORTUNITY = "sale.opportunity"


@pytest.fixture
def pulled(company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pull:
    """Pull into one folder, again and again, and map what is there."""
    monkeypatch.setenv("TAKT_TRYTON_URL", company.crm.url)
    monkeypatch.setenv("TAKT_TRYTON_KEY", company.crm.key)

    def again() -> tuple[Landed, Mapped]:
        return pull(tmp_path / "raw"), map_source(find("tryton"), tmp_path / "raw")

    return again


def lead(company: Company, **further: Any) -> tuple[int, int]:
    """Enter a party with one person, and a lead of it; return (opportunity, party)."""
    person = {"type": "phone", "value": "+4930123456", "name": "Dana Ito", "comment": "operations lead"}
    (party,) = company.crm.call(
        "party.party", "create", [{"name": "Acme", "contact_mechanisms": [["create", [person]]]}]
    )
    given = {"party": party, "employee": company.employees[0], "company": company.company,
             "currency": company.currency, "amount": money("1200.00")} | further  # fmt: skip
    (made,) = company.crm.call(OPPORTUNITY, "create", [given])
    return made, party


def rows(mapped: Mapped, name: str, /, **where: Any) -> pd.DataFrame:
    good = mapped.checked[name].good
    for column, value in where.items():
        good = good[good[column] == value]
    return good


def test_stage_changes_have_their_own_times_even_if_nobody_pulled_between_them(company: Company, pulled: Pull) -> None:
    deal, _ = lead(company)
    company.crm.call(OPPORTUNITY, "opportunity", [deal])
    company.crm.call(OPPORTUNITY, "lost", [deal])
    company.crm.call(OPPORTUNITY, "write", [deal], {"lost_reason": "price"})

    _, mapped = pulled()

    steps = rows(mapped, "touches", prospect_id=str(deal), kind="stage").sort_values("occurred_at")
    assert list(steps["stage"]) == ["lead", "opportunity"]
    assert steps["occurred_at"].is_unique
    ends = rows(mapped, "outcomes", prospect_id=str(deal)).sort_values("recorded_at")
    assert list(ends["result"]) == ["lost", "lost"]
    assert ends["occurred_at"].nunique() == 1
    assert ends["reason"].fillna("").tolist() == ["", "price"]


def test_a_second_pull_brings_nothing_and_a_third_only_what_was_done_since(company: Company, pulled: Pull) -> None:
    deal, _ = lead(company)
    pulled()
    same, _ = pulled()
    assert set(same.new.values()) == {0}

    company.note([(deal, "call: no answer")])
    company.crm.call(OPPORTUNITY, "write", [deal], {"employee": company.employees[1]})
    later, mapped = pulled()

    assert {name: n for name, n in later.new.items() if n} == {"opportunities": 1, "notes": 1}
    owners = rows(mapped, "prospects", prospect_id=str(deal)).sort_values("recorded_at")["owner_id"]
    assert list(owners) == ["Mira Lang", "Jonas Weber"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("call: no answer", ("call", "phone", "outbound", "no_answer", None, None)),
        ("Call 12min with Dana Ito: not now - in spring", ("call", "phone", "outbound", "not_now", 720.0, "Dana Ito")),
        ("e-mail in: interested", ("email", "email", "inbound", "interested", None, None)),
        ("meeting: they will think it over", ("meeting", "in_person", "outbound", None, None, None)),
    ],
)
def test_notes_in_the_agreed_form_are_touches(
    company: Company, pulled: Pull, text: str, expected: tuple[object, ...]
) -> None:
    deal, party = lead(company)
    company.note([(deal, text), (deal, "Bring the brochure next time")])

    _, mapped = pulled()

    (touch,) = rows(mapped, "touches", prospect_id=str(deal)).query("kind != 'stage'").to_dict("records")
    kind, channel, direction, result, seconds, person = expected
    assert (touch["kind"], touch["channel"], touch["direction"]) == (kind, channel, direction)
    assert (None if pd.isna(touch["result"]) else touch["result"]) == result
    assert (None if pd.isna(touch["duration_s"]) else touch["duration_s"]) == seconds
    assert (None if pd.isna(touch["contact_id"]) else touch["contact_id"]) == (person and f"{party}:{person}")
    assert mapped.left_out["rows"].sum() >= 1


def test_a_time_in_a_note_is_one_of_the_companys_clock(company: Company, pulled: Pull) -> None:
    deal, _ = lead(company, start_date=day(dt.date(2026, 7, 1)))
    company.note([(deal, "call 2026-07-02 16:30: answered")])

    _, mapped = pulled()

    (touch,) = rows(mapped, "touches", prospect_id=str(deal), kind="call").to_dict("records")
    assert touch["occurred_at"] == pd.Timestamp("2026-07-02 14:30", tz="UTC")
    assert touch["recorded_at"] > touch["occurred_at"]
    (row,) = rows(mapped, "prospects", prospect_id=str(deal)).to_dict("records")
    assert row["created_at"] == pd.Timestamp("2026-06-30 22:00", tz="UTC")


def test_what_tryton_deleted_is_withdrawn(company: Company, pulled: Pull) -> None:
    deal, party = lead(company)
    kept, _ = lead(company)
    company.note([(kept, "call: answered")])
    pulled()
    company.crm.call(OPPORTUNITY, "cancel", [deal])
    company.crm.call(OPPORTUNITY, "delete", [deal])
    (note,) = company.crm.call("ir.note", "search", [["resource", "=", f"{OPPORTUNITY},{kept}"]], 0, None, None)
    company.crm.call("ir.note", "delete", [note])
    (way,) = company.crm.call("party.contact_mechanism", "search", [["party", "=", party]], 0, None, None)
    company.crm.call("party.contact_mechanism", "write", [way], {"active": False})

    _, mapped = pulled()

    gone = rows(mapped, "withdrawals").set_index("id")["table"]
    assert gone[str(deal)] == "prospects"
    assert gone[f"N{note}"] == "touches"
    assert gone[f"{party}:Dana Ito"] == "contacts"
    again, _ = pulled()
    assert set(again.new.values()) == {0}


def test_an_opportunity_that_is_opened_again_takes_its_outcome_back(company: Company, pulled: Pull) -> None:
    deal, _ = lead(company)
    company.crm.call(OPPORTUNITY, "lost", [deal])
    company.crm.call(OPPORTUNITY, "lead", [deal])

    _, mapped = pulled()

    (end,) = rows(mapped, "outcomes", prospect_id=str(deal)).to_dict("records")
    (back,) = rows(mapped, "withdrawals", table="outcomes", id=str(deal)).to_dict("records")
    assert back["happened_at"] == end["occurred_at"] < back["recorded_at"]


def test_every_table_of_the_contract_is_mapped_without_a_row_set_aside(company: Company, pulled: Pull) -> None:
    lead(company)
    _, mapped = pulled()
    assert set(mapped.checked) == set(TABLES)
    assert not any(len(table.quarantined) for table in mapped.checked.values())


def test_wrong_credentials_and_fields_that_are_gone_have_names(company: Company) -> None:
    url = company.crm.url
    with pytest.raises(SourceRefused, match=r"401(.|\n)*Check the token"):
        Rest(TrytonSettings(url=url, key="wrong")).require(OPPORTUNITY, ["state"])
    with pytest.raises(SourceRefused, match="TAKT_TRYTON_KEY"):
        Rest(TrytonSettings(url=url))
    rest = Rest(TrytonSettings(url=url, key=company.crm.key))
    with pytest.raises(SourceChanged, match="sale.opportunity has no field temperature"):
        rest.require(OPPORTUNITY, ["state", "temperature"])
    with pytest.raises(SourceChanged, match="no database of Tryton's"):
        Rest(TrytonSettings(url=f"{url}x", key=company.crm.key)).require(OPPORTUNITY, ["state"])
    with pytest.raises(SourceRefused, match="not allowed to search"):
        list(rest.search("ir.note", ["message"]))
