"""The contract applied: whether a row is usable and, if it is not, the reason.

Times are UTC with microseconds. Every fact has `occurred_at` (when it happened) and `recorded_at` (when the
company knew); a fact is visible at `as_of` if and only if `recorded_at < as_of`.

A table that lacks a column or has a time without a zone is refused whole (`ContractError`). A row that breaks
a rule is set aside with its reason (`Checked.quarantined`). Nothing is dropped, filled or coerced in silence;
the few changes of type are listed in `features.facts.shape`, the rules of rows in `features.facts.rules`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import pandas as pd

from features.errors import ContractError
from features.facts.rules import broken
from features.facts.shape import shape
from features.facts.tables import (
    ANSWERED,
    CHANNELS,
    CLOCK_SKEW,
    DIRECTIONS,
    INTERNAL,
    KINDS,
    LARGEST_VALUE,
    POSITIVE,
    RESPONSES,
    RESULTS,
    SENIORITIES,
    TABLES,
    TIME_TYPE,
    WITHDRAWALS,
    Column,
    Table,
    Type,
    empty,
)

__all__ = [
    "ANSWERED",
    "CHANNELS",
    "CLOCK_SKEW",
    "DIRECTIONS",
    "KINDS",
    "INTERNAL",
    "LARGEST_VALUE",
    "POSITIVE",
    "RESPONSES",
    "RESULTS",
    "SENIORITIES",
    "TABLES",
    "TIME_TYPE",
    "WITHDRAWALS",
    "Checked",
    "Column",
    "Table",
    "Type",
    "check",
    "empty",
    "set_aside",
]

_NOTES: Final = ("row", "reason", "got")


@dataclass(frozen=True)
class Checked:
    """A table after the contract was applied.

    Attributes
    ----------
    good : DataFrame
        Rows that hold, columns in the contract's order, attributes behind them; the index is the row number
        (0-based) in the input.
    quarantined : DataFrame
        Rows that do not, with the extra columns `row` (0-based in the input), `reason` and `got`. A column of
        the table that has one of these names (the reason of an outcome) is found under `<name>_given`.
    """

    good: pd.DataFrame
    quarantined: pd.DataFrame

    @property
    def share(self) -> float:
        """Share of the input rows that were set aside, 0 for an empty input."""
        rows = len(self.good) + len(self.quarantined)
        return len(self.quarantined) / rows if rows else 0.0


def check(name: str, frame: pd.DataFrame, *, origin: str = "", kinds: Iterable[str] = ()) -> Checked:
    """Apply the contract of one table: refuse the table, or split its rows into good and quarantined.

    Applied to its own good rows it changes nothing. Of several broken rules of a row the first is named.

    Parameters
    ----------
    name : str
        One of `TABLES`.
    frame : DataFrame, shape (n_rows, n_columns)
        As the source mapped it. Optional columns may be absent and are then missing everywhere.
    origin : str
        Where the table came from (a file), for messages.
    kinds : iterable of str
        Kinds of touches that definitions.yaml adds to the standard ones.

    Raises
    ------
    ContractError
        The table is unknown, a required column is absent or a column stands twice, a time has no time zone,
        a type is wrong, an attribute is not named in lower case.
    """
    if name not in TABLES:
        raise ContractError(f"unknown table {name!r}; the contract has {list(TABLES)}.")
    table, where = TABLES[name], f" ({origin})" if origin else ""
    shaped = shape(table, frame, where)
    return _split(shaped, broken(table, shaped, tuple(kinds)))


def set_aside(checked: Checked, bad: pd.Series[bool], reason: str, column: str) -> Checked:
    """Move further good rows to quarantine: `bad` is aligned with `checked.good`."""
    if not bad.any():
        return checked
    moved = checked.good[bad]
    moved = _noted(moved, row=moved.index, reason=reason, got=moved[column].astype("str"))
    frames = [f for f in (checked.quarantined, moved) if len(f)]
    return Checked(checked.good[~bad], pd.concat(frames))


def _split(frame: pd.DataFrame, reasons: pd.DataFrame) -> Checked:
    rows = reasons["row"].to_numpy()
    bad = _noted(frame.loc[rows], row=rows, reason=reasons["reason"].array, got=reasons["got"].array)
    return Checked(frame.drop(index=rows), bad)


def _noted(rows: pd.DataFrame, **notes: object) -> pd.DataFrame:
    """Write the notes beside the rows, keeping a column of the table that has the name of a note."""
    return rows.rename(columns={note: f"{note}_given" for note in _NOTES}).assign(**notes)
