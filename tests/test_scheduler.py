"""A real Prefect server and a real worker: what prefect.yaml deploys runs by hand, and a schedule fires by itself.

An install or import check sees neither of the two ways in which this stack was found broken: a server that does not
start (FastAPI too new), and a scheduler that dies in silence while runs by hand still work (SQLAlchemy 2.1).
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from serving.store import queries
from serving.store.engine import open_store, reading
from tests.conftest import ROOT

PATIENCE = 120.0


@dataclass(frozen=True)
class Plant:
    """A server and a worker of their own, and the company that they work for."""

    api: str
    home: Path
    env: dict[str, str]

    def prefect(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", *words],
            cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=PATIENCE,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def post(self, path: str, **content: Any) -> Any:
        answer = httpx.post(f"{self.api}/{path}", json=content, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def deployment(self, name: str) -> str:
        """Return the id of a deployment."""
        (found,) = self.post("deployments/filter", deployments={"name": {"any_": [name]}})
        return str(found["id"])

    def runs(self, deployment: str) -> list[dict[str, Any]]:
        wanted = {"name": {"any_": [deployment]}}
        return list(self.post("flow_runs/filter", deployments=wanted, sort="EXPECTED_START_TIME_ASC"))


def wait_for(found: Callable[[], Any], what: str) -> Any:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        result = found()
        if result:
            return result
        time.sleep(0.5)
    pytest.fail(f"waited {PATIENCE:.0f} s in vain for {what}")


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    place = tmp_path_factory.mktemp("plant")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = os.environ | {
        "PREFECT_HOME": str(place / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "5",
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "DO_NOT_TRACK": "1",
    }
    made = Plant(env["PREFECT_API_URL"], place / "home", env)
    with (place / "server.log").open("w") as log:
        start = [sys.executable, "-m", "prefect"]
        server = _started([*start, "server", "start", "--host", "127.0.0.1", "--port", str(port)], env, log)
        try:
            wait_for(lambda: _healthy(made.api), "the server")
            made.post("work_pools/", name="takt", type="process")
            made.prefect("deploy", "--all", "--prefect-file", str(_prefect_file(place, made.home)))
            worker = _started([*start, "worker", "start", "--pool", "takt", "--type", "process"], env, log)
            try:
                yield made
            finally:
                _stopped(worker)
        finally:
            _stopped(server)


def _started(words: list[str], env: dict[str, str], log: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(words, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True)


def _stopped(process: subprocess.Popen[bytes]) -> None:
    # a worker was seen to outlive its server by minutes after SIGTERM, so the whole group is ended for good
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=30)


def _healthy(api: str) -> bool:
    try:
        return httpx.get(f"{api}/health", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def _prefect_file(place: Path, home: Path) -> Path:
    """Prefect.yaml as it is in the repository, but for a small company elsewhere and an ingest every 20 seconds."""
    content = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
    for deployment in content["deployments"]:
        deployment["parameters"] = {"home": str(home), "source": "simulated"}
        deployment["schedules"] = []
    ingest = content["deployments"][0]
    ingest["parameters"]["options"] = {"prospects": 200}
    ingest["schedules"] = [{"interval": 20}]
    content["pull"] = [{"prefect.deployments.steps.set_working_directory": {"directory": str(ROOT)}}]
    file = place / "prefect.yaml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return file


@pytest.mark.slow
def test_a_schedule_fires_and_the_deployments_lead_to_a_published_list(plant: Plant) -> None:
    done = wait_for(
        lambda: [r for r in plant.runs("hourly") if r["state_type"] in ("COMPLETED", "FAILED", "CRASHED")],
        "a scheduled ingest to end",
    )[0]
    assert (done["state_type"], done["auto_scheduled"]) == ("COMPLETED", True)
    plant.post(f"deployments/{plant.deployment('hourly')}/pause_deployment")
    for name in ("weekly", "daily"):
        plant.post(f"deployments/{plant.deployment(name)}/create_flow_run")
        ended = wait_for(
            lambda n=name: [r for r in plant.runs(n) if r["state_type"] in ("COMPLETED", "FAILED", "CRASHED")], name
        )
        assert ended[0]["state_type"] == "COMPLETED", ended[0]["state"]
    engine = open_store(f"sqlite:///{plant.home / 'store.db'}")
    with reading(engine) as store:
        run = queries.find_run(store)
        assert len(queries.call_list(store, run, owner=None, pool=False, after=0, limit=500).items) > 0
    engine.dispose()
