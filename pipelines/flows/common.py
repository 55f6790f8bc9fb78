"""What the flows share: the home, who may work alone, what is tried again, and artifacts for Prefect's page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pandas as pd
from prefect import runtime
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from features.errors import TaktError
from pipelines.home import Home
from pipelines.progress import console
from pipelines.recording import recording
from pipelines.running.exclusive import alone, holder
from pipelines.settings import PipelineSettings
from pipelines.sources.connected.errors import ConnectionFailed
from pipelines.steps.pulling import NoData

PATIENCE: Final = 900.0
"""Seconds that a run of the schedule waits for another one to end; a person at the keyboard is told at once."""


def worth_retrying(task: Any, _run: Any, state: Any) -> bool:
    """Answer whether a failed task may succeed next time; if it may, the failure is told while it waits.

    An error in data or words is the same every time. A CRM that is down is not, and neither, in a run of the schedule,
    is a folder that is not there: a share that is not mounted yet.
    """
    error = state.result(raise_on_failure=False)
    passes = not isinstance(error, TaktError)
    if scheduled():
        passes |= isinstance(error, NoData) or (isinstance(error, ConnectionFailed) and error.passes)
    if passes:
        console.print(f"  … {task.name} failed and is tried again: {error}", soft_wrap=True, markup=False)
    return passes


def scheduled() -> bool:
    """Say whether this is a run of a deployment, and not a command that somebody typed."""
    return runtime.deployment.id is not None


def one_at_a_time(home: Home, name: str) -> AbstractContextManager[None]:
    """Keep everybody else from doing the same in this home: refused at once by hand, waited for by the schedule."""
    planned = scheduled()
    return alone(home.path, name, patience=PATIENCE if planned else 0.0, scheduled=planned)


def after(home: Home, name: str) -> AbstractContextManager[None]:
    """Wait until somebody else has ended a short piece of work; nobody is refused before `PATIENCE` has passed."""
    if (who := holder(home.path, name)) is not None:
        console.print(f"  … waiting for {who.words}", soft_wrap=True, markup=False)
    return alone(home.path, name, patience=PATIENCE, scheduled=scheduled())


ONCE: Final[dict[str, Any]] = {"cache_policy": NO_CACHE}
"""Tasks that pass tables in memory: hashing them for a cache would cost more than the work."""
TRY_AGAIN: Final[dict[str, Any]] = {
    **ONCE, "retries": 2, "retry_delay_seconds": [2, 10], "retry_condition_fn": worth_retrying
}  # fmt: skip
"""Tasks that touch files or servers; all of them are safe to repeat."""
_WAITS: Final = PipelineSettings().retry_seconds
PULL: Final[dict[str, Any]] = {
    **TRY_AGAIN, "retries": len(_WAITS), "retry_delay_seconds": list(_WAITS), "retry_jitter_factor": 0.2
}  # fmt: skip
"""Pulling from elsewhere: given more time, and not all companies at once after an outage."""
LAKE: Final = "lake"
"""Name of the lock of whoever brings facts into the lake: the note of an ingest names what is complete."""


@contextmanager
def recorded(home: Home, command: str) -> Iterator[None]:
    """Note the stages of a run in the home, and leave their rows and seconds on the run's page."""
    with recording(home.path, command) as stages:
        yield
        if stages:
            columns = ["stage", "rows", "seconds", "written"]
            table = pd.DataFrame([asdict(stage) for stage in stages])[columns].rename(columns={"written": "bytes"})
            table_artifact("stages", table, f"Rows, seconds and bytes of each stage of {command}")


def home_of(home: str | None, source: str | None) -> Home:
    """Return the home named, or the default one of the source."""
    return Home(Path(home) if home else PipelineSettings().root / Path(source or "simulated").name)


def path(data: str | None) -> Path | None:
    """Return a path, or None where none was given."""
    return None if data is None else Path(data)


def table_artifact(key: str, table: pd.DataFrame, description: str) -> None:
    """Put a table on the run's page."""
    rows = table.astype("object").where(table.notna(), None).map(str).to_dict("records")
    create_table_artifact(key=key, table=rows, description=description)


def text_artifact(key: str, text: str, description: str) -> None:
    """Put Markdown on the run's page."""
    create_markdown_artifact(key=key, markdown=text, description=description)
