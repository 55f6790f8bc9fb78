"""Look at raw tables: how full each column is, whether it tells rows apart, and what its values look like."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from pipelines.sources.database import connect
from pipelines.sources.errors import SourceError
from pipelines.sources.guessed import raw_tables
from pipelines.sources.reading import RawTable, load_table, quoted, raw_files

LOOKED_AT: Final = 5000
"""Distinct values of a column whose form is looked at, drawn by their hash."""
SMALL_SET: Final = 60
"""A column with no more distinct values is a set of words."""
NEARLY_ALL: Final = 0.95

_DAY: Final = {
    r"\d{4}-\d\d-\d\d": "%Y-%m-%d",
    r"\d{1,2}\.\d{1,2}\.\d{4}": "%d.%m.%Y",
    r"\d{1,2}\.\d{1,2}\.\d{2}": "%d.%m.%y",
    r"\d{4}/\d{1,2}/\d{1,2}": "%Y/%m/%d",
    r"\d{1,2}/\d{1,2}/\d{4}": "%d/%m/%Y",
}
_CLOCK: Final = {
    r"": "",
    r" \d{1,2}:\d\d": " %H:%M",
    r" \d{1,2}:\d\d:\d\d": " %H:%M:%S",
    r" \d{1,2}:\d\d:\d\d\.\d{1,6}": " %H:%M:%S.%f",
    r"T\d\d:\d\d": "T%H:%M",
    r"T\d\d:\d\d:\d\d": "T%H:%M:%S",
    r"T\d\d:\d\d:\d\d\.\d{1,6}": "T%H:%M:%S.%f",
    r", \d{1,2}:\d\d": ", %H:%M",
    r" \d{1,2}:\d\d [AaPp][Mm]": " %I:%M %p",
    r" \d{1,2}:\d\d:\d\d [AaPp][Mm]": " %I:%M:%S %p",
}
_FORMS: Final = {re.compile(d + c): f + g for d, f in _DAY.items() for c, g in _CLOCK.items()}
_ZONED: Final = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?\s*(Z|UTC|[+-]\d\d(:?\d\d)?)")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE: Final = re.compile(r"(\+|0)[\d ()/.-]{6,}")
_SIGNS: Final = re.compile(r"[€$£\s]|EUR|USD|GBP|CHF")
_PLAIN: Final = re.compile(r"[+-]?\d+(\.\d+)?")
_POINT: Final = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?")
_COMMA: Final = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?")


@dataclass(frozen=True)
class ColumnLook:
    """What one column looks like.

    Attributes
    ----------
    present, distinct : int
        Rows with a value (an empty text is none), and how many values there are.
    times : tuple of str
        strptime formats of its values without a zone; `("zone",)` where each carries its zone; () for no time.
    number : str
        "plain" (cast as it is), "point" or "comma" (which of the two parts the decimals), "either" where it cannot
        be told (1.234), "" for no number.
    values : tuple of str
        All its values where they are few (`SMALL_SET`), in alphabetical order; else ().
    """

    name: str
    type: str
    rows: int
    present: int
    distinct: int
    times: tuple[str, ...] = ()
    number: str = ""
    email: bool = False
    phone: bool = False
    misfits: tuple[str, ...] = ()
    signs: str = ""
    values: tuple[str, ...] = ()

    @property
    def unique(self) -> bool:
        """Whether every row has a value and no two the same."""
        return self.rows > 0 and self.distinct == self.present == self.rows

    @property
    def filled(self) -> float:
        """Share of rows with a value, 0 without rows."""
        return self.present / self.rows if self.rows else 0.0

    @property
    def is_text(self) -> bool:
        """Whether the raw column is text, as in every CSV and XLSX."""
        return self.type == "VARCHAR"


@dataclass(frozen=True)
class TableLook:
    """One raw table: its SQL name, where it stands, and its columns."""

    name: str
    where: str
    rows: int
    columns: tuple[ColumnLook, ...]


@dataclass(frozen=True)
class Sample:
    """All raw tables of a sample, loaded, and what they look like."""

    con: duckdb.DuckDBPyConnection
    tables: tuple[TableLook, ...]

    def number(self, sql: str) -> float:
        """Return the one number that a query gives, 0 for none."""
        row = self.con.execute(sql).fetchone()
        return float(row[0] or 0) if row else 0.0

    def contained(self, child: tuple[str, str], parent: tuple[str, str]) -> float:
        """Return the share of the distinct values of the child's column that the parent's column has."""
        (table, column), (other, key) = child, parent
        value, theirs = (f"cast({quoted(c)} as varchar)" for c in (column, key))
        return self.number(
            f"select avg(cast(v in (select {theirs} from {quoted(other)}) as int)) from "
            f"(select distinct {value} as v from {quoted(table)} where {value} is not null)"
        )


@contextmanager
def look_at(data: Path) -> Iterator[Sample]:
    """Load every file of a folder, the parts of one table together, and look at each column.

    Raises
    ------
    SourceError
        No readable file, one that cannot be read as a table, or parts of a table that do not fit together.
    """
    raw_files(data)
    with connect() as con:
        grown = raw_tables.grown(data)
        parts = {part.path for table in grown for part in table.parts}
        single = [table for path in raw_files(data) if path not in parts for table in raw_tables.alone(path, data)]
        found = [look for table in grown for look in _together(con, table, data)]
        found += [_look(con, table) for table in single]
        if not found:
            raise SourceError(f"{data}: no CSV, XLSX or Parquet file; expected a sample export of the CRM.")
        yield Sample(con, tuple(found))


def _together(con: duckdb.DuckDBPyConnection, table: RawTable, data: Path) -> list[TableLook]:
    """Look at the parts as one table, or at each alone where no two of them have the same columns.

    Where some have the same columns and one has others, it is a table with a part that does not fit: refused.
    """
    try:
        return [_look(con, table)]
    except SourceError:
        if raw_tables.in_folder(table):
            raise
        each = [_look(con, own) for part in table.parts for own in raw_tables.alone(part.path, data)]
        if len({frozenset(c.name.lower() for c in look.columns) for look in each}) < len(each):
            raise
        return each


def _look(con: duckdb.DuckDBPyConnection, table: RawTable) -> TableLook:
    types = load_table(con, table)
    row = con.execute(f"select count(*) from {quoted(table.name)}").fetchone()
    rows = int(row[0]) if row else 0
    columns = tuple(_column(con, table.name, name, (type_, rows)) for name, type_ in types.items())
    return TableLook(table.name, table.where, rows, columns)


def _column(con: duckdb.DuckDBPyConnection, table: str, name: str, given: tuple[str, int]) -> ColumnLook:
    type_, rows = given
    text = f"nullif(trim(cast({quoted(name)} as varchar)), '')"
    row = con.execute(f"select count({text}), count(distinct {text}) from {quoted(table)}").fetchone()
    present, distinct = (int(n) for n in row) if row else (0, 0)
    got = con.execute(
        f"select distinct {text} as v from {quoted(table)} where v is not null order by md5(v), v limit {LOOKED_AT}"
    ).fetchall()
    seen = [str(value) for (value,) in got]
    values = _words(con, table, name) if distinct <= SMALL_SET else ()
    plain = ColumnLook(name, type_, rows, present, distinct, values=values)
    return _typed(plain) if type_ != "VARCHAR" else _read(plain, seen)


def _words(con: duckdb.DuckDBPyConnection, table: str, name: str) -> tuple[str, ...]:
    """Return every value as it stands, with its spaces, so that SQL can be compared with it."""
    text = f"cast({quoted(name)} as varchar)"
    rows = con.execute(f"select distinct {text} as v from {quoted(table)} where trim({text}) <> ''").fetchall()
    return tuple(sorted(str(value) for (value,) in rows))


def _typed(column: ColumnLook) -> ColumnLook:
    """Take the type of a Parquet column for what it says."""
    if column.type == "TIMESTAMP WITH TIME ZONE":
        return _with(column, times=("zone",))
    if column.type.startswith(("TIMESTAMP", "DATE")):
        return _with(column, times=("typed",))
    numbers = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "U")
    return _with(column, number="plain") if column.type.startswith(numbers) else column


def _read(column: ColumnLook, seen: Sequence[str]) -> ColumnLook:
    if not seen:
        return column
    times, misfits = _times(seen)
    if times:
        return _with(column, times=times, misfits=misfits)
    bare = [_SIGNS.sub("", v) for v in seen]
    number = _number(bare) if _share(_PHONE, seen) < NEARLY_ALL or _share(_PLAIN, bare) == 1 else ""
    signs = " ".join(sorted({s for v in seen for s in re.findall(r"[€$£]|EUR|USD|GBP|CHF", v)}))
    return _with(
        column,
        number=number,
        signs=signs,
        email=_share(_EMAIL, seen) >= NEARLY_ALL,
        phone=_share(_PHONE, seen) >= NEARLY_ALL and not number,
    )


def _with(column: ColumnLook, **changes: object) -> ColumnLook:
    return ColumnLook(**{**vars(column), **changes})


def _share(pattern: re.Pattern[str], seen: Sequence[str]) -> float:
    return sum(pattern.fullmatch(v) is not None for v in seen) / len(seen)


def _number(bare: Sequence[str]) -> str:
    plain, point, comma = (_share(p, bare) == 1 for p in (_PLAIN, _POINT, _COMMA))
    if plain and not comma:
        return "plain"
    if plain:
        return "either" if any("." in v for v in bare) else "plain"
    return "comma" if comma else "point" if point else ""


def _times(seen: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the formats that nearly all values have, and some that fit none."""
    if _share(_ZONED, seen) >= NEARLY_ALL:
        return ("zone",), tuple(v for v in seen if not _ZONED.fullmatch(v))[:3]
    formats: dict[str, str] = {}
    for value in seen:
        found = next((form for pattern, form in _FORMS.items() if pattern.fullmatch(value)), None)
        if found is not None:
            formats[value] = found
    if len(formats) < NEARLY_ALL * len(seen):
        return (), ()
    misfits = tuple(v for v in seen if v not in formats)[:3]
    used = tuple(sorted(set(formats.values())))
    slashed = [v for v in formats if re.match(r"\d{1,2}/", v)]
    if any(int(v.split("/")[1]) > 12 for v in slashed) or any(f.endswith("%p") for f in used):  # noqa: PLR2004 - months
        used = tuple(f.replace("%d/%m/", "%m/%d/") for f in used)
    return used, misfits
