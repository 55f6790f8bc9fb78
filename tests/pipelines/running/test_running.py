"""`takt up` for real: Prefect's server, a worker, MLflow's server and the app; what is killed, and what comes of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines.running import processes, state
from pipelines.running.company import Company
from pipelines.running.exclusive import holder
from pipelines.running.now import run_now
from pipelines.running.parts import TAKT
from pipelines.running.prefect_client import connected
from pipelines.running.standing import standing
from tests.conftest import ROOT

pytestmark = pytest.mark.slow
PATIENCE = 180.0


@dataclass(frozen=True)
class Plant:
    """A company that is up, and how it is talked to."""

    home: Path
    data: Path
    env: dict[str, str]

    @property
    def state(self) -> state.State:
        found = state.read(self.home)
        assert found is not None
        return found

    @property
    def company(self) -> Company:
        return Company.from_json(self.state.company)

    def takt(self, *words: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-c", TAKT, *words, "--home", str(self.home)], cwd=self.home.parent, env=self.env,
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def up(self) -> str:
        return self.takt("up", "--source", "simulated", "--data", str(self.data))


def wait_for(found: Callable[[], Any], what: str) -> Any:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        result = found()
        if result:
            return result
        time.sleep(0.3)
    pytest.fail(f"waited {PATIENCE:.0f} s in vain for {what}")


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory, small_company: Path) -> Iterator[Plant]:
    place = tmp_path_factory.mktemp("plant")
    data = place / "export"
    data.symlink_to(small_company, target_is_directory=True)
    quick = {
        "TAKT_RETRY_SECONDS": "[1, 1, 1]",
        "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "2",
        "PREFECT_SERVER_SERVICES_SCHEDULER_DEPLOYMENT_LOOP_SECONDS": "2",
        "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "1",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
    }
    mine = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "TAKT_MLFLOW", "TAKT_STORE"))}
    made = Plant(place / "north", data, mine | quick)
    try:
        told = made.up()
        assert made.state.part("app").address in told
        yield made
    finally:
        made.takt("down")


@pytest.fixture(scope="module")
def client(plant: Plant) -> Iterator[Any]:
    with connected(plant.state.api) as opened:
        yield opened


def ended(client: Any, run: Any) -> Callable[[], Any]:
    def look() -> Any:
        found = client.read_flow_run(run.id)
        return found if found.state.is_final() else None

    return look


def ask(client: Any, plant: Plant, flow: str) -> Any:
    deployment = client.read_deployment_by_name(f"{flow}/{plant.company.name}")
    return client.create_flow_run_from_deployment(deployment.id)


def test_everything_is_well_before_the_command_returns_and_the_next_runs_are_planned(plant: Plant) -> None:
    found = standing(plant.home)
    assert found.problems == ()
    assert [p.name for p in found.parts] == ["prefect", "mlflow", "app", "worker"]
    assert {f.flow: bool(f.next_at) for f in found.flows} == dict.fromkeys(
        ("ingest", "daily", "monitor", "train"), True
    )
    assert found.list.words.startswith("No list has been published yet")


def test_everything_listens_on_this_machine_only(plant: Plant) -> None:
    assert [p.address.rpartition(":")[0] for p in plant.state.parts if p.address] == ["http://127.0.0.1"] * 3


def test_a_second_up_says_that_it_is_up_and_starts_nothing(plant: Plant) -> None:
    before = plant.state
    assert f"Takt is up already (process {before.pid}" in plant.up()
    assert plant.state == before


def test_a_scheduled_run_fires_fails_once_is_tried_again_and_completes(plant: Plant, client: Any) -> None:
    """The folder of the export is on a share that is mounted late."""
    deployment = client.read_deployment_by_name(f"ingest/{plant.company.name}")
    behind = plant.data.rename(plant.data.with_name("not mounted"))
    from prefect.client.schemas.schedules import IntervalSchedule

    (often,) = client.create_deployment_schedules(
        deployment.id, [(IntervalSchedule(interval=timedelta(seconds=3)), True)]
    )
    said = plant.home / "logs" / "worker.log"
    wait_for(lambda: "pull failed and is tried again" in said.read_text(), "a run of the schedule that fails")
    behind.rename(plant.data)
    client.delete_deployment_schedule(deployment.id, often.id)

    def done() -> Any:
        runs = [r for r in client.read_flow_runs() if r.deployment_id == deployment.id and r.auto_scheduled]
        return next((r for r in runs if r.state.is_completed()), None)

    assert wait_for(done, "the same run to complete").auto_scheduled
    assert standing(plant.home).list.last_ingest


def test_a_trained_model_lies_on_the_mlflow_server_and_a_list_is_in_the_app(plant: Plant, client: Any) -> None:
    for flow in ("train", "daily"):
        assert run_now(plant.company, client, flow).state.is_completed()
    model = httpx.get(
        f"{plant.state.part('mlflow').address}/api/2.0/mlflow/registered-models/alias",
        params={"name": "north-win", "alias": "champion"},
    ).json()
    assert model["model_version"]["version"] == "1"
    listed = httpx.get(f"{plant.state.part('app').address}/v1/call-list").json()
    assert len(listed["items"]) == standing(plant.home).list.calls > 0


def test_the_file_for_those_who_run_prefect_themselves_deploys_to_this_server(plant: Plant, client: Any) -> None:
    from prefect.client.schemas.actions import WorkPoolCreate

    client.create_work_pool(WorkPoolCreate(name="takt", type="process"))  # without a worker: nothing of it runs
    done = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"], cwd=ROOT,
        env=plant.env | {"PREFECT_API_URL": plant.state.api, "PREFECT_HOME": str(plant.home / "prefect")},
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    for flow, name in (("ingest", "hourly"), ("daily", "daily"), ("monitor", "watch"), ("train", "weekly")):
        ours = client.read_deployment_by_name(f"{flow}/{plant.company.name}")
        filed = client.read_deployment_by_name(f"{flow}/{name}")
        assert filed.schedules[0].schedule == ours.schedules[0].schedule
        assert filed.global_concurrency_limit.limit == ours.global_concurrency_limit.limit == 1
        assert filed.concurrency_options == ours.concurrency_options


def test_each_run_leaves_its_figures_on_prefects_page(client: Any) -> None:
    keys = {a.key for a in client.read_artifacts()}
    assert {"ingest-summary", "list-summary", "call-list", "model-card", "checks", "verdict"} <= keys


def test_two_lists_are_never_made_at_once_and_a_killed_one_does_not_hold_up_the_next(plant: Plant, client: Any) -> None:
    first = ask(client, plant, "daily")
    maker = wait_for(lambda: holder(plant.home, "daily"), "the first list to be begun")
    assert maker.scheduled
    os.kill(maker.pid, signal.SIGSTOP)
    second = ask(client, plant, "daily")
    wait_for(lambda: client.read_flow_run(second.id).state.name == "AwaitingConcurrencySlot", "the second to wait")
    assert "daily cannot begin" in plant.takt("daily", code=1)  # nor does a person make one beside it
    os.kill(maker.pid, signal.SIGKILL)
    assert wait_for(ended(client, first), "the killed run to be noticed").state.name == "Crashed"
    assert [p for p in standing(plant.home).problems if p.startswith("daily: the last run crashed")]
    assert wait_for(ended(client, second), "the second list").state.is_completed()
    assert standing(plant.home).problems == ()


def test_a_part_that_dies_is_started_again_at_the_same_address(plant: Plant) -> None:
    before = plant.state.part("app")
    assert before.pid is not None
    os.kill(before.pid, signal.SIGKILL)
    wait_for(lambda: plant.state.part("app").restarts == 1, "the supervisor to see it")
    wait_for(lambda: plant.state.part("app").state == "up", "the app to be up again")
    assert plant.state.part("app").address == before.address
    assert httpx.get(before.health).status_code == 200


def test_a_supervisor_that_was_killed_is_told_and_down_ends_what_it_left(plant: Plant) -> None:
    left = plant.state
    os.kill(left.pid, signal.SIGKILL)
    wait_for(lambda: not state.watched(plant.home), "the lock to be free")
    assert any(processes.lives(plant.home, k.name) for k in left.parts)
    assert "nobody looks after the parts any more" in plant.takt("status", code=1)
    plant.takt("down")
    assert [k.name for k in left.parts if processes.lives(plant.home, k.name)] == []
    assert "nothing is running here" in plant.takt("status", code=1)
