"""A small organisation, pulled again and again: what becomes which fact, what is added, and what breaks nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from pydantic import SecretStr

from pipelines.lake import Lake
from pipelines.sources.connected.errors import SourceUnavailable
from pipelines.sources.connected.landed import Landed, last
from pipelines.sources.folders import find
from pipelines.sources.mapped import Mapped
from pipelines.sources.mapping import map_source
from pipelines.sources.salesforce.session import SalesforceSettings
from pipelines.sources.salesforce.source import FIELDS, pull
from tests.pipelines.sources.loopback import loopback
from tests.pipelines.sources.salesforce_server import Salesforce, unavailable

STAGES = (("Prospecting", False, False), ("Proposal/Price Quote", False, False), ("Closed Won", True, True),
          ("Closed Lost", True, False))  # fmt: skip
ROOT = Path(__file__).resolve().parents[3]
PULL = """
import sys
from pathlib import Path
from pipelines.sources.salesforce.source import pull
pull(Path(sys.argv[1]))
"""
JANUARY = "2026-01-{}".format


@dataclass
class Story:
    """What was pulled when: `killed` and `broken` pulls left `nothing`, the first complete one `first`, and so on."""

    crm: Salesforce
    nothing: list[str]
    undisturbed: Path
    resumed: Path
    first: Mapped
    same: Landed
    same_files: bool
    asked_again: list[str]
    later: Landed
    second: Mapped
    lake: Lake
    added: list[dict[str, int]]
    changed: dict[str, int]


def january(crm: Salesforce) -> None:
    """Fill the organisation until 10 January 2026."""
    crm.put("Organization", "2020-01-01", Id="00D", TimeZoneSidKey="America/New_York")
    for name, closed, won in STAGES:
        crm.put("OpportunityStage", "2020-01-01", ApiName=name, IsClosed=closed, IsWon=won)
    for key in ("mira", "jonas"):
        crm.put("User", "2020-01-01", Id=f"005{key}", Email=f"{key}@company.example")
    crm.put("Account", JANUARY("01T08:00"), Id="acme", Name="Acme", Industry="Energy", NumberOfEmployees=10)
    crm.put("Account", JANUARY("01T08:00"), Id="bolt", Name="Bolt", Industry="Steel")
    crm.change("Account", "acme", JANUARY("04T08:00"), NumberOfEmployees=12)
    crm.put(
        "Contact", JANUARY("01T08:05"), Id="dana", AccountId="acme", Name="Dana", Title="CFO", Email="d@acme.example"
    )
    crm.put("Contact", JANUARY("01T08:05"), Id="rolf", AccountId="bolt", Name="Rolf", Title="Buyer")
    crm.put("Opportunity", JANUARY("02T09:00"), Id="pump", AccountId="acme", OwnerId="005jonas",
            StageName="Prospecting", Amount=100.0, CloseDate="2026-03-01", LeadSource="Web")  # fmt: skip
    crm.put("Opportunity", JANUARY("02T10:00"), Id="valve", AccountId="bolt", OwnerId="005mira",
            StageName="Prospecting", CloseDate="2026-03-01", Notes__c="x" * 5_000_000)  # fmt: skip
    crm.put(
        "Opportunity",
        JANUARY("02T11:00"),
        Id="hose",
        OwnerId="005mira",
        StageName="Prospecting",
        CloseDate="2026-03-01",
    )
    crm.put(
        "OpportunityContactRole", JANUARY("03T12:00"), OpportunityId="pump", ContactId="dana", Role="Decision Maker"
    )
    crm.change("Opportunity", "pump", JANUARY("03T09:00"), OwnerId="005mira")
    crm.change("Opportunity", "pump", JANUARY("05T10:00"), StageName="Proposal/Price Quote", Amount=200.0)
    activities(crm)
    crm.delete("Opportunity", "hose", JANUARY("10T09:00"))


def activities(crm: Salesforce) -> None:
    """Work on the pump, and on a lead that became the valve."""
    crm.put(
        "Lead", "2025-12-01", Id="lena", IsConverted=True, ConvertedOpportunityId="valve", ConvertedContactId="rolf"
    )
    done = {"IsClosed": True, "WhatId": "pump", "WhoId": "dana"}
    call = {"TaskSubtype": "Call", "CallDisposition": "Interested", "CallDurationInSeconds": 60}
    crm.put("Task", JANUARY("06T10:00"), Id="call", **done, **call, ActivityDate="2026-01-05",
            CompletedDateTime="2026-01-06T10:00:00.000+0000")  # fmt: skip
    crm.put("Task", JANUARY("06T11:00"), Id="mail", **done, TaskSubtype="Email",
            CompletedDateTime="2026-01-06T11:00:00.000+0000")  # fmt: skip
    crm.put("EmailMessage", JANUARY("06T11:00"), ActivityId="mail", Incoming=True)
    crm.put("Task", "2025-12-20T10:00", Id="hello", IsClosed=True, WhoId="lena", TaskSubtype="Call", CallType="Inbound",
            CompletedDateTime="2025-12-20T10:00:00.000+0000")  # fmt: skip
    crm.put("Task", JANUARY("07T10:00"), Id="todo", **done | {"IsClosed": False}, TaskSubtype="Task")
    crm.put("Task", JANUARY("07T11:00"), Id="talk", **done, TaskSubtype="Task", Type="Webinar")
    crm.put("Task", JANUARY("07T12:00"), Id="firm", **done | {"WhatId": "acme"}, TaskSubtype="Call")
    crm.put("Event", JANUARY("08T09:00"), Id="ahead", WhatId="pump", WhoId="dana", Type="Meeting", DurationInMinutes=30,
            StartDateTime="2026-01-08T10:00:00.000+0000")  # fmt: skip
    crm.put("Event", JANUARY("09T09:00"), Id="planned", WhatId="pump", Type="Demo",
            StartDateTime="2026-01-25T10:00:00.000+0000")  # fmt: skip
    crm.put("Event", JANUARY("09T09:00"), Id="moved", WhatId="pump", Type="Demo",
            StartDateTime="2026-01-24T10:00:00.000+0000")  # fmt: skip


def afterwards(crm: Salesforce) -> None:
    """Go on until 3 February."""
    crm.undelete("Opportunity", "hose", JANUARY("16T09:00"))
    crm.undelete("Account", "bolt", JANUARY("18T09:00"))
    crm.change("Opportunity", "valve", JANUARY("20T15:00"), StageName="Closed Lost", CloseDate="2026-01-20")
    crm.change("Account", "acme", JANUARY("21T09:00"), Industry="Fusion")
    crm.change("Opportunity", "valve", JANUARY("22T15:00"), StageName="Legal review")
    crm.delete("Task", "mail", JANUARY("22T16:00"))
    crm.delete("Event", "moved", JANUARY("23T09:00"))
    crm.change("Opportunity", "pump", "2026-02-02T15:00", StageName="Closed Won", CloseDate="2026-01-30", Amount=210.0)
    crm.change("Opportunity", "pump", "2026-02-03T15:00", Amount=220.0)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    place, crm = tmp_path_factory.mktemp("salesforce"), Salesforce(page=2)
    january(crm)
    fields = place / "fields.yaml"
    fields.write_text(FIELDS.read_text(encoding="utf-8").replace("account:", "  notes: Notes__c\naccount:"))
    lake, added = Lake(place / "lake"), []

    def merged(mapped: Mapped) -> dict[str, int]:
        return {name: lake.merge(name, checked.good) for name, checked in mapped.checked.items()}

    with loopback(crm.app) as url:
        settings = SalesforceSettings(
            url=url, client_id="takt", client_secret=SecretStr(crm.secret), fields=str(fields), backoff_s=0, attempts=2
        )
        resumed, undisturbed, source = place / "resumed", place / "undisturbed", find("salesforce")
        killed(crm, resumed, settings)
        crm.break_after, crm.faults = 12, [unavailable(), unavailable()]
        with pytest.raises(SourceUnavailable, match=r"answered 503.*Server too busy.*after 2 attempts"):
            pull(resumed, settings=settings)
        nothing = [p.name for p in resumed.glob("*.parquet")]
        crm.break_after, crm.expire_after = None, 5
        pull(resumed, settings=settings)
        pull(undisturbed, settings=settings)
        first = map_source(source, undisturbed)
        added.append(merged(first))
        crm.asked.clear()
        pull(undisturbed, settings=settings)
        asked, same = list(crm.asked), last(undisturbed)
        again = raw_files(undisturbed) == raw_files(resumed)
        crm.merge("acme", "bolt", JANUARY("15T09:00"))
        pull(undisturbed, settings=settings)
        afterwards(crm)
        pull(undisturbed, settings=settings)
        second, later = map_source(source, undisturbed), last(undisturbed)
        changed = {name: len(lake.changed(name, checked.good)) for name, checked in second.checked.items()}
        added.append(merged(second))
    assert same is not None
    assert later is not None
    return Story(crm, nothing, undisturbed, resumed, first, same, again, asked, later, second, lake, added, changed)


def killed(crm: Salesforce, raw: Path, settings: SalesforceSettings) -> None:
    """Begin a pull in a process of its own, and kill it while it waits for its 15th answer."""
    reached, go_on = threading.Event(), threading.Event()
    crm.hold = (15, reached, go_on)
    said = {"URL": settings.url, "CLIENT_ID": "takt", "CLIENT_SECRET": crm.secret, "FIELDS": settings.fields}
    environment = os.environ | {f"TAKT_SALESFORCE_{name}": value for name, value in said.items()}
    with subprocess.Popen([sys.executable, "-c", PULL, str(raw)], cwd=ROOT, env=environment) as process:
        try:
            assert reached.wait(60)
        finally:
            process.kill()
    crm.hold = None
    go_on.set()


def raw_files(raw: Path) -> dict[str, bytes]:
    """Return what the mapping reads."""
    return {path.name: path.read_bytes() for path in raw.glob("*.parquet")}


def table(frame: pd.DataFrame, columns: str) -> list[tuple[object, ...]]:
    """Return some columns as tuples, the times as `01-31 05:00`, missing values as None, sorted."""
    out = frame[columns.split()].copy()
    for name in out.select_dtypes("datetimetz"):
        out[name] = out[name].dt.strftime("%m-%d %H:%M")
    rows = [tuple(None if pd.isna(v) else v for v in row) for row in out.itertuples(index=False)]
    return sorted(rows, key=str)


def at(day: str) -> pd.Timestamp:
    return pd.Timestamp(f"2026-{day}", tz="UTC").as_unit("us")


def test_opportunities_are_the_prospects_with_owner_and_account_as_they_were(story):
    assert table(
        story.first.facts().ever("prospects"), "prospect_id account_id created_at recorded_at owner_id source"
    ) == [
        ("hose", None, "01-02 11:00", "01-02 11:00", "mira@company.example", None),
        ("pump", "acme", "01-02 09:00", "01-02 09:00", "jonas@company.example", "Web"),
        ("pump", "acme", "01-02 09:00", "01-03 09:00", "mira@company.example", "Web"),
        ("valve", "bolt", "01-02 10:00", "01-02 10:00", "mira@company.example", None),
    ]


def test_people_have_the_role_that_they_were_given_in_an_opportunity(story):
    assert table(story.first.facts().contacts, "contact_id account_id recorded_at name role email") == [
        ("dana", "acme", "01-01 08:05", "Dana", "CFO", "d@acme.example"),
        ("dana", "acme", "01-03 12:00", "Dana", "Decision Maker", "d@acme.example"),
        ("rolf", "bolt", "01-01 08:05", "Rolf", "Buyer", None),
    ]


def test_the_field_history_tells_what_was_known_when_from_the_creation_on(story):
    changes = story.first.facts().attribute_changes
    assert table(changes[(changes["id"] == "pump") & changes["value"].notna()], "name recorded_at value") == [
        ("expected_value", "01-02 09:00", "100.0"),
        ("expected_value", "01-05 10:00", "200.0"),
        ("stage", "01-02 09:00", "Prospecting"),
        ("stage", "01-05 10:00", "Proposal/Price Quote"),
    ]
    assert table(changes[changes["name"] == "employees"], "entity id recorded_at value") == [
        ("account", "acme", "01-01 08:00", "10"),
        ("account", "acme", "01-04 08:00", "12"),
    ]
    assert (changes["occurred_at"] == changes["recorded_at"]).all()


def test_activities_and_steps_are_touches(story):
    touches = story.first.facts().touches
    steps = touches["kind"] == "stage"
    assert table(touches[steps], "prospect_id stage direction occurred_at recorded_at") == [
        ("hose", "Prospecting", "inbound", "01-02 11:00", "01-02 11:00"),
        ("pump", "Proposal/Price Quote", "inbound", "01-05 10:00", "01-05 10:00"),
        ("pump", "Prospecting", "inbound", "01-02 09:00", "01-02 09:00"),
        ("valve", "Prospecting", "inbound", "01-02 10:00", "01-02 10:00"),
    ]
    assert table(touches[~steps], "touch_id prospect_id contact_id kind channel direction") == [
        ("event-ahead", "pump", "dana", "meeting", None, "outbound"),
        ("task-call", "pump", "dana", "call", "phone", "outbound"),
        ("task-hello", "valve", "rolf", "call", "phone", "inbound"),
        ("task-mail", "pump", "dana", "email", "email", "inbound"),
    ]


def test_a_call_that_was_logged_a_day_late_happened_on_its_day_in_the_zone_of_the_organisation(story):
    touches = story.first.facts().touches
    call = touches[touches["touch_id"] == "task-call"]
    assert table(call, "occurred_at recorded_at kind channel result duration_s") == [
        ("01-06 05:00", "01-06 10:00", "call", "phone", "interested", 60.0)
    ]


def test_a_call_with_a_lead_is_known_of_the_opportunity_from_its_conversion_on(story):
    touches = story.first.facts().touches
    hello = touches[touches["touch_id"] == "task-hello"]
    assert table(hello, "prospect_id occurred_at recorded_at") == [("valve", "12-20 10:00", "01-02 10:00")]


def test_a_meeting_by_a_clock_an_hour_ahead_counts_from_its_start_and_a_planned_one_not_yet(story):
    ids = set(story.first.facts().touches["touch_id"])
    assert "event-ahead" in ids
    assert not {"event-planned", "event-moved"} & ids


def test_a_kind_that_nobody_mapped_is_set_aside_by_name_and_the_rest_is_counted(story):
    line = story.first.summary().set_index("table").loc["touches"]
    assert line["reasons"].startswith("kind: not one of call, email")
    assert line["quarantined"] == 1
    assert line["left_out"] == "tasks and events of no opportunity (1); tasks that are not done (1)"


def test_five_megabytes_of_notes_are_cut_and_counted(story):
    kept = pq.read_table(story.undisturbed / "opportunities.parquet", columns=["id", "field_notes"]).to_pylist()
    assert {row["id"]: len(row["field_notes"] or "") for row in kept}["valve"] == 20_000
    assert last(story.resumed).cut["opportunities"] == 1


def test_a_killed_and_a_broken_pull_publish_nothing_and_the_next_one_equals_an_undisturbed_one(story):
    assert story.nothing == []
    assert story.same_files


def test_the_same_pull_again_asks_for_what_is_new_and_changes_nothing(story):
    assert sum(story.same.new.values()) == 0
    assert story.same_files  # and equal files are mapped to equal facts
    assert "WHERE SystemModstamp >= 2026-01-10T08:50:00.000Z" in next(
        q for q in story.asked_again if "FROM Opportunity " in q
    )


def test_a_later_pull_adds_only_what_is_new(story):
    assert story.later.new["opportunities"] == 3  # the last version of each: of two changes of the valve one is seen
    assert story.later.new["opportunity_history"] == 4
    assert story.changed == dict.fromkeys(story.changed, 0)
    assert story.added[1]["outcomes"] == 3


def test_a_won_opportunity_counts_at_the_end_of_its_close_date_and_a_corrected_amount_is_a_later_version(story):
    outcomes = story.second.facts().outcomes
    assert table(outcomes[outcomes["prospect_id"] == "pump"], "occurred_at recorded_at result amount") == [
        ("01-31 05:00", "02-02 15:00", "won", 210.0),
        ("01-31 05:00", "02-03 15:00", "won", 220.0),
    ]


def test_an_opportunity_that_is_opened_again_is_not_lost_any_more(story):
    facts = story.second.facts()
    assert table(facts.visible(at("01-21")).outcomes, "prospect_id result") == [("valve", "lost")]
    assert facts.visible(at("01-23")).outcomes.empty


def test_a_deleted_opportunity_is_gone_until_it_is_undeleted(story):
    facts = story.second.facts()
    seen = {day: "hose" in set(facts.visible(at(day)).prospects["prospect_id"]) for day in ("01-09", "01-12", "01-17")}
    assert seen == {"01-09": True, "01-12": False, "01-17": True}


def test_a_merged_account_is_gone_until_it_is_separated_again_and_its_people_belong_to_the_other(story):
    facts = story.second.facts()
    seen = {day: sorted(set(facts.visible(at(day)).accounts["account_id"])) for day in ("01-14", "01-16", "01-19")}
    assert seen == {"01-14": ["acme", "bolt"], "01-16": ["acme"], "01-19": ["acme", "bolt"]}
    assert table(facts.withdrawals, "table id recorded_at reason")[0] == ("accounts", "bolt", "01-15 09:00", "merged")
    rolf = facts.contacts[facts.contacts["contact_id"] == "rolf"]
    assert table(rolf, "account_id recorded_at") == [("acme", "01-15 09:00"), ("bolt", "01-01 08:05")]
    valve = facts.prospects[facts.prospects["prospect_id"] == "valve"]
    assert valve.sort_values("recorded_at")["account_id"].tolist()[-1] == "acme"


def test_what_was_deleted_in_the_calendar_or_the_mailbox_is_withdrawn(story):
    facts = story.second.facts()
    ids = set(facts.touches["touch_id"])
    assert {"event-planned"} == ids & {"event-planned", "event-moved", "task-mail"}
    assert "task-mail" in set(facts.visible(at("01-20")).touches["touch_id"])


def test_values_and_stages_that_were_never_seen_are_facts_like_others(story):
    facts = story.second.facts()
    changes = facts.attribute_changes
    assert table(changes[changes["value"] == "Fusion"], "id name recorded_at") == [("acme", "industry", "01-21 09:00")]
    assert "Legal review" in set(facts.touches["stage"])
