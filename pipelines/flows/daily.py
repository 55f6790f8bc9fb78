"""`daily`: from the lake and the champion to the published list of the day."""

from __future__ import annotations

from typing import Any

from prefect import flow, task

from features.errors import TaktError
from features.facts.definitions import Definitions
from pipelines.cluster import running
from pipelines.flows import common
from pipelines.flows.writing import write_back
from pipelines.home import Home
from pipelines.settings import PipelineSettings
from pipelines.steps import alerting_hold, listing, mailing, publishing, pulling, tapped
from serving.store.publish import PublishedRun


@task(name="score-and-choose", **common.ONCE)
def make(home: Home, day: str | None, definitions: Definitions, *, with_boards: bool = True) -> listing.Made:
    """Take in what was tapped before the day, score the cohort, choose the calls, write the receipts."""
    with common.after(home, common.LAKE):
        facts, note, as_of = tapped.known_on(home, day, definitions)
    return listing.make(
        facts.visible(as_of), as_of, home, definitions=definitions, data_version=note.data_version,
        with_boards=with_boards, builder=running.builder(home.lake, note.versions, as_of),
    )  # fmt: skip


@task(name="publish", **common.TRY_AGAIN)
def publish(made: listing.Made, home: Home) -> bool:
    """Publish in one transaction; safe to repeat."""
    return publishing.store(made.run, home, PipelineSettings())


@task(name="mail", **common.ONCE)
def mail(home: Home, run_id: str, definitions: Definitions) -> mailing.Outcome:
    """Send each salesperson's list; safe to repeat, and the list stays published whatever comes of it."""
    return mailing.after_publishing(home, run_id, definitions, PipelineSettings())


@task(name="may-a-list-be-made", **common.ONCE)
def hold(home: Home, day: str | None) -> alerting_hold.Held | None:
    """Ask the watch whether the data are fit for a list."""
    return alerting_hold.held(home, day)


def list_in(home: Home, day: str | None, *, with_boards: bool = True) -> tuple[listing.Made, bool]:
    """Run the two tasks, alone in this home; return the list and whether it is new."""
    with common.one_at_a_time(home, "daily"):
        made = make(home, day, pulling.words(home), with_boards=with_boards)
        new = publish(made, home)
    common.text_artifact("list-summary", in_short(made.run), f"List of {made.run.day} in short")
    shown = made.run.call_list[["rank", "owner_id", "prospect_id", "chance"]].head(50)
    common.table_artifact("call-list", shown, f"Call list of {made.run.day}: the first {len(shown)} calls")
    return made, new


def in_short(run: PublishedRun) -> str:
    """Return the counts of a list, why the others are not on it, and its versions, as Markdown."""
    summary = run.summary
    why = [f"- {count:,} left out: {reason}" for reason, count in summary["left_out_by_reason"].items()]
    lines = [
        f"- {summary['cohort']:,} open prospects, {summary['listed']:,} calls",
        *why,
        *(f"- {note}" for note in summary["notes"]),
        f"- run `{run.run_id}`, model `{run.model_version}` `{run.bundle_fingerprint}`, data `{run.data_version}`",
    ]
    return "\n".join(lines)


@flow(name="daily", task_runner=running.task_runner())
def daily(home: str | None = None, source: str | None = None, day: str | None = None) -> dict[str, Any]:
    """Publish the list of a day (YYYY-MM-DD, default the latest) and mail it; the same day twice changes nothing.

    Where the watch holds the list (docs/WATCHING.md), the one before stays and everybody is told why.
    """
    place = common.home_of(home, source)
    with common.recorded(place, "daily"), common.one_at_a_time(place, "daily"):
        return _day(place, day)


def _day(place: Home, day: str | None) -> dict[str, Any]:
    held = hold(place, day)
    if held is not None:
        mailing.no_list_made(place, held.words, pulling.words(place), PipelineSettings())
        common.text_artifact("held", held.words, "Why no new list was made")
        return {"run_id": held.run_id, "listed": 0, "new": False, "mailed": 0, "held": held.words}
    try:
        made, new = list_in(place, day)
    except TaktError as error:
        mailing.no_list_made(place, str(error), pulling.words(place), PipelineSettings())
        raise
    # neither hinders the other: what became of the CRM is told after the mail is out
    told = write_back(place, made.run.run_id, return_state=True)
    mailed = mail(place, made.run.run_id, pulling.words(place))
    written = told.result()
    return {
        "run_id": made.run.run_id, "listed": len(made.run.call_list), "new": new, "mailed": len(mailed.sent),
        "held": "", "written_back": "" if written is None else written.words,
    }  # fmt: skip
