"""A source tried before anything depends on it: pulled or read, mapped, looked at, and forgotten."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from features.errors import QuarantineExceeded
from features.facts.contract import TABLES, Checked
from pipelines.progress import stage
from pipelines.sources.connected.landed import said
from pipelines.sources.connected.landing import SAMPLE
from pipelines.sources.folders import SourceFolder, open_guesses
from pipelines.sources.mapped import Mapped, reasons
from pipelines.sources.mapping import map_source
from pipelines.steps.pulling import NoData

EXAMPLES: Final = 3


@dataclass(frozen=True)
class SetAside:
    """Why rows of a table would be set aside: how many, and some with their row number and what was got."""

    table: str
    reason: str
    rows: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Tried:
    """What came of it.

    Attributes
    ----------
    summary : DataFrame
        `table`, `rows`, `good`, `set_aside`, `left_out`, a row for each table of the contract.
    aside : tuple of SetAside
    empty : mapping of table to columns
        Columns of the contract without a value in any good row.
    guesses : list of str
        Guesses of the mapping that nobody has confirmed.
    refused : str
        Why a run would stop; empty where it would go on.
    sampled : bool
        Whether only a part of each raw table was read.
    """

    summary: pd.DataFrame
    aside: tuple[SetAside, ...]
    empty: dict[str, tuple[str, ...]]
    guesses: list[str]
    refused: str
    sampled: bool = False

    @property
    def works(self) -> bool:
        """Whether a run would take this source as it is."""
        return not self.refused and not self.guesses


def try_source(source: SourceFolder, data: Path | None, *, rows: int = 500) -> Tried:
    """Answer whether a source can be reached and mapped; nothing is kept of what it delivers.

    Parameters
    ----------
    rows : int
        Of a connected source so many rows of each raw table are read, about; 0: all of them. What rows of a sample
        point at may not be in it, and is not judged.

    Raises
    ------
    TaktError
        It cannot be reached, read or mapped at all; the text says why.
    """
    with _raw(source, data, rows) as raw:
        with stage(f"mapping {source.name} to the contract") as told:
            mapped = map_source(source, raw, sampled=data is None and rows > 0)
            told.found = f"{sum(len(c.good) for c in mapped.checked.values()):,} rows good"
        return Tried(
            summary=_summary(mapped),
            aside=tuple(one for name, checked in mapped.checked.items() for one in _aside(name, checked)),
            empty={name: columns for name, c in mapped.checked.items() if (columns := _empty(name, c))},
            guesses=open_guesses(source),
            refused=_refused(mapped),
            sampled=data is None and rows > 0,
        )


@contextmanager
def _raw(source: SourceFolder, data: Path | None, rows: int) -> Iterator[Path]:
    """Yield the folder of raw files: the one given, or one that the source fills and that is gone afterwards."""
    if data is not None:
        if not data.is_dir():
            raise NoData(f"{data}: no such folder; expected the folder that holds the raw files (--data).")
        yield data
        return
    if not source.pulls:
        raise NoData(f"the source {source.name} reads files; say where they are: --data DIR.")
    with tempfile.TemporaryDirectory(prefix="takt-check-") as scratch:
        raw = Path(scratch) / "raw"
        token = SAMPLE.set(rows or None)
        try:
            with stage(f"pulling {source.name} into a temporary folder") as told:
                source.pull(raw)
                told.found = said(raw)
        finally:
            SAMPLE.reset(token)
        yield raw


def _summary(mapped: Mapped) -> pd.DataFrame:
    table = mapped.summary().rename(columns={"quarantined": "set_aside"})
    return table[["table", "rows", "good", "set_aside", "left_out"]]


def _aside(name: str, checked: Checked) -> Iterator[SetAside]:
    for reason, count in reasons(checked).items():
        rows = checked.quarantined[checked.quarantined["reason"] == reason].head(EXAMPLES)
        shown = tuple(f"row {row} got {got}" for row, got in zip(rows["row"], rows["got"], strict=True))
        yield SetAside(name, reason, count, shown)


def _empty(name: str, checked: Checked) -> tuple[str, ...]:
    good = checked.good
    return () if good.empty else tuple(c for c in TABLES[name].columns if c in good and good[c].isna().all())


def _refused(mapped: Mapped) -> str:
    try:
        mapped.raise_if_exceeded()
    except QuarantineExceeded as error:
        return str(error)
    return ""
