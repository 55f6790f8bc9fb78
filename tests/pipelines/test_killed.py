"""`takt run` killed with SIGKILL at the beginning of each stage: nothing is half, and a rerun completes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.flows.run import run
from pipelines.home import Home
from serving.store import queries
from serving.store.engine import open_store, reading
from serving.store.tables import Run
from tests.pipelines.started import Started

STAGES = (
    "merging into the lake", "fitting the ladder", "registering with MLflow", "challenger against champion",
    "publishing",
)  # fmt: skip


def killed_at(stage: str, *words: str, cwd: Path, server: str) -> None:
    """Run the command and kill it, and all it started, when the stage begins."""
    command, seen = Started(*words, cwd=cwd, server=server), []
    for line in command.lines:
        seen.append(line)
        if f"… {stage}" in line:
            break
    else:
        pytest.fail(f"the stage {stage!r} never began:\n{''.join(seen)}")
    command.kill()


def completed(*words: str, cwd: Path, server: str) -> None:
    code, told = Started(*words, cwd=cwd, server=server).end()
    assert code == 0, told


def latest(home: Path) -> Run:
    engine = open_store(Home(home).store)
    with reading(engine) as store:
        run = queries.find_run(store)
        assert queries.call_list(store, run, owner=None, pool=False, after=0, limit=500).items
    engine.dispose()
    return run


@pytest.fixture(scope="module")
def published(prefect: str, small_company: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the list of an earlier day."""
    home = tmp_path_factory.mktemp("killed") / "home"
    run("simulated", data=str(small_company), home=str(home), day="2026-06-01")
    return home


@pytest.mark.slow
def test_a_kill_at_any_stage_leaves_the_earlier_list_and_a_rerun_completes(
    published: Path, small_company: Path, prefect: str
) -> None:
    earlier = latest(published)
    again = ("run", "-s", "simulated", "-d", str(small_company), "--home", str(published), "--day", "2026-06-15")
    for stage in STAGES:
        killed_at(stage, *again, cwd=published.parent, server=prefect)
        home = Home(published)
        assert len(home.lake.facts(home.ingested().versions).prospects) == 250, stage
        assert latest(published).run_id == earlier.run_id, stage
    completed(*again, cwd=published.parent, server=prefect)
    assert str(latest(published).day) == "2026-06-15"
