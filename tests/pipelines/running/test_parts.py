"""Which processes a company needs, where they listen, and what is used where it is instead of started."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.running import logs
from pipelines.running.company import Company
from pipelines.running.parts import Part, Ports, plan
from pipelines.running.ports import PortTaken, choose

HERE = Company(Path("/takt/north"), "simulated", None, "Europe/Berlin", (1, 2, 3, 4, 5))


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        yield int(somebody.getsockname()[1])


def parts(ports: Ports = Ports(), **environ: str) -> dict[str, Part]:  # noqa: B008 - frozen
    return {p.name: p for p in plan(HERE, ports, environ)}


def test_a_port_that_is_taken_is_left_to_whoever_has_it(listening: int) -> None:
    assert choose(listening, None, what="the app", option="--port") != listening


def test_a_port_that_was_asked_for_and_is_taken_is_refused(listening: int) -> None:
    with pytest.raises(PortTaken, match=rf"the app cannot listen on port {listening}.*--port"):
        choose(8000, listening, what="the app", option="--port")


def test_everything_is_started_on_ports_of_its_own_and_the_worker_is_told_where() -> None:
    found = parts()
    assert [p.here for p in found.values()] == [True] * 4
    assert len({p.address for p in found.values()}) == 4
    env = found["worker"].env
    assert env is not None
    assert (env["PREFECT_API_URL"], env["TAKT_MLFLOW_URL"]) == (
        f"{found['prefect'].address}/api",
        found["mlflow"].address,
    )


def test_servers_that_exist_are_used_and_only_the_rest_is_started() -> None:
    found = parts(PREFECT_API_URL="http://prefect.example:4200/api", TAKT_MLFLOW_URL="http://mlflow.example/")
    assert {name: p.here for name, p in found.items()} == {
        "prefect": False, "mlflow": False, "app": True, "worker": True,
    }  # fmt: skip
    assert found["prefect"].health == "http://prefect.example:4200/api/health"
    assert found["mlflow"].health == "http://mlflow.example/health"
    env = found["worker"].env
    assert env is not None
    assert env["PREFECT_API_URL"] == "http://prefect.example:4200/api"


def test_a_registry_that_is_a_database_is_used_and_cannot_be_asked_how_it_is() -> None:
    found = parts(TAKT_MLFLOW_URL="postgresql://db.example/mlflow")["mlflow"]
    assert (found.here, found.health) == (False, "")


def test_the_servers_without_a_password_listen_on_this_machine_whatever_the_app_does() -> None:
    found = parts(TAKT_HOST="0.0.0.0")
    for name in ("prefect", "mlflow"):
        assert found[name].words[found[name].words.index("--host") + 1] == "127.0.0.1"


def test_a_log_that_grew_too_large_begins_anew_and_the_one_before_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    with log.open("ab") as writer:  # as a part has it open
        writer.write(b"a" * 30)
        writer.flush()
        assert not logs.bound(log, largest=30)
        assert logs.bound(log, largest=29)
        writer.write(b"next\n")
    assert log.read_bytes() == b"next\n"
    assert (tmp_path / "worker.log.1").read_bytes() == b"a" * 30


def test_a_log_that_is_not_there_has_nothing_to_say(tmp_path: Path) -> None:
    assert not logs.bound(tmp_path / "none.log")
    assert logs.last_lines(tmp_path / "none.log") == ""
