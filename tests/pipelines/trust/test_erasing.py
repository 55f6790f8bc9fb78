"""An erased person is in no byte below the home, does not come back, and is missing by name where a replay needs it."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines.flows.run import Run
from pipelines.home import Home
from pipelines.settings import PipelineSettings
from pipelines.sources.folders import find
from pipelines.steps import pulling
from pipelines.steps.replaying import CannotReplay, replay
from pipelines.trust import erased_people
from pipelines.trust.erasing import erase, held
from pipelines.trust.errors import EraseError

pytestmark = [pytest.mark.usefixtures("prefect")]
SETTINGS = PipelineSettings()


@pytest.fixture
def home(company_run: Run, company: Home, tmp_path: Path) -> Home:
    """A home of its own, with a raw log, a note and a log that name the person `who`."""
    place = Home(tmp_path / company.path.name)
    shutil.copytree(company.path, place.path)
    return place


@pytest.fixture
def who(company_run: Run) -> dict[str, str]:
    """A contact who is on the list, by name, e-mail and phone."""
    calls = company_run.made.run.call_list["contact_id"].dropna()
    contacts = company_run.made.run.contacts
    row = contacts[contacts["contact_id"].isin(calls)].dropna(subset=["name", "email", "phone"]).iloc[0]
    return {c: str(row[c]) for c in ("contact_id", "prospect_id", "name", "email", "phone")}


def bytes_of(place: Path) -> bytes:
    raw = place.read_bytes()
    if raw[:4] == b"PAR1":
        raw += str(pq.read_table(place).to_pylist()).encode()
    if place.suffix == ".duckdb":
        with duckdb.connect(str(place), read_only=True) as con:
            for schema, table in con.execute(
                "select table_schema, table_name from information_schema.tables"
            ).fetchall():
                raw += str(con.execute(f'select * from "{schema}"."{table}"').fetchall()).encode()
    return raw + (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else b"")


def naming(home: Home, who: dict[str, str]) -> list[str]:
    """Return the files whose bytes hold the address or the number (others may have the name)."""
    words = [who["email"].encode(), who["phone"].encode()]
    there = [p for p in home.path.rglob("*") if p.is_file()]
    return [str(p.relative_to(home.path)) for p in there if any(w in bytes_of(p) for w in words)]


def test_a_dry_run_counts_and_changes_nothing_and_the_erasure_leaves_no_byte(home: Home, who: dict[str, str]) -> None:
    (home.path / "logs").mkdir(exist_ok=True)
    (home.path / "logs" / "daily.log").write_text(f"mail to {who['email']} failed\n", encoding="utf-8")
    (home.path / "raw").mkdir(exist_ok=True)
    with duckdb.connect(str(home.path / "raw" / "landing.duckdb")) as con:
        con.execute("create table people (id varchar, mail varchar)")
        con.execute("insert into people values (?, ?), ('other', 'kept@x.example')", [who["contact_id"], who["email"]])
    before = naming(home, who)
    assert {"store.db", "logs/daily.log", "raw/landing.duckdb"} <= set(before)
    counted = erase(home, "contact", who["contact_id"], SETTINGS)
    assert not counted.done
    assert counted.counts["lake/contacts"] >= 1
    assert naming(home, who) == before
    made = erase(home, "contact", who["contact_id"], SETTINGS, by="dpo", really=True)
    assert naming(home, who) == []
    assert made.counts["lake/contacts"] == counted.counts["lake/contacts"]
    assert who["email"] not in made.words()
    assert not [place for place, why in made.remains.items() if "look at it" in why]
    with duckdb.connect(str(home.path / "raw" / "landing.duckdb"), read_only=True) as con:
        assert con.execute("select mail from people").fetchall() == [("kept@x.example",)]


def test_the_next_ingest_does_not_bring_the_person_back_and_the_past_of_the_prospect_stays(
    home: Home, who: dict[str, str], small_company: Path
) -> None:
    touches = len(home.lake.read("touches"))
    erase(home, "contact", who["contact_id"], SETTINGS, really=True)
    assert len(home.lake.read("touches")) == touches
    mapped = pulling.map_and_check(find("simulated"), small_company)
    assert (mapped.checked["contacts"].good["contact_id"] == who["contact_id"]).any()
    good, left_out = erased_people.kept_out(home, {name: c.good for name, c in mapped.checked.items()})
    assert left_out >= 1
    pulling.write(mapped, small_company, home, source="simulated", run_id="again")
    assert not (home.lake.read("contacts")["contact_id"] == who["contact_id"]).any()
    assert len(home.lake.read("touches")) == touches
    assert naming(home, who) == []


def test_a_receipt_from_before_says_that_its_facts_are_gone(home: Home, who: dict[str, str], company_run: Run) -> None:
    erase(home, "contact", who["contact_id"], SETTINGS, really=True)
    with pytest.raises(CannotReplay, match=r"the lake.*1 erasure"):
        replay(home, company_run.made.run.receipts["receipt_id"].iloc[0], SETTINGS)


def test_an_erased_prospect_has_no_row_left(home: Home, who: dict[str, str]) -> None:
    erase(home, "prospect", who["prospect_id"], SETTINGS, really=True)
    assert held_nothing(home, "prospect", who["prospect_id"])
    for table in ("prospects", "touches", "outcomes", "offers_made"):
        assert not (home.lake.read(table)["prospect_id"] == who["prospect_id"]).any()


def test_everything_held_is_told_on_request_and_nothing_of_a_stranger(home: Home, who: dict[str, str]) -> None:
    found = held(home, "contact", who["contact_id"], SETTINGS)
    assert found["lake/contacts"][0]["email"] == who["email"]
    assert any(place.startswith("store.db/contacts") for place in found)
    with pytest.raises(EraseError, match="nothing was changed"):
        held(home, "contact", "nobody-at-all", SETTINGS)


def held_nothing(home: Home, kind: str, named: str) -> bool:
    with pytest.raises(EraseError):
        held(home, kind, named, SETTINGS)  # type: ignore[arg-type]
    return True
