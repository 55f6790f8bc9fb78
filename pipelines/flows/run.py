"""`run`: ingest, train and daily as one flow, because every flow of its own costs a second."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from prefect import flow

from pipelines.cluster import running
from pipelines.flows import common
from pipelines.flows.daily import list_in
from pipelines.flows.ingest import ingest_into
from pipelines.flows.train import train_in
from pipelines.steps.listing import Made
from pipelines.steps.promoting import Trained


@dataclass(frozen=True)
class Run:
    """What came of it."""

    summary: pd.DataFrame
    trained: Trained
    made: Made
    new: bool


@flow(name="run", persist_result=False, task_runner=running.task_runner())
def run(
    source: str, data: str | None = None, home: str | None = None, day: str | None = None,
    options: dict[str, object] | None = None,
) -> Run:  # fmt: skip
    """Ingest a source, train on it and publish the list of the day."""
    place = common.home_of(home, source)
    with common.recorded(place, "run"):
        _, summary = ingest_into(place, source, common.path(data), options or {})
        trained = train_in(place, day)
        made, new = list_in(place, day)
    return Run(summary, trained, made, new)
