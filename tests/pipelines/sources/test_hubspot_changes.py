"""What is deleted, restored, merged, separated, reopened, entered late, or entered under another clock in HubSpot."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from features.facts.ledger import Facts
from pipelines.sources.mapped import Mapped
from tests.pipelines.sources.hubspot_company import CONNECTED, Company, begun, mapped, pull, table
from tests.pipelines.sources.loopback import loopback


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A fortnight with a pull each evening that matters; the facts after each."""
    company = begun()
    crm, raw = company.crm, tmp_path_factory.mktemp("hubspot") / "raw"
    told: dict[str, Any] = {"company": company}
    with loopback(crm.app) as url:

        def evening(name: str, clock: str) -> None:
            crm.at(clock)
            pull(url, raw)
            told[name] = mapped(raw)

        crm.at("2026-03-10 09:00")
        company.deal("twin")
        company.call("twins call", "twin", hs_call_disposition=CONNECTED)
        crm.at("2026-03-10 18:00:00.400")
        company.deal("in that second")
        evening("begun", "2026-03-10 18:00:00.400")
        crm.at("2026-03-10 18:00:00.900")
        company.deal("just after")
        crm.at("2026-03-11 10:00").merge("deals", company["renewal"], company["twin"])
        crm.merge("contacts", company["dana"], company["ken"])
        crm.archive("calls", company["call"])
        evening("merged", "2026-03-11 18:00")
        crm.at("2026-03-12 10:00").unmerge(
            "deals", company["renewal"], company["twin"], {"calls": [company["twins call"]]}
        )
        crm.update("deals", company["pilot"], dealstage="contractsent")  # it was not won after all
        _later(company)
        evening("separated", "2026-03-12 18:00")
        crm.at("2026-03-13 10:00").archive("deals", company["renewal"])
        evening("deleted", "2026-03-13 18:00")
        crm.at("2026-03-14 10:00").restore("deals", company["renewal"])
        evening("restored", "2026-03-14 18:00")
    return told


def _later(company: Company) -> None:
    """Enter a call of last week today, and a meeting of tomorrow; the meeting is moved before it is held."""
    crm, deal = company.crm, {"deals": [company["renewal"]]}
    company.ids["late"] = crm.create("calls", deal, hs_timestamp="2026-03-06T08:00:00Z", hs_call_direction="OUTBOUND")
    company.ids["meeting"] = crm.create(
        "meetings", deal, hs_timestamp="2026-03-13T12:00:00Z", hs_meeting_start_time="2026-03-13T12:00:00Z",
        hs_meeting_end_time="2026-03-13T12:30:00Z", hs_meeting_outcome="SCHEDULED",
    )  # fmt: skip
    company.ids["task"] = crm.create("tasks", deal, hs_timestamp="2026-03-12T09:00:00Z", hs_task_status="NOT_STARTED")


def known(facts: Mapped, at: str) -> Facts:
    return facts.facts().visible(pd.Timestamp(f"2026-{at}", tz="UTC").as_unit("us"))


def touches(facts: Mapped, at: str) -> set[str]:
    return set(known(facts, at).touches["touch_id"])


def test_a_merged_deal_is_withdrawn_and_its_call_belongs_to_the_other_one(story):
    company, facts = story["company"], story["merged"]
    assert (
        "prospects",
        company["twin"],
        "03-11 10:00",
        "merged",
    ) in table(facts, "withdrawals", "table", "id", "recorded_at", "reason")
    twins, winners = (f"call-{company['twins call']}-{company[d]}" for d in ("twin", "renewal"))
    assert touches(facts, "03-11 09:00") >= {twins}
    after = known(facts, "03-11 11:00")
    assert winners in set(after.touches["touch_id"])
    assert twins not in set(after.touches["touch_id"])
    assert company["twin"] not in set(after.prospects["prospect_id"])


def test_a_merged_person_is_withdrawn(story):
    company = story["company"]
    rows = table(story["merged"], "withdrawals", "table", "id", "reason")
    assert ("contacts", company["ken"], "merged") in rows
    assert company["ken"] not in set(known(story["merged"], "03-11 11:00").contacts["contact_id"])


def test_a_deleted_call_is_withdrawn_from_when_it_was_deleted(story):
    company = story["company"]
    call = f"call-{company['call']}-{company['pilot']}"
    assert call in touches(story["merged"], "03-11 09:00")
    assert call not in touches(story["merged"], "03-11 11:00")


def test_a_deal_that_is_separated_again_stands_again_with_its_call(story):
    company, facts = story["company"], story["separated"]
    twins, winners = (f"call-{company['twins call']}-{company[d]}" for d in ("twin", "renewal"))
    after = known(facts, "03-12 11:00")
    assert company["twin"] in set(after.prospects["prospect_id"])
    assert twins in set(after.touches["touch_id"])
    assert winners not in set(after.touches["touch_id"])


def test_an_outcome_that_did_not_hold_is_withdrawn(story):
    company, facts = story["company"], story["separated"]
    assert company["pilot"] in set(known(facts, "03-12 09:00").outcomes["prospect_id"])
    assert company["pilot"] not in set(known(facts, "03-12 11:00").outcomes["prospect_id"])


def test_a_call_entered_late_happened_then_and_is_known_from_now(story):
    company = story["company"]
    rows = table(story["separated"], "touches", "touch_id", "occurred_at", "recorded_at")
    late = f"call-{company['late']}-{company['renewal']}"
    assert [r for r in rows if r[0] == late] == [(late, "03-06 08:00", "03-12 10:00")]


def test_a_meeting_of_tomorrow_is_no_fact_today_and_one_once_it_has_begun(story):
    company = story["company"]
    meeting = f"meeting-{company['meeting']}-{company['renewal']}"
    assert meeting not in {r[0] for r in table(story["separated"], "touches", "touch_id")}
    rows = table(story["deleted"], "touches", "touch_id", "occurred_at", "recorded_at", "result", "duration_s")
    assert [r for r in rows if r[0] == meeting] == [(meeting, "03-13 12:00", "03-13 12:00", None, 1800.0)]


def test_what_is_no_touch_is_counted_with_its_reason(story):
    left = story["separated"].left_out
    assert dict(zip(left["reason"], left["rows"], strict=True)) == {"task not finished": 1}


def test_a_deleted_deal_is_gone_and_a_restored_one_is_back(story):
    company = story["company"]
    assert company["renewal"] not in set(known(story["deleted"], "03-13 11:00").prospects["prospect_id"])
    assert company["renewal"] not in set(known(story["restored"], "03-14 09:00").prospects["prospect_id"])
    assert company["renewal"] in set(known(story["restored"], "03-14 11:00").prospects["prospect_id"])


def test_nothing_of_it_is_quarantined_and_nothing_known_before_is_said_otherwise_later(story):
    names = ["begun", "merged", "separated", "deleted", "restored"]
    for before, after in zip(names, names[1:], strict=False):
        assert story[after].summary()["quarantined"].sum() == 0
        for table_name, checked in story[before].checked.items():
            if len(checked.good):
                same = checked.good.merge(story[after].checked[table_name].good, how="left", indicator=True)
                assert set(same["_merge"]) == {"both"}, (before, after, table_name)


def test_nothing_is_lost_at_the_boundary_of_two_pulls_whatever_our_own_clock_says(story):
    company = story["company"]  # the CRM's clock stands months before ours, and ours is never asked
    assert company["in that second"] in {r[0] for r in table(story["begun"], "prospects", "prospect_id")}
    assert company["just after"] in {r[0] for r in table(story["merged"], "prospects", "prospect_id")}
