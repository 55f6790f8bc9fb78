"""The four processes that run a company, as command lines: Prefect's server, MLflow's server, the app, the worker.

A part that exists elsewhere is used and not started: `PREFECT_API_URL`, `TAKT_MLFLOW_URL` (and `TAKT_STORE_URL` for
the store, which the app and the runs take from the environment by themselves).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pipelines.running.company import Company
from pipelines.running.ports import LOOPBACK, choose
from serving.settings import is_loopback

PREFECT: Final = "prefect"
MLFLOW: Final = "mlflow"
APP: Final = "app"
WORKER: Final = "worker"
TITLES: Final = {
    PREFECT: "Prefect's server", MLFLOW: "MLflow's server", APP: "the app", WORKER: "the worker",
}  # fmt: skip
USUAL: Final = {PREFECT: 4200, MLFLOW: 5000, APP: 8000}
TAKT: Final = "from pipelines.cli import main; main()"


@dataclass(frozen=True)
class Part:
    """One process, or one that somebody else runs.

    Attributes
    ----------
    name : str
        `prefect`, `mlflow`, `app` or `worker`.
    address : str
        Where people open it; empty for the worker.
    health : str
        What answers 200 when it is well; empty where only the process can be looked at.
    words : tuple of str
        The command line; empty: it is used where it is, and not started.
    env : mapping
        What the process finds in its environment beside what this one has.
    """

    name: str
    address: str = ""
    health: str = ""
    words: tuple[str, ...] = ()
    env: Mapping[str, str] | None = None

    @property
    def here(self) -> bool:
        """Whether it is started here."""
        return bool(self.words)

    @property
    def title(self) -> str:
        """What people call it."""
        return TITLES[self.name]


@dataclass(frozen=True)
class Ports:
    """The ports asked for; None: the usual one, or the next free one."""

    app: int | None = None
    prefect: int | None = None
    mlflow: int | None = None


def plan(company: Company, ports: Ports, environ: Mapping[str, str]) -> tuple[Part, ...]:
    """Return the parts in the order in which they are started.

    Raises
    ------
    PortTaken
        A port that was asked for is not free.
    """
    prefect = _prefect(company, ports, environ)
    mlflow = _mlflow(company, ports, environ, taken=_ports(prefect))
    app = _app(company, ports, environ, taken=_ports(prefect, mlflow))
    api = prefect.health.removesuffix("/health")
    shared = {
        "PREFECT_API_URL": api,
        "TAKT_MLFLOW_URL": mlflow.address,
        "PREFECT_LOGGING_LEVEL": environ.get("PREFECT_LOGGING_LEVEL", "WARNING"),
        # what went wrong is then on the run's page, too
        "PREFECT_LOGGING_TO_API_ENABLED": environ.get("PREFECT_LOGGING_TO_API_ENABLED", "true"),
    }
    worker = (
        sys.executable, "-m", "prefect", "--no-prompt", "worker", "start",
        "--pool", company.pool, "--type", "process", "--name", company.pool,
    )  # fmt: skip
    return prefect, mlflow, app, Part(WORKER, words=worker, env=shared)


def _prefect(company: Company, ports: Ports, environ: Mapping[str, str]) -> Part:
    if given := environ.get("PREFECT_API_URL", "").rstrip("/"):
        return Part(PREFECT, given.removesuffix("/api"), f"{given}/health")
    port = choose(USUAL[PREFECT], ports.prefect, what=TITLES[PREFECT], option="--prefect-port")
    address = f"http://{LOOPBACK}:{port}"
    words = (sys.executable, "-m", "prefect", "--no-prompt", "server", "start", "--host", LOOPBACK, "--port", str(port))
    env = {
        "PREFECT_API_URL": f"{address}/api",
        "PREFECT_SERVER_LOGGING_LEVEL": environ.get("PREFECT_SERVER_LOGGING_LEVEL", "WARNING"),
        # where the program may not write beside its own files, as under systemd
        "PREFECT_UI_STATIC_DIRECTORY": str(company.home / "prefect" / "ui"),
        # finished runs are forgotten after 90 days, else the database grows for ever
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    }
    return Part(PREFECT, address, f"{address}/api/health", words, env)


def _mlflow(company: Company, ports: Ports, environ: Mapping[str, str], *, taken: frozenset[int]) -> Part:
    if given := environ.get("TAKT_MLFLOW_URL", "").rstrip("/"):
        return Part(MLFLOW, given, f"{given}/health" if given.startswith(("http://", "https://")) else "")
    port = choose(USUAL[MLFLOW], ports.mlflow, what=TITLES[MLFLOW], option="--mlflow-port", taken=taken)
    address = f"http://{LOOPBACK}:{port}"
    words = (
        sys.executable, "-m", "mlflow", "server", "--host", LOOPBACK, "--port", str(port), "--workers", "1",
        "--backend-store-uri", f"sqlite:///{company.home / 'mlflow.db'}",
        "--default-artifact-root", (company.home / "artifacts").as_uri(),
    )  # fmt: skip
    # its own job queue would be two more processes for things that Takt does not use
    return Part(MLFLOW, address, f"{address}/health", words, {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"})


def _app(company: Company, ports: Ports, environ: Mapping[str, str], *, taken: frozenset[int]) -> Part:
    named = ports.app or (int(environ["TAKT_PORT"]) if environ.get("TAKT_PORT") else None)
    port = choose(USUAL[APP], named, what=TITLES[APP], option="--port", taken=taken)
    host = environ.get("TAKT_HOST") or LOOPBACK
    near = f"http://{host if is_loopback(host) else LOOPBACK}:{port}"
    words = (sys.executable, "-c", TAKT, "serve", "--home", str(company.home), "--port", str(port))
    return Part(APP, near, f"{near}/healthz", words, {})


def _ports(*parts: Part) -> frozenset[int]:
    return frozenset(int(p.address.rpartition(":")[2]) for p in parts if p.here)
