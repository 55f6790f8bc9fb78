"""`demo`: a simulated company that works with its lists for some days; every day the loop closes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import pandas as pd
from prefect import flow, task

from pipelines.cluster import running
from pipelines.flows import common
from pipelines.flows.daily import list_in
from pipelines.flows.ingest import ingest_into
from pipelines.flows.train import train_in
from pipelines.home import Home
from pipelines.progress import stage
from pipelines.sources.simulated.further import Further
from pipelines.sources.simulated.parameters import WorldParameters
from pipelines.steps import demo_days, pulling
from pipelines.steps.listing import Made

SOURCE: Final = "simulated"
DAYS: Final = 3
"""Days that are worked before the list that is shown."""


@dataclass(frozen=True)
class Shown:
    """The list of the day after, and how each day went (`demo_days.COLUMNS`)."""

    made: Made
    lived: pd.DataFrame


@task(name="work", **common.ONCE)
def work(home: Home, made: Made, further: Further) -> pd.DataFrame:
    """Call the list, tap what came of it, live the day."""
    with stage(f"working the list of {further.date}") as told:
        lived = demo_days.work(home, made, further)
        told.found = f"{lived['calls'].iloc[0]} calls tapped"
    return lived


@flow(name="demo", persist_result=False, task_runner=running.task_runner())
def demo(home: str | None = None, *, prospects: int = 2000, seed: int = 7, day: str) -> Shown:
    """Simulate a company up to three days before a day (YYYY-MM-DD), train, and work those days list by list."""
    place = common.home_of(home, SOURCE)
    first = dt.date.fromisoformat(day) - dt.timedelta(days=DAYS)
    with common.recorded(place, "demo"):
        ingest_into(place, SOURCE, None, {"prospects": prospects, "seed": seed, "end": str(first)})
        train_in(place, str(first))
        made, _ = list_in(place, str(first), with_boards=False)
        horizon = pulling.words(place).horizon_days
        further = Further(WorldParameters(end=first, prospects=prospects, seed=seed, horizon_days=horizon))
        lived = []
        for k in range(DAYS):
            lived.append(work(place, made, further))
            ingest_into(place, SOURCE, place.raw, {})
            # only the last list is looked at with everything beside it
            made, _ = list_in(place, str(further.date), with_boards=k == DAYS - 1)
    return Shown(made, pd.concat(lived, ignore_index=True))
