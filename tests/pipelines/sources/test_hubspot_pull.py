"""HubSpot, pulled from its protocol on loopback: which facts come of it, and that only what is new is read again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.lake import Lake
from pipelines.sources.connected import landed
from pipelines.sources.hubspot import api
from pipelines.sources.mapped import Mapped
from tests.pipelines.sources.hubspot_company import Company, begun, files, mapped, pull, settings, table
from tests.pipelines.sources.loopback import loopback


@pytest.fixture(scope="module")
def company() -> Company:
    return begun()


@pytest.fixture(scope="module")
def url(company: Company) -> Iterator[str]:
    with loopback(company.crm.app) as address:
        yield address


@pytest.fixture(scope="module")
def raw(company: Company, url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The raw folder after the first pull."""
    place = tmp_path_factory.mktemp("hubspot") / "raw"
    pull(url, place)
    return place


@pytest.fixture(scope="module")
def facts(raw: Path) -> Mapped:
    """The facts of the first pull."""
    return mapped(raw)


def test_nothing_of_the_first_pull_is_quarantined(facts):
    assert facts.summary()["quarantined"].sum() == 0


def test_a_deal_is_a_prospect_with_its_owner_by_address_and_what_was_known_when_it_was_made(facts, company):
    columns = ("prospect_id", "account_id", "created_at", "recorded_at", "owner_id", "segment", "source", "amount")
    assert table(facts, "prospects", *columns) == [
        (company["pilot"], company["acme"], "03-01 09:00", "03-01 09:00", "dana@company.example", "newbusiness",
         "PAID_SEARCH", 100.0),
        (company["renewal"], company["acme"], "03-04 10:00", "03-04 10:00", "ken@company.example", None, None, None),
    ]  # fmt: skip


def test_property_history_is_the_changes_of_attributes_with_the_times_of_the_crm(facts, company):
    rows = [r for r in table(facts, "attribute_changes", "id", "name", "occurred_at", "recorded_at", "value")]
    assert [r[1:] for r in rows if r[0] == company["pilot"] and r[1] in ("amount", "stage")] == [
        ("amount", "03-01 09:00", "03-01 09:00", "100"),
        ("amount", "03-03 10:00", "03-03 10:00", "250"),
        ("stage", "03-01 09:00", "03-01 09:00", "appointmentscheduled"),
        ("stage", "03-03 10:00", "03-03 10:00", "qualifiedtobuy"),
        ("stage", "03-09 10:00", "03-09 10:00", "closedwon"),
    ]


def test_a_call_is_a_touch_with_a_version_for_each_result_it_was_given(facts, company):
    columns = ("touch_id", "prospect_id", "contact_id", "kind", "channel", "direction", "occurred_at", "recorded_at",
               "result", "duration_s")  # fmt: skip
    same = (
        f"call-{company['call']}-{company['pilot']}",
        company["pilot"],
        company["dana"],
        "call",
        "phone",
        "outbound",
    )
    assert [r for r in table(facts, "touches", *columns) if r[3] == "call"] == [
        (*same, "03-02 10:00", "03-02 10:00", "answered", 90.0),
        (*same, "03-02 10:00", "03-05 16:30", "left_message", 90.0),
    ]


def test_a_move_to_an_open_stage_is_a_touch_and_a_closed_stage_is_an_outcome(facts, company):
    stages = [r for r in table(facts, "touches", "prospect_id", "kind", "occurred_at", "stage") if r[1] == "stage"]
    assert [(r[0], *r[2:]) for r in stages] == [
        (company["pilot"], "03-01 09:00", "appointmentscheduled"),
        (company["pilot"], "03-03 10:00", "qualifiedtobuy"),
        (company["renewal"], "03-04 10:00", "appointmentscheduled"),
    ]
    columns = ("prospect_id", "occurred_at", "recorded_at", "result", "amount", "reason")
    assert table(facts, "outcomes", *columns) == [
        (company["pilot"], "03-08 00:00", "03-09 10:00", "won", 250.0, "price")
    ]


def test_companies_and_people_are_accounts_and_contacts_with_roles(facts, company):
    assert table(facts, "accounts", "account_id", "name", "industry", "employees", "country") == [
        (company["acme"], "Acme", "RETAIL", 50.0, "Japan"),
        (company["bolt"], "Bolt", None, None, None),
    ]
    assert table(facts, "contacts", "contact_id", "account_id", "name", "role", "seniority", "email") == [
        (company["dana"], company["acme"], "Dana Ito", "Head of operations", "manager", "dana@acme.example"),
        (company["ken"], company["bolt"], "Ken", None, None, None),
    ]


def test_the_same_pull_twice_changes_nothing_in_the_files_and_in_the_lake(company, url, raw, facts, tmp_path):
    lake, before, sent = Lake(tmp_path / "lake"), files(raw), company.crm.sent
    for name, checked in facts.checked.items():
        lake.merge(name, checked.good)
    version = lake.data_version()
    pull(url, raw)
    assert files(raw) == before
    assert company.crm.sent == sent, "no record was read a second time"
    brought = landed.last(raw)
    assert brought is not None
    assert sum(brought.new.values()) == 0
    assert [lake.merge(n, c.good) for n, c in mapped(raw).checked.items()] == [0] * len(facts.checked)
    assert lake.data_version() == version


def test_the_next_pull_reads_only_what_changed_and_adds_only_that(company, url, raw, facts):
    crm = company.crm
    crm.at("2026-03-10 11:00")
    mail = crm.create(
        "emails", {"deals": [company["renewal"]], "contacts": [company["dana"]]},
        hs_timestamp="2026-03-10T10:58:00Z", hs_email_direction="INCOMING_EMAIL", hs_email_status="SENT",
    )  # fmt: skip
    crm.update("deals", company["renewal"], dealstage="an invented stage", dealtype="never seen before")
    sent, asked = crm.sent, len(crm.asked)
    crm.at("2026-03-10 12:00")
    pull(url, raw)
    assert crm.sent - sent == 2, "the deal and the e-mail"
    assert len(crm.asked) - asked < 40
    brought = landed.last(raw)
    assert brought is not None
    assert {n: k for n, k in brought.new.items() if k} == {"deals": 1, "engagements": 1, "pulls": 1}
    now = mapped(raw)
    gained = {n: len(now.checked[n].good) - len(facts.checked[n].good) for n in facts.checked}
    assert {n: k for n, k in gained.items() if k} == {"prospects": 1, "attribute_changes": 2, "touches": 2}
    rows = table(now, "touches", "touch_id", "direction", "channel", "occurred_at", "recorded_at", "stage")
    assert (f"email-{mail}-{company['renewal']}", "inbound", "email", "03-10 10:58", "03-10 11:00", None) in rows
    assert [r[-1] for r in rows if r[-1] == "an invented stage"] == ["an invented stage"]
    assert ("never seen before",) in table(now, "prospects", "segment")


def test_more_results_than_a_search_shows_are_read_by_beginning_again_and_within_one_moment_by_id(
    company, url, monkeypatch, tmp_path
):
    crm = company.crm
    monkeypatch.setattr(api, "SEARCH_LIMIT", 4)
    monkeypatch.setattr(api, "SEARCH_PAGE", 2)
    monkeypatch.setattr(crm, "search_limit", 4)
    crm.at("2026-03-11 09:00")
    made = [crm.create("notes", None, hs_timestamp="2026-03-11T09:00:00Z") for _ in range(9)]
    crm.at("2026-03-11 09:01")
    made += [crm.create("notes", None, hs_timestamp="2026-03-11T09:01:00Z") for _ in range(2)]
    hubspot = api.Hubspot(settings(url))
    rows = [one for page in hubspot.changed("notes", 0, api.milliseconds("2026-03-11T10:00:00Z")) for one, _ in page]
    assert sorted(set(rows)) == sorted(made)
