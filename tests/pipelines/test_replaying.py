"""A published receipt is made again from its versions, bit for bit, and it says what is gone where it cannot be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from models.decision.errors import DecisionError
from models.registry import RegistryError
from pipelines.flows.run import Run
from pipelines.home import Home, Ingested
from pipelines.settings import PipelineSettings
from pipelines.steps.replaying import CannotReplay, replay
from serving.errors import Unknown

pytestmark = [pytest.mark.usefixtures("prefect")]


@pytest.fixture
def copy(company_run: Run, company: Home, tmp_path: Path) -> Home:
    """A home of its own, to break. Its registry is looked for by the folder's name."""
    shutil.copytree(company.path, tmp_path / company.path.name)
    return Home(tmp_path / company.path.name)


def test_listed_and_left_out_receipts_come_out_the_same_to_the_last_bit(company_run: Run, company: Home) -> None:
    receipts = company_run.made.run.receipts
    listed = receipts["prospect_id"].isin(company_run.made.run.call_list["prospect_id"])
    for row in [*receipts[listed].head(3).itertuples(), *receipts[~listed].head(3).itertuples()]:
        found = replay(company, row.receipt_id, PipelineSettings())
        assert found.same, found.differences
        assert found.receipt.prospect_id == row.prospect_id


def test_a_receipt_that_was_tampered_with_is_found_out(company_run: Run, copy: Home) -> None:
    receipt = company_run.made.run.receipts.iloc[0]
    engine = sa.create_engine(copy.store)
    with engine.begin() as store:
        store.execute(
            sa.text("update receipts set chance = 0.99, receipt_id = 'forged' where prospect_id = :p"),
            {"p": receipt["prospect_id"]},
        )
    engine.dispose()
    found = replay(copy, "forged", PipelineSettings())
    assert not found.same
    assert found.differences["chance"] == (0.99, receipt["chance"])


def test_when_another_bundle_serves_the_registry_still_has_the_one_of_the_receipt(company_run: Run, copy: Home) -> None:
    shutil.rmtree(copy.champion)
    receipt = company_run.made.run.receipts["receipt_id"].iloc[0]
    found = replay(copy, receipt, PipelineSettings())
    assert found.same, found.differences


def test_later_facts_in_the_lake_change_nothing_and_a_lake_written_anew_is_found_out(
    company_run: Run, copy: Home
) -> None:
    receipt = company_run.made.run.receipts["receipt_id"].iloc[0]
    before = copy.ingested()
    later = copy.lake.read("prospects").tail(1).assign(prospect_id="later")
    copy.lake.merge("prospects", later)
    versions = copy.lake.versions()
    copy.note_ingested(Ingested(before.source, before.data, versions, copy.lake.data_version(versions)))
    assert replay(copy, receipt, PipelineSettings()).same
    shutil.rmtree(copy.path / "lake" / "prospects")
    with pytest.raises(CannotReplay, match=r"no longer has what the run of .* was made from.*restore the lake"):
        replay(copy, receipt, PipelineSettings())
    copy.lake.merge("prospects", later)
    with pytest.raises(CannotReplay, match=r"holds the facts .* the lake was written anew"):
        replay(copy, receipt, PipelineSettings())


def test_with_other_features_than_the_bundle_was_trained_with_it_says_so(company_run: Run, copy: Home) -> None:
    receipt = company_run.made.run.receipts["receipt_id"].iloc[0]
    engine = sa.create_engine(copy.store)
    with engine.begin() as store:
        (words,) = store.execute(sa.text("select definitions from runs")).scalars().unique()
        fewer = json.dumps(json.loads(words) | {"attributes": []})
        store.execute(sa.text("update runs set definitions = :w"), {"w": fewer})
    engine.dispose()
    with pytest.raises(DecisionError, match="was trained with features .*use the version that wrote the receipt"):
        replay(copy, receipt, PipelineSettings())


def test_every_ingest_is_remembered_also_after_one_was_killed_in_mid_line(tmp_path: Path) -> None:
    home = Home(tmp_path)
    one, two, three = (Ingested("s", "d", {"prospects": n}, f"version{n}") for n in range(3))
    home.note_ingested(one)
    home.note_ingested(one)
    for cut in (10, 1):
        home.note_ingested(two)
        assert home.ingests() == [one, two]
        place = home.path / "ingests.jsonl"
        place.write_text(place.read_text(encoding="utf-8")[: -1 - cut], encoding="utf-8")
        assert home.ingests() == [one]
    home.note_ingested(three)
    assert home.ingests() == [one, three]
    assert home.ingested() == three


def test_an_unknown_receipt_is_refused(company_run: Run, company: Home) -> None:
    with pytest.raises(Unknown, match="No receipt 'nothing' in any published run"):
        replay(company, "nothing", PipelineSettings())


def test_without_the_bundle_or_the_facts_it_says_what_is_gone(company_run: Run, copy: Home) -> None:
    receipt = company_run.made.run.receipts["receipt_id"].iloc[0]
    shutil.rmtree(copy.champion)
    (copy.path / "mlflow.db").unlink()
    with pytest.raises(RegistryError, match="no version has the bundle|no version was made with the bundle"):
        replay(copy, receipt, PipelineSettings())
    (copy.path / "ingests.jsonl").unlink()
    with pytest.raises(CannotReplay, match="no ingest led to the data version"):
        replay(copy, receipt, PipelineSettings())
