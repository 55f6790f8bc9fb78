"""`takt definitions`, and what a training leaves beside the champion for the pages of those who doubt."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from features.errors import DefinitionsError
from pipelines.cli import app
from pipelines.flows.run import Run
from pipelines.home import Home
from pipelines.settings import PipelineSettings
from pipelines.steps import defining, promoting, pulling, verdicts
from serving.boards.model import Model

pytestmark = pytest.mark.usefixtures("company_run")


def printed(home: Home, *options: str) -> str:
    told = CliRunner().invoke(app, ["definitions", "--home", str(home.path), *options], catch_exceptions=False)
    assert told.exit_code == 0
    return " ".join(told.stdout.split())


def proposal(home: Home, file: Path, **changes: object) -> Path:
    raw = pulling.words(home).model_dump(mode="json")
    file.write_text(yaml.safe_dump(raw | changes), encoding="utf-8")
    return file


def test_the_words_are_counted_and_a_proposal_says_who_moves_before_it_takes_effect(
    company: Home, tmp_path: Path
) -> None:
    alone = printed(company)
    assert "What the words mean here" in alone
    assert "What differs" not in alone
    terms = pulling.words(company).model_dump(mode="json")["terms"]
    nobody = {"evidence": "select prospect_id from prospects where false"}
    changed = proposal(company, tmp_path / "p.yaml", terms=terms | {"won": terms["won"] | nobody}, horizon_days=60)
    told = printed(company, "--against", str(changed))
    assert "horizon_days" in told
    assert "Who moves" in told
    assert "no list is made until `takt train` has run" in told
    lists = printed(company, "--against", str(proposal(company, tmp_path / "l.yaml", minimum_gap_days=9)))
    assert "models stay as they are" in lists
    assert "nobody moves from word to word" in lists
    same = printed(company, "--against", str(proposal(company, tmp_path / "s.yaml")))
    assert "nobody moves" in same


def test_a_proposal_in_the_home_is_looked_at_by_itself(company: Home, tmp_path: Path) -> None:
    own = Home(tmp_path / "own")
    shutil.copytree(company.path, own.path, ignore=shutil.ignore_patterns("artifacts", "prefect", "raw"))
    assert defining.ask(own)[1] is None
    proposal(own, own.path / defining.PROPOSED, max_age_days=1)
    _, asked = defining.ask(own)
    assert asked is not None
    assert asked.open_then < asked.open_now


def test_a_file_that_is_not_there_is_named(company: Home, tmp_path: Path) -> None:
    with pytest.raises(DefinitionsError, match=r"^missing\.yaml: no such file"):
        defining.ask(company, file=tmp_path / "missing.yaml")


def test_the_evidence_of_a_training_lies_beside_the_champion_and_on_its_page(company: Home, company_run: Run) -> None:
    kept = json.loads((company.champion / "evidence.json").read_text(encoding="utf-8"))
    shown = Model.model_validate(company_run.made.run.boards["model"])
    assert shown.evidence is not None
    assert [p.snapshots for p in shown.evidence.periods] == [p["snapshots"] for p in kept["periods"]]
    assert shown.challenge is not None
    assert shown.challenge.serves
    assert {"definitions", "readiness"} <= company_run.made.run.boards.keys()
    first = verdicts.trainings(company)[0]
    assert first.fingerprint == company_run.made.run.bundle_fingerprint


def test_it_is_registered_with_the_bundle_so_that_a_rollback_brings_it_back(company: Home, tmp_path: Path) -> None:
    book = promoting.registry(company, PipelineSettings())
    place = book.fetch("champion", tmp_path / "fetched")
    assert (place / "evidence.json").read_bytes() == (company.champion / "evidence.json").read_bytes()
