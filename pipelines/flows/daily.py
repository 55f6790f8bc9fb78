"""`daily`: from the lake and the champion to the published list of the day."""

from __future__ import annotations

from typing import Any

from prefect import flow, task

from features.facts.definitions import Definitions
from pipelines.flows import common
from pipelines.home import Home
from pipelines.settings import PipelineSettings
from pipelines.steps import listing, publishing, pulling, tapped


@task(name="score-and-choose", **common.ONCE)
def make(home: Home, day: str | None, definitions: Definitions) -> listing.Made:
    """Take in what was tapped before the day, score the cohort, choose the calls, write the receipts."""
    facts, note, as_of = tapped.known_on(home, day, definitions)
    return listing.make(facts.visible(as_of), as_of, home, definitions=definitions, data_version=note.data_version)


@task(name="publish", **common.TRY_AGAIN)
def publish(made: listing.Made, home: Home) -> bool:
    """Publish in one transaction; safe to repeat."""
    return publishing.store(made.run, home, PipelineSettings())


def list_in(home: Home, day: str | None) -> tuple[listing.Made, bool]:
    """Run the two tasks; return the list and whether it is new."""
    made = make(home, day, pulling.words(home))
    new = publish(made, home)
    shown = made.run.call_list[["rank", "owner_id", "prospect_id", "chance"]].head(50)
    common.table_artifact("call-list", shown, f"Call list of {made.run.day}: the first {len(shown)} calls")
    return made, new


@flow(name="daily")
def daily(home: str | None = None, source: str | None = None, day: str | None = None) -> dict[str, Any]:
    """Publish the list of a day (YYYY-MM-DD, default the latest); the same day twice changes nothing."""
    made, new = list_in(common.home_of(home, source), day)
    return {"run_id": made.run.run_id, "listed": len(made.run.call_list), "new": new}
