"""A real uvicorn on loopback, as `takt serve` starts it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

SERVE = "from serving.server import run; from serving.settings import Settings; run(Settings())"
PATIENCE = 90


@pytest.fixture
def server(settings, published) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "TAKT_HOME": str(settings.home), "TAKT_PORT": str(port)}
    process = subprocess.Popen([sys.executable, "-c", SERVE], env=environment, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if "running on" in line:
            break
    yield f"http://127.0.0.1:{port}"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


def test_a_started_server_answers_pages_and_programs(server):
    with httpx.Client(base_url=server, timeout=PATIENCE) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        assert len(client.get("/v1/call-list").json()["items"]) == 3
        assert "Hartwell Optics" in client.get("/", headers={"Accept": "text/html"}).text
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["call_list"]) == (503, "ok")


def test_a_server_for_others_does_not_start_without_a_secret(tmp_path):
    environment = {**os.environ, "TAKT_HOME": str(tmp_path), "TAKT_HOST": "0.0.0.0"}
    done = subprocess.run([sys.executable, "-c", SERVE], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "no TAKT_SECRET is set" in done.stderr
