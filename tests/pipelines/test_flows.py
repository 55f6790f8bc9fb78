"""The flows through Prefect: what a second run changes, what is refused, and what stays as it was."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from features.errors import QuarantineExceeded
from pipelines.flows.daily import daily
from pipelines.flows.ingest import ingest
from pipelines.flows.run import Run, run
from pipelines.flows.train import train
from pipelines.home import Home, NotIngested
from pipelines.steps.listing import StaleModel

pytestmark = [pytest.mark.usefixtures("prefect", "company_run")]


def rows(home: Home) -> dict[str, list[Any]]:
    engine = sa.create_engine(home.store)
    tables = sa.MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        content = {t.name: sorted(map(repr, connection.execute(sa.select(t)))) for t in tables.sorted_tables}
    engine.dispose()
    return content


def test_the_whole_loop_ends_in_a_list_in_which_every_open_prospect_has_its_place(company: Home) -> None:
    stored = rows(company)
    assert len(stored["runs"]) == 1
    assert len(stored["receipts"]) == len(stored["call_list"]) + len(stored["left_out"]) > 0


def test_the_same_ingest_again_adds_nothing(company: Home, small_company: Path) -> None:
    before = company.ingested()
    ingest("simulated", data=str(small_company), home=str(company.path))
    after = company.ingested()
    facts = [name for name in before.versions if name != "quarantine"]
    assert {n: after.versions[n] for n in facts} == {n: before.versions[n] for n in facts}
    assert after.data_version == before.data_version


def test_the_same_day_again_changes_nothing_in_the_store(company: Home) -> None:
    before = rows(company)
    assert daily(home=str(company.path))["new"] is False
    assert rows(company) == before


def test_an_earlier_day_is_another_run_made_from_what_was_known_then(company: Home) -> None:
    told = daily(home=str(company.path), day="2026-06-01")
    assert told["new"] is True
    assert daily(home=str(company.path), day="2026-06-01")["run_id"] == told["run_id"]


def test_training_again_on_the_same_facts_keeps_the_champion(company: Home) -> None:
    champion = (company.champion / "bundle.json").read_bytes()
    told = train(home=str(company.path))
    assert (told["promoted"], told["why"]) == (False, "the same model as the champion")
    assert (company.champion / "bundle.json").read_bytes() == champion


def test_the_same_facts_and_seed_in_another_home_give_the_same_bytes(
    company: Home, small_company: Path, tmp_path: Path
) -> None:
    again: Run = run("simulated", data=str(small_company), home=str(tmp_path / "other"))
    for file in sorted(p.relative_to(company.champion) for p in company.champion.rglob("*") if p.is_file()):
        assert (tmp_path / "other" / "champion" / file).read_bytes() == (company.champion / file).read_bytes(), file
    assert any(again.made.run.run_id in row for row in rows(company)["runs"])
    stored = rows(company)["receipts"]
    assert all(any(i in row for row in stored) for i in again.made.run.receipts["receipt_id"])


def test_facts_of_tomorrow_do_not_change_the_list_of_today(company: Home, small_company: Path, tmp_path: Path) -> None:
    """The canary: a home that also holds facts recorded after the day makes the same scores for the day."""
    day = "2026-05-01"
    early = run(
        "simulated", data=str(_until(small_company, tmp_path / "raw", day)), home=str(tmp_path / "early"), day=day
    )
    late = run("simulated", data=str(small_company), home=str(tmp_path / "late"), day=day)
    columns = ["prospect_id", "margin", "chance", "grade"]
    pd.testing.assert_frame_equal(early.made.run.receipts[columns], late.made.run.receipts[columns], check_exact=True)


def test_too_many_bad_rows_stop_the_run_before_anything_is_written(
    company: Home, small_company: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "raw"
    shutil.copytree(small_company, bad)
    _spoil(bad / "activities.parquet")
    before, note = rows(company), company.ingested()
    with pytest.raises(QuarantineExceeded, match="touches"):
        ingest("simulated", data=str(bad), home=str(company.path))
    assert (company.ingested(), company.lake.versions()) == (note, dict(note.versions))
    assert rows(company) == before


def test_a_model_of_other_definitions_makes_no_list(company: Home, tmp_path: Path) -> None:
    home = Home(tmp_path / "copy")
    shutil.copytree(company.path, home.path)
    before = rows(home)
    bundle = json.loads((home.champion / "bundle.json").read_text())
    (home.champion / "bundle.json").write_text(json.dumps(bundle | {"definitions_hash": "0" * 12}))
    with pytest.raises(StaleModel, match=r"definitions 000000000000.*Run `takt train`"):
        daily(home=str(home.path))
    assert rows(home) == before


def test_a_home_without_facts_says_what_to_type(tmp_path: Path) -> None:
    for flow in (train, daily):
        with pytest.raises(NotIngested, match="takt ingest --source"):
            flow(home=str(tmp_path / "empty"))


def _until(raw: Path, folder: Path, day: str) -> Path:
    """Copy raw files without the rows entered on the day or later."""
    folder.mkdir(parents=True)
    for file in raw.glob("*.parquet"):
        table = pd.read_parquet(file)
        if "entered_at" in table:
            table = table[table["entered_at"] < pd.Timestamp(day, tz="Europe/Berlin")]
        table.to_parquet(folder / file.name, index=False)
    return folder


def _spoil(file: Path) -> None:
    table = pd.read_parquet(file)
    table["medium"] = table["medium"].astype("str")
    table.loc[table.index % 20 == 0, "medium"] = "smoke signal"
    table.to_parquet(file, index=False)
