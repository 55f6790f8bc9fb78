"""A server in a process of its own, asked over real connections: how long answers take, and what they cost it."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

HEADERS = {"Accept": "text/html", "Accept-Language": "en-US,en;q=0.9", "Accept-Encoding": "gzip"}


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    pid: int

    def ask(self, path: str, **headers: str) -> tuple[dict[str, str], bytes]:
        """Return headers and body of one answer.

        Raises
        ------
        RuntimeError
            The answer is not 200.
        """
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            return _answer(connection, path, {**HEADERS, **headers})
        finally:
            connection.close()

    def cpu_seconds(self) -> float:
        """Return what the process has used of all cores so far (Linux)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def started(command: Sequence[str], port: int, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Start a server that says "running on" when it is ready; it is terminated at the end."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})}
    )
    assert process.stderr is not None
    said: list[str] = []
    for line in process.stderr:
        said.append(line)
        if "running on" in line:
            break
    else:
        raise RuntimeError(f"{' '.join(command)} did not start:\n{''.join(said)[-2000:]}")
    silent = threading.Thread(target=process.stderr.read, daemon=True)
    silent.start()
    try:
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait(60)


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def latencies(server: Server, paths: Sequence[str], *, connections: int, pause: float = 0.0) -> list[float]:
    """Ask for every path once, over so many connections at once; return the seconds of each answer.

    With `pause` a connection waits so long before each request: a rate that the server is meant to carry, and not as
    many as it can.
    """
    took: list[float] = []
    errors: list[Exception] = []

    def worker(mine: Sequence[str]) -> None:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
        try:
            for path in mine:
                time.sleep(pause)
                start = time.perf_counter()
                _answer(connection, path, HEADERS)
                took.append(time.perf_counter() - start)
        except (OSError, RuntimeError) as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=worker, args=(paths[i::connections],)) for i in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise RuntimeError(f"{len(errors)} connections failed, the first with: {errors[0]}") from errors[0]
    return took


def _answer(connection: HTTPConnection, path: str, headers: Mapping[str, str]) -> tuple[dict[str, str], bytes]:
    connection.request("GET", path, headers=dict(headers))
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise RuntimeError(f"GET {path} was answered with {response.status}: {body[:200]!r}")
    return {name.lower(): value for name, value in response.getheaders()}, body
