"""`takt write-back`, as it is typed."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import app
from pipelines.writing.errors import FieldsMissing, UnknownTarget, WriteBackError, WriteBackFailed
from pipelines.writing.hubspot import Hubspot
from tests.pipelines.writing.conftest import PATIENCE, Side
from tests.pipelines.writing.crm import TOKEN


@pytest.fixture
def hubspot(bare, monkeypatch: pytest.MonkeyPatch) -> Side:
    side: Side = bare("hubspot")
    assert isinstance(side.target, Hubspot)
    monkeypatch.setenv("TAKT_HUBSPOT_URL", side.target.url)
    monkeypatch.setenv("TAKT_HUBSPOT_TOKEN", TOKEN)
    for name, value in PATIENCE.items():
        monkeypatch.setenv(f"TAKT_HUBSPOT_{name.upper()}", str(value))
    side.publish(side.made())
    return side


def typed(side: Side, *options: str) -> Result:
    return CliRunner().invoke(app, ["write-back", "--to", side.target.name, "--home", str(side.home.path), *options])


def test_prepared_shown_written_and_taken_out_by_four_commands(hubspot: Side) -> None:
    refused = typed(hubspot)
    assert isinstance(refused.exception, FieldsMissing)
    assert "Created property takt_score of deals." in typed(hubspot, "--prepare").stdout
    assert "Nothing to create." in typed(hubspot, "--prepare").stdout
    shown = typed(hubspot, "--dry-run").stdout
    for told in ("101", "next_action", "Call Dana Ito, operations lead", "empty", "rows that change"):
        assert told in shown
    assert "7 rows to send; 0 unchanged; 1 calls of nobody in particular get no task. Nothing was written." in shown
    assert hubspot.crm.written == []
    written = typed(hubspot).stdout
    assert "5 prospects written, 2 tasks written" in written
    assert "nothing to send" in typed(hubspot).stdout
    out = typed(hubspot, "--off").stdout
    assert "5 prospects removed, 2 tasks removed" in out
    assert "The empty fields stay" in out
    assert hubspot.crm.tasks == {}


def test_rejected_rows_fail_the_command_with_the_vendors_words(hubspot: Side) -> None:
    typed(hubspot, "--prepare")
    hubspot.crm.refuses["104"] = "locked by finance"
    done = typed(hubspot)
    assert isinstance(done.exception, WriteBackFailed)
    assert "1 × locked by finance (for example 104)" in str(done.exception)
    assert "4 prospects written, 2 tasks written, 1 rejected" in done.stdout


def test_an_unknown_crm_and_a_simulated_company_are_refused(hubspot: Side) -> None:
    wrong = CliRunner().invoke(app, ["write-back", "--to", "sugar"])
    assert isinstance(wrong.exception, UnknownTarget)
    assert "hubspot, salesforce, pipedrive, tryton" in str(wrong.exception)
    hubspot.publish(hubspot.made("run-2", as_of="2026-11-25T06:00:00+00:00", simulated=True))
    simulated = typed(hubspot, "--dry-run")
    assert isinstance(simulated.exception, WriteBackError)
    assert "a simulated company: nothing of it goes into a CRM" in str(simulated.exception)
