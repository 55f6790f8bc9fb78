"""Answers from what was published, for the command line."""

from __future__ import annotations

import datetime as dt

from pipelines.home import Home
from pipelines.settings import PipelineSettings
from pipelines.steps.publishing import engine_of
from serving.store import queries
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
            found = queries.detail(store, run, prospect_id)
            name = found.prospect.name or prospect_id
            if found.call is not None:
                whose = f"the list of {found.call.owner_id}" if found.call.owner_id else "the list of the team's pool"
                return f"{name} is number {found.call.rank} on {whose} for {run.day}."
            if found.left_out is None:
                return f"{name} was not looked at for {run.day}: closed by then, not known yet, or too old."
            back = f" It may be listed again from {found.left_out.until}." if found.left_out.until else ""
            return f"{name} is not on the list for {run.day}: {found.left_out.words} ({found.left_out.reason}).{back}"
    finally:
        engine.dispose()
