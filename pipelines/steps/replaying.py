"""A published receipt made again: find the facts, the words and the bundle it was made of, and compare bit for bit."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import func, select

from features.catalog import catalog
from features.errors import TaktError
from features.facts.definitions import parse
from features.facts.ledger import Facts
from models.bundle import Bundle, BundleError
from models.decision.fact_counts import FactCounts
from models.decision.receipt import Versions
from models.decision.replay import COMPARED, Replayed, compare, reissue
from pipelines.home import Home
from pipelines.lake import LakeError
from pipelines.progress import stage
from pipelines.settings import PipelineSettings
from pipelines.steps.listing import EXPLAIN_ALL_UP_TO
from pipelines.steps.promoting import registry
from pipelines.steps.publishing import engine_of
from pipelines.trust.erased_people import everybody
from serving.store import queries
from serving.store.engine import reading
from serving.store.migrations import upgrade
from serving.store.tables import Receipt, Run

__all__ = ["CannotReplay", "Replayed", "replay"]


class CannotReplay(TaktError):
    """What a receipt was made of is no longer there, or is not what it was; the text says what."""


@dataclass(frozen=True)
class _Published:
    """A receipt as it was published, with its run; `explained` says whether it was written with reasons."""

    fields: dict[str, Any]
    run: Run
    explained: bool


def replay(home: Home, receipt_id: str, settings: PipelineSettings) -> Replayed:
    """Make a published receipt again from what it was made of, and compare.

    Raises
    ------
    Unknown
        No published run has such a receipt.
    CannotReplay
        The lake no longer holds these facts.
    RegistryError
        The registry no longer holds the bundle.
    DecisionError
        This version of Takt computes other features.
    """
    published = _find(receipt_id, home, settings)
    run = published.run
    with stage("reading the lake as it was") as told:
        facts = _facts(home, run)
        told.found = f"data version {run.data_version}"
    with stage("finding the bundle") as told:
        bundle, counts = _bundle(home, run.bundle_fingerprint, settings)
        told.found = f"{bundle.fingerprint}, trained as of {bundle.trained_as_of.date()}"
    receipt = reissue(
        facts, (published.fields["prospect_id"], pd.Timestamp(run.as_of).as_unit("us")), bundle=bundle, counts=counts,
        catalog=catalog(parse(run.definitions, origin=f"definitions of run {run.run_id}")),
        versions=Versions.of(bundle, model=run.model_version, data=run.data_version), explained=published.explained,
    )  # fmt: skip
    return compare(published.fields, receipt)


def _find(receipt_id: str, home: Home, settings: PipelineSettings) -> _Published:
    engine = engine_of(home, settings)
    try:
        upgrade(engine)
        with reading(engine) as store:
            run, receipt, listed = queries.receipt(store, receipt_id)
            issued = store.scalar(select(func.count()).select_from(Receipt).where(Receipt.run == run.number)) or 0
            fields = {name: getattr(receipt, name) for name in COMPARED}
            store.expunge_all()
    finally:
        engine.dispose()
    return _Published(fields, run, listed or issued <= EXPLAIN_ALL_UP_TO)


def _facts(home: Home, run: Run) -> Facts:
    """Return the facts of the lake at the versions that the run read, after making sure that they still are those."""
    kept = [note for note in home.ingests() if note.data_version == run.data_version]
    if not kept:
        raise CannotReplay(
            f"no ingest led to the data version {run.data_version} of the run of {run.day}: {home.path}/ingests.jsonl "
            "does not name it. Name the home in which the list was made, or restore that file from a copy."
        )
    versions = kept[-1].versions
    try:
        held = home.lake.data_version(versions)
        if held == run.data_version:
            return home.lake.facts(versions)
    except LakeError as error:
        raise CannotReplay(
            f"the lake no longer has what the run of {run.day} was made from. {error} "
            "Old versions go when another engine vacuums a table; restore the lake from a copy."
            f"{_erasures(home)}"
        ) from error
    raise CannotReplay(
        f"the lake {home.lake.root} at versions {dict(versions)} holds the facts {held}, and the run of {run.day} was "
        f"made from {run.data_version}: the lake was written anew. Restore it from a copy.{_erasures(home)}"
    )


def _erasures(home: Home) -> str:
    """Name the erasures after which no earlier receipt can be made again; they are meant, and not to be undone."""
    lines = everybody(home)
    if not lines:
        return ""
    return f" {len(lines)} erasure(s) of people wrote the lake anew, the last one at {lines[-1]['at']}; see erasures/."


def _bundle(home: Home, fingerprint: str, settings: PipelineSettings) -> tuple[Bundle, FactCounts]:
    """Return the bundle with its counts: the champion if it is the one, else the registry's."""
    try:
        if Bundle.load(home.champion).fingerprint == fingerprint:
            return _read(home.champion)
    except BundleError:
        # no champion, or a damaged one, is no obstacle: the registry keeps every bundle that was trained
        pass
    book = registry(home, settings)
    with tempfile.TemporaryDirectory() as scratch:
        return _read(book.fetch(book.made(fingerprint), Path(scratch) / "bundle"))


def _read(folder: Path) -> tuple[Bundle, FactCounts]:
    return Bundle.load(folder), FactCounts.from_json((folder / "facts.json").read_text(encoding="utf-8"))
