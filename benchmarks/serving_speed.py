"""Serving: the list from a large store, scoring by request, and how long a server takes to start.

All by wrk on loopback, on the machine that serves: generator and servers share its cores. In each comparison the
servers run side by side and are asked in turn.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import served_bundle, wrk
from benchmarks.big_store import CALLS, build, size
from benchmarks.load import Server, free_port, started
from benchmarks.report import Section, seconds, times
from tests import postgres

_TAKT = [sys.executable, "-c", "from serving.server import run; from serving.settings import Settings; run(Settings())"]
_LIST = "/v1/call-list?owner=S03"
_LIST_SECONDS, _SCORE_SECONDS = 1, 2
_BATCH = 100
_CONNECTIONS = (1, 8)


def measure(scratch: Path, *, prospects: int, rounds: int) -> list[Section]:
    """Measure the three."""
    wrk.check()
    rounds = max(rounds, 5)
    place = scratch / "serving"
    place.mkdir()
    served = served_bundle.make(place, place / "home" / "champion")
    return [
        _lists(place, prospects=prospects, rounds=rounds),
        *_scores(place, served, rounds=rounds),
        _starts(place, rounds=rounds),
    ]


@contextmanager
def _takt(home: Path, store: str = "") -> Iterator[Server]:
    port = free_port()
    environment = {"TAKT_HOME": str(home), "TAKT_PORT": str(port)} | ({"TAKT_STORE_URL": store} if store else {})
    with started(_TAKT, port, environment) as server:
        yield server


def _lists(place: Path, *, prospects: int, rounds: int) -> Section:
    home = place / "list"
    home.mkdir()
    build(f"sqlite:///{home / 'store.db'}", prospects=prospects)
    why_not, rows = postgres.why_not(), []
    with ExitStack() as running:
        servers = {"Takt, SQLite": running.enter_context(_takt(home))}
        if not why_not:
            url = running.enter_context(postgres.started()).database("list")
            build(url, prospects=prospects)
            servers["Takt, PostgreSQL"] = running.enter_context(_takt(home, url))
        bytes_ = {name: server.ask(_LIST, **_PLAIN)[1] for name, server in servers.items()}
        body, port = place / "list.json", free_port()
        body.write_bytes(bytes_["Takt, SQLite"])
        bare = [sys.executable, "-m", "benchmarks.bare_page", str(body), str(port), "application/json"]
        servers = {"bare FastAPI": running.enter_context(started(bare, port)), **servers}
        targets = {
            n: wrk.Target(f"http://127.0.0.1:{s.port}{'/' if n == 'bare FastAPI' else _LIST}")
            for n, s in servers.items()
        }
        for c in _CONNECTIONS:
            found = wrk.in_turn(targets, scratch=place, connections=c, seconds=_LIST_SECONDS, rounds=rounds)
            rows += _table(found, f"{c}", beside="bare FastAPI")
    words = (
        f"`GET {_LIST}` ({CALLS} calls with reasons, {len(bytes_['Takt, SQLite']) / 1024:,.0f} KB) from a store of "
        f"{prospects:,} receipts (SQLite {size(home) / 2**20:,.0f} MB), by wrk. The bare server is a FastAPI "
        "route that returns the same bytes from memory. Goal: at least 0.70 of its requests per second."
        + (f" {why_not}." if why_not else "")
    )
    return Section("The list by request", words, _HEAD, rows)


_PLAIN = {"Accept-Encoding": "identity", "Accept": "application/json"}
_HEAD = ("connections", "server", "requests per second", "p50", "p99", "rate beside", "p99 beside")


def _table(found: Mapping[str, wrk.Load], load: str, *, beside: str) -> list[tuple[str, ...]]:
    base = found[beside]
    return [
        (load, name, f"{one.rate:,.0f}", _short(one.p50), _short(one.p99), times(one.rate / base.rate),
         times(one.p99 / base.p99))
        for name, one in found.items()
    ]  # fmt: skip


def _short(value: float) -> str:
    return f"{value * 1000:.2f} ms" if value < 0.1 else seconds(value)


@dataclass(frozen=True)
class _Bodies:
    """What is posted: contract rows to Takt and to the peer with pandas, finished rows to the others."""

    facts: Path
    rows: Path
    table: Path

    @classmethod
    def write(cls, place: Path, served: served_bundle.Served, ids: list[str]) -> _Bodies:
        """Write the same prospects in all three forms."""
        matrix = served.matrix()
        mine = matrix.where(matrix.keys["prospect_id"].isin(ids))
        x = served.bundle.rung.encoding.apply(mine.values)
        rows = [[None if np.isnan(value) else float(value) for value in row] for row in x]
        forms = {"facts": served.body(ids), "rows": {"rows": rows}, "table": {"inputs": rows}}
        paths = {name: place / f"{name}_{len(ids)}.json" for name in forms}
        for name, form in forms.items():
            paths[name].write_text(json.dumps(form), encoding="utf-8")
        return cls(**paths)


def _scores(place: Path, served: served_bundle.Served, *, rounds: int) -> list[Section]:
    home, folder = place / "home", place / "home" / "champion"
    ids = served.rich(_BATCH)
    one, many = _Bodies.write(place, served, ids[:1]), _Bodies.write(place, served, ids)
    with ExitStack() as running:
        takt = running.enter_context(_takt(home))
        peers = {name: running.enter_context(_peer(name, folder)) for name in ("plain", "pandas")}
        mlflow = running.enter_context(_mlflow(place, folder))

        def targets(bodies: _Bodies) -> dict[str, wrk.Target]:
            return {
                _PEER: wrk.Target(f"http://127.0.0.1:{peers['plain'].port}/score", bodies.rows),
                "Takt": wrk.Target(f"http://127.0.0.1:{takt.port}/v1/score", bodies.facts),
                "features by pandas + pred_contrib": wrk.Target(
                    f"http://127.0.0.1:{peers['pandas'].port}/score", bodies.facts
                ),
                "mlflow models serve (predicts only)": wrk.Target(
                    f"http://127.0.0.1:{mlflow}/invocations", bodies.table
                ),
            }

        single = []
        for c in _CONNECTIONS:
            found = wrk.in_turn(targets(one), scratch=place, connections=c, seconds=_SCORE_SECONDS, rounds=rounds)
            single += _table(found, f"{c}", beside=_PEER)
        found = wrk.in_turn(targets(many), scratch=place, connections=1, seconds=_SCORE_SECONDS, rounds=rounds)
        batch = _table(found, "1", beside=_PEER)
    width, touches = len(served.bundle.features), served_bundle.TOUCHES
    words = (
        f"`POST /v1/score`, one prospect with some {touches} touches: rows of the contract in; chance, interval, "
        f"counts and reasons in words out. {served_bundle.TREES} trees of {served_bundle.LEAVES} leaves over {width} "
        "features. *pred_contrib* is a FastAPI + pydantic server that gets the finished row of features and returns "
        "the chance and the five strongest features: it makes no feature, no interval and no words. *Features by "
        "pandas* gets what Takt gets, makes those features that come from touches and goes on like pred_contrib. "
        "`mlflow models serve` gets the finished row and only predicts. Goal: three times the rate of pred_contrib, "
        "p99 at most 1.5 times that of mlflow."
    )
    more = f"The same with {len(ids)} prospects a request, one connection. Goal: six times the rate of pred_contrib."
    return [
        Section("Scoring by request", words, _HEAD, single),
        Section("Scoring a batch by request", more, _HEAD, batch),
    ]


_PEER = "pred_contrib"


@contextmanager
def _peer(which: str, folder: Path) -> Iterator[Server]:
    port = free_port()
    with started(
        [sys.executable, "-W", "ignore", "-m", "benchmarks.score_peers", which, str(folder), str(port)], port
    ) as up:
        yield up


@contextmanager
def _mlflow(place: Path, folder: Path) -> Iterator[int]:
    """Save the trees as MLflow does and serve them by its own command."""
    import lightgbm
    import mlflow

    model, port = place / "mlflow", free_port()
    mlflow.lightgbm.save_model(
        lightgbm.Booster(model_file=str(folder / "model.lgb")), str(model), pip_requirements=["lightgbm"]
    )
    command = [str(Path(sys.executable).with_name("mlflow")), "models", "serve", "-m", str(model), "-p", str(port),
               "--env-manager", "local"]  # fmt: skip
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "PATH": path},
        start_new_session=True,
    )  # fmt: skip
    try:
        _wait(port, process)
        yield port
    finally:
        # it starts a server of its own below itself
        os.killpg(process.pid, 15)
        process.wait(60)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError(f"mlflow models serve ended with {process.returncode}.")
        try:
            Server(port, process.pid).ask("/ping")
            return
        except (OSError, RuntimeError):
            time.sleep(0.2)
    raise RuntimeError("mlflow models serve did not answer within two minutes.")


def _starts(place: Path, *, rounds: int) -> Section:
    took: dict[str, list[float]] = {"answers": [], "plain python with FastAPI, SQLAlchemy and pandas": []}
    for _ in range(rounds):
        begin = time.perf_counter()
        with _takt(place / "home") as server:
            server.ask("/healthz")
            took["answers"].append(time.perf_counter() - begin)
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import fastapi, sqlalchemy.orm, pandas, uvicorn"], check=True)
        took["plain python with FastAPI, SQLAlchemy and pandas"].append(time.perf_counter() - begin)
    rows = [(name, seconds(statistics.median(each)), seconds(min(each))) for name, each in took.items()]
    words = (
        "From starting the process to the first answer of `/healthz`, in a home with a champion and a store. Goal: 3 s."
    )
    return Section("A server's start", words, ("what", "median", "least"), rows)
