"""Decide which raw table is which contract table, by the names of its columns and by what they hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from features.facts.contract import TABLES as CONTRACT
from pipelines.sources.errors import SourceError
from pipelines.sources.guessed import names
from pipelines.sources.guessed.closing import Ending, ending, late
from pipelines.sources.guessed.names import speaks_of
from pipelines.sources.guessed.profile import ColumnLook, Sample, TableLook
from pipelines.sources.guessed.words_to_sql import (
    Guess,
    Habits,
    about_time,
    is_number,
    is_plain,
    is_time,
    pick,
    text,
    time,
)
from pipelines.sources.reading import quoted

_LIKELY: Final = 4
_REFERS: Final = 0.5
"""A column refers to another table's key if this share of its different values is there."""
OWN_TIME: Final = (
    "no time of modification was found: it is assumed that the company knew at that very moment. What was entered "
    "later then counts as known too early, and the figures look better than they are"
)


@dataclass
class TableGuess:
    """What fills one contract table.

    Attributes
    ----------
    needed : list of str
        What could not be guessed, in words, one contract column each.
    keep : str
        A condition for the rows that are taken; "" for all.
    left : list of (str, str, str)
        Conditions for rows that are not taken, each with its reason for left_out.sql and in more words.
    group : str
        What the rows are grouped by; "" for one row of the table each.
    """

    table: str
    raw: TableLook
    why: str
    columns: list[Guess] = field(default_factory=list)
    needed: list[str] = field(default_factory=list)
    keep: str = ""
    why_keep: str = ""
    left: list[tuple[str, str, str]] = field(default_factory=list)
    group: str = ""

    def add(self, column: str, sql: str, why: str) -> None:
        """Take a guess for a column."""
        self.columns.append(Guess(column, sql, why))

    def leave(self, sample: Sample, condition: str, reason: str, *, because: str) -> None:
        """Leave out the rows that a condition holds for, if there are any, and count them in left_out.sql."""
        count = int(sample.number(f"select count(*) from {quoted(self.raw.name)} where {self.taken} and ({condition})"))
        if count:
            self.left.append((condition, reason, f"{count:,} rows are left out: {because}"))

    @property
    def taken(self) -> str:
        """The condition for the rows that are taken; `true` for all."""
        conditions = [*([self.keep] if self.keep else []), *(f"({c}) is not true" for c, _, _ in self.left)]
        return " and ".join(conditions) or "true"

    @property
    def lacking(self) -> list[str]:
        """The contract's required columns that no guess fills."""
        return [
            c for c, spec in CONTRACT[self.table].columns.items()
            if not spec.nullable and c not in {g.column for g in self.columns}
        ]  # fmt: skip


@dataclass
class Basis:
    """What every other table is guessed from: the sample, its habits, and where the prospects stand."""

    sample: Sample
    habits: Habits
    raw: TableLook
    key: ColumnLook
    created: ColumnLook | None
    ending: Ending | None
    late: dict[str, str]

    def refers(self, table: TableLook, column: ColumnLook) -> bool:
        """Whether the column holds ids of prospects."""
        return self.sample.contained((table.name, column.name), (self.raw.name, self.key.name)) >= _REFERS


def habits_of(sample: Sample) -> tuple[Habits, str]:
    """Guess the zone and the decimal sign from the language of the sample, and say why."""
    columns = [c for t in sample.tables for c in t.columns]
    dotted = any(form.startswith("%d.") for c in columns for form in c.times)
    commas = any(c.number == "comma" for c in columns)
    spoken = [c.name for c in columns if speaks_of(names.GERMAN, c.name)]
    if dotted or commas or len(spoken) >= 2:  # noqa: PLR2004 - one word alone may be a name
        return Habits("Europe/Berlin", comma=True), "the sample is written as in German"
    return Habits("UTC", comma=False), "nothing in the sample says where the company is"


def basis(sample: Sample, data: Path) -> Basis:
    """Find the table of the prospects.

    Raises
    ------
    SourceError
        No table looks like prospects; the message lists what was seen.
    """
    habits, _ = habits_of(sample)
    ranked = sorted(sample.tables, key=lambda t: (-_as_prospects(t), -t.rows, t.name))
    best = ranked[0]
    key = _prospect_key(best)
    if key is None or _as_prospects(best) < _LIKELY:
        seen = "; ".join(f"{t.name} ({t.where}, {t.rows:,} rows: {', '.join(c.name for c in t.columns)})"
                         for t in sample.tables)  # fmt: skip
        raise SourceError(
            f"{data}: no table looks like prospects. Expected one with a row per deal, opportunity or lead, with an id "
            f"of its own (a column such as `Deal ID`, unique and always filled). Seen: {seen}. Rename the column in "
            "the sample, or copy the folder pipelines/sources/files and write the mapping by hand."
        )
    end = ending(best, habits)
    found = late(sample, best, end.closed if end else _closed_elsewhere(sample, best, key, habits))
    created = _created(best, end)
    found = {**_of_the_end(sample, best, key, end), **found}
    own = {key.name, created.name if created else ""}
    return Basis(sample, habits, best, key, created, end, {c: why for c, why in found.items() if c not in own})


def _created(table: TableLook, end: Ending | None) -> ColumnLook | None:
    return pick(table, "created_at", is_time, end.columns if end else ())


def _of_the_end(sample: Sample, table: TableLook, key: ColumnLook, end: Ending | None) -> dict[str, str]:
    """Name what says how it ended: its columns and the amount, or every column of another table that says so."""
    if end is not None:
        amount = amount_of(table, end)
        return dict.fromkeys([*end.columns, *([amount.name] if amount else [])], "it says how the prospect ended")
    other = ending_table(sample, table, key, habits_of(sample)[0])
    if other is None:
        return {}
    raw, column, _ = other
    return {
        c.name: f"it stands in {quoted(raw.name)}, for prospects that ended" for c in raw.columns if c is not column
    }


def _closed_elsewhere(sample: Sample, table: TableLook, key: ColumnLook, habits: Habits) -> str:
    found = ending_table(sample, table, key, habits)
    if found is None:
        return ""
    other, column, end = found
    return f"{text(key)} in (select {text(column)} from {quoted(other.name)} where {end.closed})"


def ending_table(
    sample: Sample, table: TableLook, key: ColumnLook, habits: Habits
) -> tuple[TableLook, ColumnLook, Ending] | None:
    """Find another table that says how prospects ended, and its column of their ids."""
    for other in sample.tables:
        column = reference(sample, other, (table, key)) if other is not table else None
        if column is None or not column.unique:
            continue
        end = ending(other, habits)
        if end is not None and end.when:
            return other, column, end
    return None


def reference(sample: Sample, other: TableLook, to: tuple[TableLook, ColumnLook]) -> ColumnLook | None:
    """Find the column of a table that holds ids of the prospects: by its name, and by what it holds."""
    table, key = to
    named = [c for c in other.columns if c.name.lower() == key.name.lower()]
    strong = [c for p in names.COLUMNS["prospect_id"][:-1] for c in other.columns if speaks_of(p, c.name)]
    for column in [*named, *strong]:
        if is_plain(column) and sample.contained((other.name, column.name), (table.name, key.name)) >= _REFERS:
            return column
    return None


def _prospect_key(table: TableLook) -> ColumnLook | None:
    return pick(table, "prospect_id", lambda c: c.unique and not c.times and not c.email)


def _as_prospects(table: TableLook) -> int:
    """Score how much a table looks like prospects: the key's name, the table's name, and what else it has."""
    key = _prospect_key(table)
    if key is None:
        return 0
    strong = any(speaks_of(p, key.name) for p in names.COLUMNS["prospect_id"][:-1])
    named = speaks_of(names.TABLES["prospects"], table.name)
    others = any(speaks_of(names.TABLES[t], table.name) for t in ("accounts", "contacts", "touches", "outcomes"))
    has = [pick(table, role, is_plain) for role in ("status", "owner_id", "amount")]
    return 4 * strong + 3 * named - 3 * others + 2 * bool(_created(table, None)) + sum(c is not None for c in has)


def amount_of(table: TableLook, end: Ending) -> ColumnLook | None:
    """Find the column of what a win is worth; a yearly turnover of the customer is none."""
    return pick(table, "amount", lambda c: is_number(c) and not speaks_of(names.TURNOVER, c.name), end.columns)


def leave_strangers(base: Basis, made: TableGuess, link: ColumnLook) -> None:
    """Leave out rows of prospects that the sample does not have, or that have no time of creation."""
    there = "" if base.created is None else f" where {quoted(base.created.name)} is not null"
    known = f"select {text(base.key)} from {quoted(base.raw.name)}{there}"
    made.leave(
        base.sample, f"{text(link)} is null or {text(link)} not in ({known})", "of no prospect that is taken",
        because=f"{quoted(link.name)} names none of the prospects that are taken",
    )  # fmt: skip


def recorded(made: TableGuess, own: tuple[str, str], modified: ColumnLook | None, habits: Habits) -> None:
    """Add recorded_at: the time of modification, or the event's own time with a warning."""
    if modified is None:
        made.add("recorded_at", own[0], f"recorded_at is {own[1]}: {OWN_TIME}")
    else:
        made.add("recorded_at", time(modified, habits), f"recorded_at is {about_time(modified, habits)}")
