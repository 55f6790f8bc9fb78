"""`takt run` killed with SIGKILL at the beginning of each stage: nothing is half, and a rerun completes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.flows.run import run
from pipelines.home import Home
from serving.store import queries
from serving.store.engine import open_store, reading
from serving.store.tables import Run

STAGES = (
    "merging into the lake", "fitting the ladder", "registering with MLflow", "challenger against champion",
    "publishing",
)  # fmt: skip


def takt(*words: str, cwd: Path, server: str) -> subprocess.Popen[str]:
    env = os.environ | {"PREFECT_API_URL": server}
    command = [sys.executable, "-c", "from pipelines.cli import main; main()", *words]
    return subprocess.Popen(command, cwd=cwd, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
                            start_new_session=True, env=env)  # fmt: skip


def killed_at(stage: str, *words: str, cwd: Path, server: str) -> None:
    """Run the command and kill it, and all it started, when the stage begins."""
    process = takt(*words, cwd=cwd, server=server)
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if f"… {stage}" in line:
            break
    else:
        pytest.fail(f"the stage {stage!r} never began:\n{''.join(seen)}")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=30)
    process.stderr.close()


def completed(*words: str, cwd: Path, server: str) -> None:
    process = takt(*words, cwd=cwd, server=server)
    _, told = process.communicate(timeout=180)
    assert process.returncode == 0, told


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
