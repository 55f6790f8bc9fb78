"""From a source to the lake: pull, map, check, merge; and a note once everything is in."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from features.errors import TaktError
from features.facts import evidence
from features.facts.definitions import Definitions, load
from features.facts.ledger import Facts
from pipelines.home import Home, Ingested
from pipelines.progress import stage
from pipelines.sources.connected import landed
from pipelines.sources.folders import SourceFolder, built_in, find, refuse_guesses
from pipelines.sources.growing import Parts
from pipelines.sources.mapped import Mapped
from pipelines.sources.mapping import map_source
from pipelines.trust import erased_people


class NoData(TaktError):
    """A source needs a folder of files and none was named."""


class AnotherSystem(TaktError):
    """The facts of two systems were to be brought into one home."""


def check_place(source: SourceFolder, data: Path | None) -> None:
    """Refuse a mapping with open guesses, and a folder of raw files that is not there or not named."""
    refuse_guesses(source)
    if data is None and not source.pulls:
        raise NoData(f"the source {source.name} reads files; say where they are: --data DIR.")
    if data is not None and not data.is_dir():
        raise NoData(f"{data}: no such folder; expected the folder that holds the raw files (--data).")


def pull(source: SourceFolder, data: Path | None, home: Home, **options: object) -> Path:
    """Return the folder of raw files: the one named, or the one that the source fills itself.

    Raises
    ------
    NoData
        The source does not pull and no folder was named, or the folder is not there.
    """
    check_place(source, data)
    _refuse_another_system(source, home)
    if data is not None:
        return data
    with stage(f"pulling {source.name}") as told:
        source.pull(home.raw, **options)
        told.found = landed.said(home.raw)
    return home.raw


def _refuse_another_system(source: SourceFolder, home: Home) -> None:
    """Refuse to mix two systems in one home: ids and words are not the same, and people would stand in it twice."""
    try:
        before = find(home.ingested().source).name
    except TaktError:
        return
    if source.name != before and {source.name, before} <= set(built_in()):
        raise AnotherSystem(
            f"{home.path} holds the facts of {before}; {source.name} has other ids and other words. Name another "
            "--home, or make one source folder that maps both (a copy of pipelines/sources/files): contacts with the "
            "same e-mail address and name are then one person."
        )


def map_and_check(source: SourceFolder, data: Path, home: Home | None = None) -> Mapped:
    """Map raw files to the contract and stop if too many rows are bad; nothing has been written by then.

    With a home the parsed parts of a folder that grows are kept in it, and only new and changed ones are parsed.
    """
    parts = Parts(None if home is None else home.raw / "parts")
    with stage(f"mapping {source.name} to the contract") as told:
        mapped = map_source(source, data, parts=parts)
        summary = mapped.summary()
        told.found = f"{summary['good'].sum():,} rows good, {summary['quarantined'].sum():,} set aside"
        told.found += f" ({parts.said})" if parts.said else ""
        told.rows = int(summary[["good", "quarantined"]].to_numpy().sum())
    mapped.raise_if_exceeded()
    return mapped


def write(mapped: Mapped, data: Path, home: Home, *, source: str, run_id: str) -> Ingested:
    """Merge the good rows and append the quarantined ones, table by table; the note comes last.

    A kill between two tables leaves earlier versions whole and the note unchanged; the same ingest again completes.
    """
    home.path.mkdir(parents=True, exist_ok=True)
    lake = home.lake
    with stage("merging into the lake") as told:
        good, erased = erased_people.kept_out(home, {name: c.good for name, c in mapped.checked.items()})
        added = {name: lake.merge(name, rows) for name, rows in good.items()}
        for name, checked in mapped.checked.items():
            if len(checked.quarantined):
                lake.quarantine(checked.quarantined, source=source, table=name, run_id=run_id)
        versions = lake.versions()
        note = Ingested(source, str(data), versions, lake.data_version(versions))
        home.note_ingested(note)
        told.found = f"{sum(added.values()):,} new rows, data version {note.data_version}"
        told.found += f"; {erased:,} rows of erased people kept out" if erased else ""
        told.rows = sum(added.values())
    return note


def known(home: Home, as_of: pd.Timestamp | None = None) -> tuple[Facts, Ingested]:
    """Return the facts of the last complete ingest, those visible at `as_of` if it is given."""
    note = home.ingested()
    with stage("reading the lake") as told:
        facts = home.lake.facts(note.versions)
        facts = facts if as_of is None else facts.visible(as_of)
        told.found = f"{len(facts.prospects):,} prospects, {len(facts.touches):,} touches"
        told.rows = sum(map(len, facts.tables().values()))
    return facts, note


def words(home: Home, source: str | None = None) -> Definitions:
    """Return the operational definitions in force: those of the source that was ingested."""
    return load(find(source or home.ingested().source).definitions)


def who_is_what(definitions: Definitions, facts: Facts) -> pd.DataFrame:
    """Count the prospects that each defined term holds for, by running its evidence."""
    with stage("running the operational definitions"):
        return evidence.counts(definitions, facts)
