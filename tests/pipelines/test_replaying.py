"""A published receipt is made again from its versions, bit for bit, and it says what is gone where it cannot be."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from models.registry import RegistryError
from pipelines.flows.run import Run
from pipelines.home import Home
from pipelines.settings import PipelineSettings
from pipelines.steps.replaying import CannotReplay, replay
from serving.errors import Unknown

pytestmark = [pytest.mark.xdist_group("prefect"), pytest.mark.usefixtures("prefect")]


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
