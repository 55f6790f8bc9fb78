"""A small company in Pipedrive, pulled again and again: what becomes which fact, what is added, what breaks nothing."""

from __future__ import annotations

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
from pipelines.sources.pipedrive.client import PipedriveSettings
from pipelines.sources.pipedrive.source import FIELDS, pull
from tests.pipelines.sources.loopback import loopback
from tests.pipelines.sources.pipedrive_server import PRODUCT, Pipedrive, over_limit, unavailable

JANUARY = "2026-01-{}".format
ACME, BOLT = 1, 2
DANA, ROLF = 1, 2
PUMP, VALVE, HOSE = 1, 2, 3


@dataclass
class Story:
    """What was pulled when: a broken pull left `nothing`, the first complete one `first`, and so on."""

    nothing: list[str]
    undisturbed: Path
    first: Mapped
    same: Landed
    same_files: bool
    asked_again: list[str]
    later: Landed
    second: Mapped
    added: list[dict[str, int]]
    changed: dict[str, int]


def january(crm: Pipedrive) -> None:
    """Fill the company until 10 January 2026."""
    crm.put("organizations", JANUARY("01T08:00"), name="Acme", industry=7, employee_count=10)
    crm.put("organizations", JANUARY("01T08:00"), name="Bolt", industry=None, employee_count=None)
    mail = [{"value": "old@acme.example", "primary": False}, {"value": "d@acme.example", "primary": True}]
    crm.put("persons", JANUARY("01T08:05"), name="Dana", org_id=ACME, emails=mail, job_title="CFO")
    crm.put("persons", JANUARY("01T08:05"), name="Rolf", org_id=BOLT)
    crm.put("deals", JANUARY("02T09:00"), title="Pump", org_id=ACME, person_id=DANA, value=100, **{PRODUCT: 1})
    crm.put("deals", JANUARY("02T10:00"), title="Valve", org_id=BOLT, person_id=ROLF, value=50, owner_id=12)
    crm.put("deals", JANUARY("02T11:00"), title="Hose", value=10)
    crm.change("deals", PUMP, JANUARY("05T10:00"), stage_id=2, value=200)
    crm.change("deals", PUMP, JANUARY("05T11:00"), **{PRODUCT: 2})
    done = {"deal_id": PUMP, "person_id": DANA, "done": True}
    crm.put("activities", JANUARY("06T10:00"), **done, type="call", marked_as_done_time="2026-01-06T10:00:00Z",
            due_date="2026-01-05", due_time="15:00", duration="00:10", note="x" * 5_000_000)  # fmt: skip
    crm.put("activities", JANUARY("04T10:00"), **done, type="meeting", marked_as_done_time="2026-01-08T12:00:00Z",
            due_date="2026-01-08", due_time="09:00", duration="01:00")  # fmt: skip
    crm.put("activities", JANUARY("04T10:00"), **done, type="email", marked_as_done_time="2026-01-07T12:00:00Z",
            due_date="2026-01-05", due_time="09:00")  # fmt: skip
    crm.put("activities", JANUARY("07T10:00"), **done | {"done": False}, type="task", due_date="2026-01-30")
    crm.put("activities", JANUARY("07T11:00"), **done, type="webinar", marked_as_done_time="2026-01-07T11:00:00Z")
    crm.put("activities", JANUARY("07T12:00"), **done | {"deal_id": None}, type="call")
    crm.delete("deals", HOSE, JANUARY("10T09:00"))


def afterwards(crm: Pipedrive) -> None:
    """Go on until 3 February."""
    crm.undelete("deals", HOSE, JANUARY("21T08:00"))
    crm.undelete("organizations", BOLT, JANUARY("21T08:30"))
    crm.change("organizations", ACME, JANUARY("21T09:00"), industry=9)
    crm.change("deals", VALVE, JANUARY("22T15:00"), status="open", lost_time=None, close_time=None)
    crm.stages.append({"id": 3, "order_nr": 3, "name": "Legal review", "pipeline_id": 1, "is_deleted": False})
    crm.change("deals", VALVE, JANUARY("23T15:00"), stage_id=3)
    crm.delete("activities", 3, JANUARY("22T16:00"))
    crm.close(PUMP, "2026-02-02T15:00", "won", when="2026-01-30T12:00")
    crm.change("deals", PUMP, "2026-02-03T15:00", is_archived=True)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    place, crm = tmp_path_factory.mktemp("pipedrive"), Pipedrive(page=2)
    january(crm)
    fields = place / "fields.yaml"
    fields.write_text(
        FIELDS.read_text(encoding="utf-8").replace("organization:", "  product: Product line\norganization:")
    )
    lake, added = Lake(place / "lake"), []
    resumed, undisturbed, source = place / "resumed", place / "undisturbed", find("pipedrive")

    def merged(mapped: Mapped) -> None:
        added.append({name: lake.merge(name, checked.good) for name, checked in mapped.checked.items()})

    with loopback(crm.app) as url:
        settings = PipedriveSettings(
            url=url, token=SecretStr(crm.token), fields=str(fields), backoff_s=0, attempts=2, longest_wait_s=2
        )
        crm.break_after, crm.faults = 12, [unavailable(), unavailable()]
        with pytest.raises(SourceUnavailable, match=r"answered 500.*Internal server error.*after 2 attempts"):
            pull(resumed, settings=settings)
        nothing = [p.name for p in resumed.glob("*.parquet")]
        crm.break_after, crm.faults = 5, [over_limit(0)]
        pull(resumed, settings=settings)
        pull(undisturbed, settings=settings)
        first = map_source(source, undisturbed)
        merged(first)
        crm.asked.clear()
        pull(undisturbed, settings=settings)
        asked, same, equal = list(crm.asked), last(undisturbed), raw_files(undisturbed) == raw_files(resumed)
        crm.merge(ACME, BOLT, JANUARY("15T09:00"))
        crm.close(VALVE, JANUARY("20T15:00"), "lost")
        pull(undisturbed, settings=settings)
        afterwards(crm)
        pull(undisturbed, settings=settings)
        second, later = map_source(source, undisturbed), last(undisturbed)
        changed = {name: len(lake.changed(name, checked.good)) for name, checked in second.checked.items()}
        merged(second)
    assert same is not None
    assert later is not None
    return Story(nothing, undisturbed, first, same, equal, asked, later, second, added, changed)


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


def test_deals_are_the_prospects_also_the_deleted_one(story):
    assert table(
        story.first.facts().ever("prospects"), "prospect_id account_id created_at recorded_at owner_id source"
    ) == [
        ("1", "1", "01-02 09:00", "01-02 09:00", "mira@company.example", "ManuallyCreated"),
        ("2", "2", "01-02 10:00", "01-02 10:00", "12", "ManuallyCreated"),
        ("3", None, "01-02 11:00", "01-02 11:00", "mira@company.example", "ManuallyCreated"),
    ]
    assert table(story.first.facts().prospects, "prospect_id") == [("1",), ("2",)]


def test_people_have_their_first_address_and_their_organization(story):
    assert table(story.first.facts().contacts, "contact_id account_id recorded_at name role email") == [
        ("1", "1", "01-01 08:05", "Dana", "CFO", "d@acme.example"),
        ("2", "2", "01-01 08:05", "Rolf", None, None),
    ]


def test_the_changelog_tells_what_was_known_when_and_choices_are_told_by_their_labels(story):
    changes = story.first.facts().attribute_changes
    pump = changes[
        (changes["id"] == "1") & (changes["entity"] == "prospect") & (changes["recorded_at"] < at("01-05T10:30"))
    ]
    assert table(pump, "name recorded_at value") == [
        ("expected_value", "01-02 09:00", "100"),
        ("expected_value", "01-05 10:00", "200"),
        ("product", "01-02 09:00", "Pumps"),
        ("stage", "01-02 09:00", "Lead In"),
        ("stage", "01-05 10:00", "Proposal Made"),
    ]
    assert ("product", "01-05 11:00", "Valves") in table(changes, "name recorded_at value")
    assert table(changes[changes["entity"] == "account"], "id name value") == [
        ("1", "employees", "10"), ("1", "industry", "Energy"),
    ]  # fmt: skip
    assert (changes["occurred_at"] == changes["recorded_at"]).all()


def test_activities_and_steps_are_touches(story):
    touches = story.first.facts().touches
    steps = touches["kind"] == "stage"
    assert table(touches[steps], "prospect_id stage direction recorded_at") == [
        ("1", "Lead In", "inbound", "01-02 09:00"),
        ("1", "Proposal Made", "inbound", "01-05 10:00"),
        ("2", "Lead In", "inbound", "01-02 10:00"),
    ]
    assert table(
        touches[~steps], "touch_id prospect_id contact_id kind channel occurred_at recorded_at duration_s"
    ) == [
        ("activity-1", "1", "1", "call", "phone", "01-05 15:00", "01-06 10:00", 600.0),  # logged a day late
        ("activity-2", "1", "1", "meeting", None, "01-08 09:00", "01-08 12:00", 3600.0),  # when it was planned for
        ("activity-3", "1", "1", "email", "email", "01-07 12:00", "01-07 12:00", None),  # when it was done, not due
    ]


def test_a_kind_that_nobody_mapped_is_set_aside_by_name_and_the_rest_is_counted(story):
    line = story.first.summary().set_index("table").loc["touches"]
    assert line["reasons"].startswith("kind: not one of call, email")
    assert line["quarantined"] == 1
    assert line["left_out"] == "activities of no deal (1); activities that are not done (1)"


def test_five_megabytes_of_notes_are_not_kept(story):
    assert sum(len(content) for content in raw_files(story.undisturbed).values()) < 100_000
    assert "note" not in pq.read_schema(story.undisturbed / "activities.parquet").names


def test_a_broken_pull_publishes_nothing_and_the_next_one_equals_an_undisturbed_one(story):
    assert story.nothing == []
    assert story.same_files


def test_the_same_pull_again_asks_for_what_is_new_and_changes_nothing(story):
    assert sum(story.same.new.values()) == 0
    assert story.same_files  # and equal files are mapped to equal facts
    asked = [q for q in story.asked_again if q.startswith("/api/v2/deals?")]
    assert all("updated_since=2026-01-10T08%3A50%3A00Z" in q for q in asked)
    assert not [q for q in story.asked_again if "changelog" in q]


def test_a_later_pull_adds_only_what_is_new(story):
    assert story.later.new["deals"] == 3  # the last version of each
    assert story.changed == dict.fromkeys(story.changed, 0)
    assert story.added[1]["outcomes"] == 2


def test_a_won_time_that_was_written_back_is_known_from_the_modification_on(story):
    outcomes = story.second.facts().outcomes
    assert table(outcomes[outcomes["prospect_id"] == "1"], "occurred_at recorded_at result amount") == [
        ("01-30 12:00", "02-03 15:00", "won", 200.0)
    ]


def test_a_deal_that_is_opened_again_is_not_lost_any_more(story):
    facts = story.second.facts()
    assert table(facts.visible(at("01-22")).outcomes, "prospect_id result recorded_at") == [
        ("2", "lost", "01-20 15:00")
    ]
    assert facts.visible(at("01-24")).outcomes.empty


def test_a_deleted_deal_is_gone_until_it_is_restored(story):
    facts = story.second.facts()
    seen = {day: "3" in set(facts.visible(at(day)).prospects["prospect_id"]) for day in ("01-09", "01-12", "01-22")}
    assert seen == {"01-09": True, "01-12": False, "01-22": True}


def test_a_merged_organization_is_gone_until_it_is_restored_and_its_people_belong_to_the_other(story):
    facts = story.second.facts()
    seen = {day: sorted(set(facts.visible(at(day)).accounts["account_id"])) for day in ("01-14", "01-16", "01-22")}
    assert seen == {"01-14": ["1", "2"], "01-16": ["1"], "01-22": ["1", "2"]}
    assert table(facts.withdrawals, "table id recorded_at reason")[0] == ("accounts", "2", "01-15 09:00", "merged")
    rolf = facts.contacts[facts.contacts["contact_id"] == "2"]
    assert table(rolf, "account_id recorded_at") == [("1", "01-15 09:00"), ("2", "01-01 08:05")]


def test_a_deleted_activity_is_withdrawn(story):
    facts = story.second.facts()
    assert "activity-3" not in set(facts.touches["touch_id"])
    assert "activity-3" in set(facts.visible(at("01-20")).touches["touch_id"])


def test_choices_and_stages_that_were_never_seen_are_facts_like_others(story):
    facts = story.second.facts()
    changes = facts.attribute_changes
    assert table(changes[changes["value"] == "9"], "id name recorded_at") == [("1", "industry", "01-21 09:00")]
    assert "Legal review" in set(facts.touches["stage"])


def test_an_archived_deal_is_read_like_any_other(story):
    kept = pq.read_table(story.undisturbed / "deals.parquet", columns=["id", "changed_at"]).to_pandas()
    assert kept[kept["id"] == "1"]["changed_at"].max() == at("02-03T15:00")
