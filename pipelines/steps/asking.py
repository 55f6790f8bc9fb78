"""Answers from what was published, for the command line."""

from __future__ import annotations

import datetime as dt

from pipelines.home import Home
from pipelines.settings import PipelineSettings
from pipelines.steps.publishing import engine_of
from serving.store import places, queries
from serving.store.engine import reading
from serving.store.migrations import upgrade


def why_not(home: Home, prospect_id: str, *, day: dt.date | None = None) -> str:
    """Answer in a sentence why a prospect is not on the list of a day (default: the latest), or where it stands.

    Raises
    ------
    NoRun, Unknown
        No list was published for the day, or no list ever saw the prospect.
    """
    engine = engine_of(home, PipelineSettings())
    try:
        upgrade(engine)
        with reading(engine) as store:
            run = queries.find_run(store, day=day)
            return places.sentence(places.place(store, run, prospect_id), run)
    finally:
        engine.dispose()
