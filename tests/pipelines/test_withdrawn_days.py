"""From files to the list, day by day: a deal that the CRM deletes leaves the list with a reason, and comes back."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from models.bundle import Bundle
from models.decision.fact_counts import FactCounts
from pipelines.home import Home
from pipelines.settings import PipelineSettings
from pipelines.sources.folders import find
from pipelines.steps import asking, listing, publishing, pulling, tapped, training
from pipelines.steps.beside import fit_beside

PEOPLE = 12
HEAD = "prospect_id,created_at,recorded_at,owner_id,source,account_id\n"


def line(k: int, recorded: str) -> str:
    return f"p{k},2026-01-0{1 + k % 5}T08:00:00Z,{recorded}T08:00:00Z,kim,web,a{k}\n"


FILES = {
    "accounts": "account_id,recorded_at,name\n"
    + "".join(f"a{k},2026-01-01T08:00:00Z,Company {k}\n" for k in range(PEOPLE)),
    "prospects": HEAD + "".join(line(k, "2026-01-06") for k in range(PEOPLE)),
    "touches": "touch_id,prospect_id,kind,channel,direction,occurred_at,recorded_at,result\n"
    + "".join(
        f"t{k},p{k},call,phone,outbound,2026-02-{10 + k}T09:00:00Z,2026-02-{10 + k}T09:00:00Z,interested\n"
        for k in range(PEOPLE)
    ),
    "outcomes": "prospect_id,occurred_at,recorded_at,result,amount\n"
    "p11,2026-03-02T09:00:00Z,2026-03-02T09:00:00Z,won,900\n",
}
GONE = (
    "table,id,recorded_at,reason\nprospects,p3,2026-03-04T10:00:00Z,deleted\nprospects,p4,2026-03-04T11:00:00Z,merged\n"
)


def ingest(home: Home, data: Path, **files: str) -> None:
    for name, text in files.items():
        (data / f"{name}.csv").write_text(text, encoding="utf-8")
    mapped = pulling.map_and_check(find("files"), data)
    pulling.write(mapped, data, home, source="files", run_id="test")


def make(home: Home, day: str) -> listing.Made:
    words = pulling.words(home)
    facts, note, as_of = tapped.known_on(home, day, words)
    return listing.make(facts, as_of, home, definitions=words, data_version=note.data_version, with_boards=False)


def publish(home: Home, day: str) -> set[str]:
    made = make(home, day)
    assert publishing.store(made.run, home, PipelineSettings())
    return set(made.run.call_list["prospect_id"])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with three lists: before the deletion, after it, and after the record came back."""
    home, data = Home(tmp_path_factory.mktemp("home")), tmp_path_factory.mktemp("data")
    ingest(home, data, **FILES)
    words = pulling.words(home)
    facts, note, as_of = tapped.known_on(home, "2026-03-04", words)
    given = training.material(facts.visible(as_of), as_of, definitions=words)
    fitted = training.fit(given, as_of, definitions=words, data_version=note.data_version, threads=1)
    heads = fit_beside(given, as_of, definitions=words, data_version=note.data_version, threads=1)
    Bundle.of(fitted).save(home.champion)
    beside = {**heads.to_files(), "facts.json": FactCounts.fit(given.matrix, given.label).to_json()}
    for name, text in beside.items():
        (home.champion / name).parent.mkdir(parents=True, exist_ok=True)
        (home.champion / name).write_text(text, encoding="utf-8")
    assert {"p3", "p4"} <= publish(home, "2026-03-04")
    ingest(home, data, withdrawals=GONE)
    assert publish(home, "2026-03-05") == {f"p{k}" for k in range(PEOPLE)} - {"p3", "p4", "p11"}
    ingest(home, data, prospects=FILES["prospects"] + line(3, "2026-03-05"))
    assert publish(home, "2026-03-06") == {f"p{k}" for k in range(PEOPLE)} - {"p4", "p11"}
    return home


def why(home: Home, prospect_id: str, day: str) -> str:
    return asking.why_not(home, prospect_id, day=pd.Timestamp(day).date())


def test_the_reason_names_the_deletion_or_the_merge_and_its_day(home: Home) -> None:
    assert why(home, "p3", "2026-03-05") == (
        "Company 3 is not on the list for 2026-03-05: deleted in the CRM on 2026-03-04 (withdrawn)."
    )
    assert why(home, "p4", "2026-03-05") == (
        "Company 4 is not on the list for 2026-03-05: merged into another record in the CRM on 2026-03-04 (withdrawn)."
    )


def test_an_undeleted_prospect_is_on_the_list_again(home: Home) -> None:
    assert "is number" in why(home, "p3", "2026-03-06")
    assert "merged into another record" in why(home, "p4", "2026-03-06")


def test_the_list_of_the_day_before_comes_out_the_same_after_the_deletion_is_known(home: Home) -> None:
    again = make(home, "2026-03-04").run.call_list
    assert {"p3", "p4"} <= set(again["prospect_id"])


def test_the_same_files_again_add_nothing(home: Home) -> None:
    before = home.ingested()
    data = Path(before.data)
    ingest(home, data)
    assert home.ingested() == before
    assert len(home.lake.read("withdrawals")) == 2


def test_an_old_deletion_is_not_told_for_ever(home: Home) -> None:
    made = make(home, "2026-05-20")
    assert "withdrawn" not in set(made.run.left_out["reason"])
    assert "p4" not in set(made.run.prospects["prospect_id"])
