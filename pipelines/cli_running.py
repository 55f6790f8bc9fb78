"""The commands that keep Takt running by itself on one machine: up, down, status."""

from __future__ import annotations

import json
import os
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.options import At, Data, MaybeSource, home_of, out
from pipelines.progress import stage
from pipelines.settings import quiet_defaults

if TYPE_CHECKING:
    from pipelines.running.company import Company
    from pipelines.running.parts import Part, Ports
    from pipelines.running.state import State

running = typer.Typer()
Port = Annotated[int | None, typer.Option(help="Port of the app (default: TAKT_PORT, else 8000 or the next free one).")]
PrefectPort = Annotated[int | None, typer.Option(help="Port of Prefect's server (default: 4200 or the next free one).")]
MlflowPort = Annotated[int | None, typer.Option(help="Port of MLflow's server (default: 5000 or the next free one).")]
Foreground = Annotated[bool, typer.Option("--foreground", help="Stay, and end when told to: for systemd.")]
Now = Annotated[bool, typer.Option("--now", help="Also ingest, train and make today's list at once.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@running.command()
def up(
    source: MaybeSource = None,
    data: Data = None,
    *,
    home: At = None,
    port: Port = None,
    prefect_port: PrefectPort = None,
    mlflow_port: MlflowPort = None,
    foreground: Foreground = False,
    now: Now = False,
) -> None:
    """Start Prefect's server, MLflow's server, the app and a worker here, and put the flows on their schedule.

    Servers that exist already are used: PREFECT_API_URL, TAKT_MLFLOW_URL, TAKT_STORE_URL.
    """
    from pipelines.running.parts import Ports
    from serving.settings import Settings

    if foreground and now:
        raise typer.BadParameter("--now waits for the runs and --foreground stays; type `takt up --now` beside it.")
    place = Path(home_of(home, source)).absolute()
    Settings(home=place)  # refuses at once what the app would refuse later
    of = _company(place, source, data)
    ports = Ports(port, prefect_port, mlflow_port)
    if foreground:
        _stay(of, ports)
        return
    _start(of, ports)
    if now:
        _run_now(of)


@running.command()
def down(source: MaybeSource = None, home: At = None) -> None:
    """Stop everything that `takt up` started; runs under way end, and the next ones complete what they began."""
    from pipelines.running.control import down as end
    from pipelines.running.parts import TITLES

    place = Path(home_of(home, source)).absolute()
    with stage("stopping") as told:
        ended = end(place)
        told.found = ", ".join(TITLES[name] for name in ended) or "nothing was running"


@running.command()
def status(source: MaybeSource = None, home: At = None, as_json: AsJson = False) -> None:
    """Say what is healthy, how old the list is, what ran last and what runs next; exit code 1: something is wrong."""
    from pipelines.running.standing import standing

    place = Path(home_of(home, source)).absolute()
    if place.is_dir():
        quiet_defaults(place / "prefect")
    found = standing(place)
    if as_json:
        sys.stdout.write(json.dumps(found.to_json(), indent=1, ensure_ascii=False) + "\n")
    else:
        from pipelines.printing_running import show

        show(found, out)
    if not found.healthy:
        raise typer.Exit(1)


def _company(place: Path, source: str | None, data: Path | None) -> Company:
    """Describe the company: by the options, or, where no source is named, as it was ingested before."""
    from pipelines.home import Home, NotIngested
    from pipelines.running.company import company

    if source is None:
        try:
            note = Home(place).ingested()
        except NotIngested:
            return company(place, "simulated", data)
        own = Path(note.data).absolute() != Home(place).raw
        return company(place, note.source, data or (Path(note.data) if own else None))
    return company(place, source, data)


def _stay(of: Company, ports: Ports) -> None:
    from pipelines.running.supervisor import Supervisor

    parts, environ = _planned(of, ports)
    Supervisor(of, parts, environ).run()


def _planned(of: Company, ports: Ports) -> tuple[tuple[Part, ...], dict[str, str]]:
    """Return the parts and their environment, with the project's quiet defaults; what is wrong is said here."""
    from pipelines.running.parts import plan

    parts = plan(of, ports, dict(os.environ))
    quiet_defaults(of.home / "prefect")
    return parts, dict(os.environ)


def _start(of: Company, ports: Ports) -> None:
    from pipelines.running import state
    from pipelines.running.control import OtherCompany, begin, down, healthy
    from pipelines.running.parts import plan

    known = state.read(of.home)
    if known is not None and state.watched(of.home):
        if known.company != of.to_json():
            raise OtherCompany(f"{of.home} is up for {known.company}, not for {of.to_json()}; `takt down` first.")
        out.print(f"Takt is up already (process {known.pid}, since {known.since}).")
        _addresses(known)
        return
    environ = dict(os.environ)
    plan(of, ports, environ)
    process = begin(of.home, _words(of, ports), environ)
    try:
        known = _wait(healthy(of.home, process))
    except KeyboardInterrupt:
        down(of.home)
        raise
    _addresses(known)


def _wait(seen: Iterator[State]) -> State:
    from pipelines.running.parts import APP, MLFLOW, PREFECT, TITLES, WORKER

    known = next(seen)
    for name in (PREFECT, MLFLOW, APP, WORKER):
        with stage(f"starting {TITLES[name]}") as told:
            while (kept := known.part(name)).state not in ("up", "elsewhere"):
                known = next(seen)
            told.found = kept.address + (" (was there)" if kept.state == "elsewhere" else "")
    return deque(seen, maxlen=1).pop() if known.phase != "up" else known


def _words(of: Company, ports: Ports) -> list[str]:
    words = ["--home", str(of.home), "--source", of.source]
    given = {"--data": of.data, "--port": ports.app, "--prefect-port": ports.prefect, "--mlflow-port": ports.mlflow}
    return words + [str(w) for option, value in given.items() if value is not None for w in (option, value)]


def _addresses(known: State) -> None:
    for name, what in (("app", "The list"), ("prefect", "Runs and schedules"), ("mlflow", "Trainings and models")):
        out.print(f"{what + ':':22}{known.part(name).address}", soft_wrap=True)
    out.print("`takt status` says how it is, `takt down` ends it.")


def _run_now(of: Company) -> None:
    from pipelines.running import state
    from pipelines.running.now import ORDER, run_now
    from pipelines.running.prefect_client import connected

    known = state.read(of.home)
    if known is None:
        return
    quiet_defaults(of.home / "prefect")
    with connected(known.api) as client:
        for flow in ORDER:
            with stage(f"running {flow}") as told:
                told.found = str(run_now(of, client, flow).name)
    out.print(f"Today's list: {known.part('app').address}")
