"""Write the list that counts back into a CRM, show what would be written, or take everything out again.

Writing back is a convenience on top of a published list: whatever happens to it, the list stays published.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Final

from features.facts.contract import TABLES
from features.facts.withdrawn import part
from pipelines.home import Home, NotIngested
from pipelines.progress import stage
from pipelines.settings import PipelineSettings
from pipelines.sources.connected.errors import ConnectionFailed
from pipelines.steps import moments
from pipelines.steps.publishing import engine_of
from pipelines.writing.content import Content, content
from pipelines.writing.errors import FieldsMissing, WriteBackError, WriteBackFailed
from pipelines.writing.ledger import Ledger
from pipelines.writing.plan import Plan, difference, removing
from pipelines.writing.sending import Report, send
from pipelines.writing.target import Checked, Item, Target
from pipelines.writing.targets import open_target
from serving.store import queries
from serving.store.engine import reading
from serving.store.migrations import upgrade
from serving.store.tables import Run

OFF: Final = "off"
_REASONS_SHOWN: Final = 10


@dataclass(frozen=True)
class Said:
    """What the run that counts has to say."""

    run_id: str
    day: dt.date
    content: Content

    @property
    def items(self) -> list[Item]:
        """Return all rows, of prospects and of tasks."""
        return [*self.content.fields, *self.content.tasks]


def planned(home: Home, target: Target, settings: PipelineSettings) -> tuple[dt.date, Plan]:
    """Return the day of the list and the difference to what was last written; asks the CRM nothing."""
    said = _said(home, settings)
    with Ledger.reading(home.path, target.name) as ledger:
        return said.day, _plan(said, ledger, target)


def write_back(home: Home, target: Target, settings: PipelineSettings) -> tuple[dt.date, Plan, Report]:
    """Write what changed; a row that is rejected is in the report, and so is what stopped the rest.

    Raises
    ------
    FieldsMissing, WrongAccount, Stopped
        Before the first row: nothing was written.
    """
    said = _said(home, settings)
    plan, report = _write(said, home, target)
    return said.day, plan, report


def off(home: Home, target: Target) -> tuple[Plan, Report]:
    """Empty Takt's fields and delete its open tasks, wherever the ledger says that they stand.

    Rows of which nobody knows whether the CRM took them are taken out too. The fields themselves stay.
    """
    with Ledger.opened(home.path, target.name) as ledger:
        ledger.belongs_to(target.check().account)
        plan = Plan(removing([*ledger.standing().values(), *ledger.begun().values()]))
        return plan, send(plan, target, ledger, run_id=OFF, now=moments.now)


def after_publishing(home: Home, run_id: str, settings: PipelineSettings) -> Report | None:
    """Write back a run that was just published, where `TAKT_WRITE_BACK` names a CRM; None where nothing was tried.

    Raises
    ------
    WriteBackFailed
        Some rows were not written. The list stays published.
    """
    if not settings.write_back:
        return None
    with stage(f"writing back to {settings.write_back}") as told, closing(open_target(settings.write_back)) as target:
        latest = _latest(home, settings)
        if latest.run_id != run_id:
            told.found = f"nothing written: the latest list is that of {latest.day}, and it is another one"
            return None
        try:
            _, report = _write(said := _said(home, settings), home, target)
        except (ConnectionFailed, WriteBackError) as error:
            raise WriteBackFailed(
                f"The list of {latest.day} is published; nothing was written back: {error}"
            ) from error
        told.found = report.words
    complete(report, target.name, f"The list of {said.day} is published")
    return report


def complete(report: Report, target: str, standing: str) -> None:
    """Raise what was not written, with the vendor's words, the most frequent first."""
    if report.complete:
        return
    lines = [f"{standing}; not all of it was written back to {target} ({report.words}):"]
    reasons = Counter(words for _, words in report.rejected)
    first = {words: item for item, words in reversed(report.rejected)}
    for words, n in reasons.most_common(_REASONS_SHOWN):
        lines.append(f"  {n} × {words} (for example {first[words].prospect_id})")
    lines += [f"  and {len(reasons) - _REASONS_SHOWN} other reasons"] if len(reasons) > _REASONS_SHOWN else []
    raise WriteBackFailed("\n".join([*lines, *([f"  {report.stopped}"] if report.stopped else [])]))


def _write(said: Said, home: Home, target: Target) -> tuple[Plan, Report]:
    with Ledger.opened(home.path, target.name) as ledger:
        _ready(target.check(), target, ledger)
        plan = _plan(said, ledger, target)
        return plan, send(plan, target, ledger, run_id=said.run_id, now=moments.now)


def _latest(home: Home, settings: PipelineSettings) -> Run:
    engine = engine_of(home, settings)
    try:
        upgrade(engine)
        with reading(engine) as store:
            return queries.find_run(store)
    finally:
        engine.dispose()


def _said(home: Home, settings: PipelineSettings) -> Said:
    engine = engine_of(home, settings)
    try:
        upgrade(engine)
        with reading(engine) as store:
            run = queries.find_run(store)
            if run.simulated:
                raise WriteBackError(
                    f"the list of {run.day} is of {run.company}, a simulated company: nothing of it goes into a CRM."
                )
            return Said(run.run_id, run.day, content(store, run, url=settings.url, gone=_withdrawn(home)))
    finally:
        engine.dispose()


def _withdrawn(home: Home) -> set[str]:
    """Return the prospects that the CRM deleted or merged, as the last ingest knows; also since the list was made."""
    try:
        versions = home.ingested().versions
    except NotIngested:
        return set()
    if not {"withdrawals", "prospects"} <= versions.keys() & TABLES.keys():
        return set()
    read = {name: home.lake.read(name, versions[name]) for name in ("withdrawals", "prospects")}
    read["withdrawals"] = read["withdrawals"][read["withdrawals"]["table"].eq("prospects")]
    standing, gone = part(read)
    return set(gone["prospects"]["prospect_id"]) - set(standing["prospects"]["prospect_id"]) if gone else set()


def _ready(checked: Checked, target: Target, ledger: Ledger) -> None:
    ledger.belongs_to(checked.account)
    if checked.missing:
        raise FieldsMissing(
            f"{target.name} lacks {len(checked.missing)} of Takt's own fields, and no others are written into: "
            f"{', '.join(checked.missing)}. `takt write-back --to {target.name} --prepare` creates them; nothing was "
            "written."
        )


def _plan(said: Said, ledger: Ledger, target: Target) -> Plan:
    plan = difference(said.items, ledger.standing(), target)
    return replace(plan, without_owner=said.content.without_owner)
