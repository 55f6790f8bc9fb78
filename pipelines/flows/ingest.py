"""`ingest`: from a source to the lake, and with it what was tapped about earlier lists."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from prefect import flow, runtime, task

from pipelines.flows import common
from pipelines.home import Home, Ingested
from pipelines.settings import PipelineSettings
from pipelines.sources.folders import find
from pipelines.sources.mapped import Mapped
from pipelines.steps import monitoring_pulls, pulling, tapped
from pipelines.trust import refusals


@task(name="pull", **common.PULL)
def pull(source: str, data: Path | None, home: Home, options: dict[str, object]) -> Path:
    """Fetch raw files, or take the folder given."""
    return pulling.pull(find(source), data, home, **options)


@task(name="map-and-check", **common.TRY_AGAIN)
def map_and_check(source: str, data: Path, home: Home) -> Mapped:
    """Map to the contract; stop on too many bad rows."""
    return pulling.map_and_check(find(source), data, home)


@task(name="merge", **common.TRY_AGAIN)
def merge(mapped: Mapped, data: Path, home: Home, source: str) -> Ingested:
    """Merge into the lake; safe to repeat."""
    run_id = str(runtime.flow_run.id or "local")
    return pulling.write(mapped, data, home, source=source, run_id=run_id)


@task(name="taps", **common.TRY_AGAIN)
def take_taps(home: Home) -> Ingested:
    """Merge what was tapped; safe to repeat."""
    return tapped.take(home).note


def ingest_into(
    home: Home, source: str, data: Path | None, options: dict[str, object]
) -> tuple[Ingested, pd.DataFrame]:
    """Run the tasks, alone in this home; return the note and the summary table."""
    with common.one_at_a_time(home, common.LAKE):
        with monitoring_pulls.noted(home, source) as noted:
            raw = pull(source, data, home, options)
            mapped = map_and_check(source, raw, home)
            noted.came(mapped.summary(), mapped.facts().last_recorded())
            merge(mapped, raw, home, source)
        refusals.tell(home, PipelineSettings())
        note = take_taps(home)
    summary = mapped.summary()
    common.table_artifact("ingest-summary", summary, f"Rows from {source}")
    common.text_artifact("ingest", f"Data version `{note.data_version}` of {source}.", "What is known now")
    return note, summary


@flow(name="ingest")
def ingest(
    source: str, data: str | None = None, home: str | None = None, options: dict[str, object] | None = None
) -> pd.DataFrame:
    """Pull, map, check and merge one source, then what was tapped; return the summary of the source's rows."""
    place = common.home_of(home, source)
    with common.recorded(place, "ingest"):
        _, summary = ingest_into(place, source, common.path(data), options or {})
    return summary
