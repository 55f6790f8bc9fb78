"""A first run that was killed and begun again ends where an undisturbed run in another home ends."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from pipelines.flows.run import Run, run
from pipelines.home import Home
from serving.errors import NoRun
from serving.store.engine import open_store, reading
from serving.store.migrations import upgrade
from serving.store.queries import find_run
from tests.pipelines.started import Started


def published(home: Home) -> str | None:
    """Return the id of the run that counts."""
    engine = open_store(home.store)
    try:
        upgrade(engine)
        with reading(engine) as store:
            return find_run(store).run_id
    except NoRun:
        return None
    finally:
        engine.dispose()


@pytest.mark.slow
def test_a_first_run_killed_twice_and_begun_again_is_the_run_that_nobody_disturbed(
    company_run: Run, prefect: str, small_company: Path, tmp_path: Path
) -> None:
    home = Home(tmp_path / "home with spaces")
    for stage in ("merging into the lake", "publishing"):
        _killed_at(stage, home=home, raw=small_company, server=prefect)
        assert len(home.lake.read("prospects")) in (0, 250), stage
        assert published(home) is None, stage
    again: Run = run("simulated", data=str(small_company), home=str(home.path))
    assert again.made.run.run_id == company_run.made.run.run_id
    assert list(again.made.run.receipts["receipt_id"]) == list(company_run.made.run.receipts["receipt_id"])
    assert again.trained.verdict.why == "the same model as the champion"
    assert published(home) == company_run.made.run.run_id


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("ingest-summary", "prospects"),
        ("model-card", "imulated"),
        ("call-list", "owner_id"),
        ("stages", "merging into the lake"),
    ],  # fmt: skip
)
def test_a_run_leaves_its_tables_on_prefects_page(company_run: Run, prefect: str, key: str, says: str) -> None:
    wanted = {"artifacts": {"key": {"any_": [key]}}, "limit": 200, "sort": "CREATED_DESC"}
    answer = httpx.post(f"{prefect}/artifacts/filter", json=wanted, timeout=30)
    answer.raise_for_status()
    # the server is shared with the runs of other companies
    found = [artifact for artifact in answer.json() if says in str(artifact["data"])]
    assert found
    assert all(artifact["flow_run_id"] for artifact in found)


def _killed_at(stage: str, *, home: Home, raw: Path, server: str) -> None:
    """Run the command against a server that is already there, and kill it when the stage begins."""
    words = ("run", "-s", "simulated", "-d", str(raw), "--home", str(home.path))
    command = Started(*words, cwd=home.path.parent, server=server)
    began = any(f"… {stage}" in line for line in command.lines)
    command.kill()
    assert began, f"the stage {stage!r} never began"
