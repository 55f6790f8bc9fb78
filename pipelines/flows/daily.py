"""`daily`: from the lake and the champion to the published list of the day."""

from __future__ import annotations

from typing import Any

from prefect import flow, task

from features.errors import TaktError
from features.facts.definitions import Definitions
from pipelines.flows import common
from pipelines.home import Home
from pipelines.settings import PipelineSettings
from pipelines.steps import listing, mailing, publishing, pulling, tapped


@task(name="score-and-choose", **common.ONCE)
def make(home: Home, day: str | None, definitions: Definitions, *, with_boards: bool = True) -> listing.Made:
    """Take in what was tapped before the day, score the cohort, choose the calls, write the receipts."""
    facts, note, as_of = tapped.known_on(home, day, definitions)
    return listing.make(
        facts.visible(as_of), as_of, home, definitions=definitions, data_version=note.data_version,
        with_boards=with_boards,
    )  # fmt: skip


@task(name="publish", **common.TRY_AGAIN)
def publish(made: listing.Made, home: Home) -> bool:
    """Publish in one transaction; safe to repeat."""
    return publishing.store(made.run, home, PipelineSettings())


@task(name="mail", **common.ONCE)
def mail(home: Home, run_id: str, definitions: Definitions) -> mailing.Outcome:
    """Send each salesperson's list; safe to repeat, and the list stays published whatever comes of it."""
    return mailing.after_publishing(home, run_id, definitions, PipelineSettings())


def list_in(home: Home, day: str | None, *, with_boards: bool = True) -> tuple[listing.Made, bool]:
    """Run the two tasks; return the list and whether it is new."""
    made = make(home, day, pulling.words(home), with_boards=with_boards)
    new = publish(made, home)
    shown = made.run.call_list[["rank", "owner_id", "prospect_id", "chance"]].head(50)
    common.table_artifact("call-list", shown, f"Call list of {made.run.day}: the first {len(shown)} calls")
    return made, new


@flow(name="daily")
def daily(home: str | None = None, source: str | None = None, day: str | None = None) -> dict[str, Any]:
    """Publish the list of a day (YYYY-MM-DD, default the latest) and mail it; the same day twice changes nothing."""
    place = common.home_of(home, source)
    try:
        made, new = list_in(place, day)
    except TaktError as error:
        mailing.no_list_made(place, str(error), pulling.words(place), PipelineSettings())
        raise
    mailed = mail(place, made.run.run_id, pulling.words(place))
    return {
        "run_id": made.run.run_id, "listed": len(made.run.call_list), "new": new, "mailed": len(mailed.sent)
    }  # fmt: skip
