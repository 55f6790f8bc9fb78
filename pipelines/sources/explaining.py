"""DuckDB's errors in the words of the person who made the file: which file, row, column and value, and what now."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import duckdb

from pipelines.sources import csv_files, workbooks
from pipelines.sources.errors import SourceError
from pipelines.sources.reading import RawTable, quoted
from pipelines.sources.statements import Query

Columns = Mapping[str, str]
"""Name and DuckDB type of each column of a raw table."""
Rows = Iterator[tuple[int, Sequence[str | None]]]

_NO_COLUMN: Final = (
    re.compile(r'column "(?P<column>.+?)" not found'),
    re.compile(r'does not have a column named "(?P<column>.+?)"'),
    re.compile(r'Column "(?P<column>.+?)" in (?:REPLACE|EXCLUDE) list not found'),
)
_BAD_VALUE: Final = (
    re.compile(r"convert string (['\"])(?P<value>.*?)\1 to (?P<type>[A-Z0-9_ ]+(?:\([\d, ]+\))?)", re.DOTALL),
    re.compile(r'parse string "(?P<value>.*?)" according to format specifier (?P<type>"[^"]*")', re.DOTALL),
    re.compile(r'(?P<type>date|timestamp|time) field value out of range: "(?P<value>.*?)"', re.DOTALL),
    re.compile(r'invalid (?P<type>date|timestamp|time) field format: "(?P<value>.*?)"', re.DOTALL),
    re.compile(r'(?P<amount>no amount).*?: "(?P<value>.*?)"', re.DOTALL),
    re.compile(r'time without its zone: "(?P<value>.*?)"', re.DOTALL),
)


@dataclass(frozen=True)
class Asked:
    """What a query was asked of: the raw tables that it reads, with their columns, in one database."""

    query: Query
    raw: Mapping[RawTable, Columns]
    con: duckdb.DuckDBPyConnection


def explain(error: duckdb.Error, asked: Asked) -> SourceError:
    """Turn an error of one query into one that names file, row and column."""
    text, origin = re.sub(r"\n\nLINE \d+: .*__duckdb.*", "", str(error), flags=re.DOTALL).strip(), asked.query.origin
    if match := _first(_NO_COLUMN, text):
        return _missing_column(match["column"], asked)
    if match := _first(_BAD_VALUE, text):
        named = re.search(r"source column (\S+)", text)
        if match.groupdict().get("amount"):
            return _bad_amount(match["value"], asked)
        return _bad_value(match["value"], match.groupdict().get("type"), named[1] if named else "", asked)
    if isinstance(error, duckdb.PermissionException):
        return SourceError(f"{origin}: a mapping may read only the tables of the data folder: {text.splitlines()[0]}")
    return SourceError(f"{origin}: {text}")


def _first(patterns: tuple[re.Pattern[str], ...], text: str) -> re.Match[str] | None:
    return next((m for p in patterns if (m := p.search(text))), None)


def _missing_column(column: str, asked: Asked) -> SourceError:
    origin = asked.query.origin
    there = "; ".join(f"{table.where} has {', '.join(columns)}" for table, columns in asked.raw.items())
    return SourceError(
        f"{origin}: asks for the column {column!r}, which is not there; {there or 'it reads no file'}. "
        f"Correct the name in {origin}, or the header of the file."
    )


def _bad_value(value: str, type_: str | None, column: str, asked: Asked) -> SourceError:
    origin = asked.query.origin
    expected = f"expected {type_.strip()}" if type_ else "expected a time with its zone"
    advice = (
        f"Correct the value, or say in {origin} how it is meant"
        if type_
        else f"Write 2026-03-01T09:30:00+01:00, or say in {origin} which clock it is: "
        "`timezone('Europe/Berlin', cast(the_column as timestamp))`"
    )
    return SourceError(f"{_place(value, column, asked)}: got {value!r}, {expected} ({origin}). {advice}.")


def _bad_amount(value: str, asked: Asked) -> SourceError:
    origin = asked.query.origin
    return SourceError(
        f"{_place(value, '', asked)}: got {value!r}, expected an amount that can be read in one way, such as "
        f"1.234,50 EUR or $1,234.50 ({origin}). Write it with its decimals, or say in {origin} which sign parts them: "
        "`cast(replace(replace(x, '.', ''), ',', '.') as double)`."
    )


def _place(value: str, column: str, asked: Asked) -> str:
    """Say where in the raw files the value stands first, in the named column if it is there."""
    found = [
        (name != column, f"{table.where}, row {row}, column {name}")
        for whole, columns in asked.raw.items()
        for table in _files(whole)
        for name, row in _rows_of(value, _cells(table, asked.con), _names(table, columns)).items()
    ]
    return min(found)[1] if found else "a computed value"


def _files(table: RawTable) -> tuple[RawTable, ...]:
    """Return where to look for a value: each part; the whole where a part is Parquet, which cannot be read again."""
    again = table.parts and all(part.path.suffix.lower() != ".parquet" for part in table.parts)
    return table.parts if again else (table,)


def _names(table: RawTable, columns: Columns) -> tuple[str, ...]:
    """Return the columns of a file in its own order: the parts of a table need not have the same."""
    if table.path.suffix.lower() == ".csv":
        return csv_files.inspect(table.path).columns
    return workbooks.columns(table.path, table.sheet) if table.sheet else tuple(columns)


def _rows_of(value: str, cells: Rows, columns: tuple[str, ...]) -> dict[str, int]:
    """Return the first row of the value in each column that has it."""
    first: dict[str, int] = {}
    for row, texts in cells:
        if value in texts:
            hits = (c for c, text in zip(columns, texts, strict=False) if text == value)
            first = dict.fromkeys(hits, row) | first
    return first


def _cells(table: RawTable, con: duckdb.DuckDBPyConnection) -> Rows:
    """Read a raw table again as text, with row numbers as an editor shows them (Parquet: from 1)."""
    suffix = table.path.suffix.lower()
    if suffix == ".csv":
        yield from csv_files.rows(table.path)
    elif suffix == ".xlsx":
        yield from workbooks.rows(table.path, table.sheet)
    else:
        texts = con.execute(f"select cast(columns(*) as varchar) from {quoted(table.name)}")
        yield from enumerate(iter(texts.fetchone, None), start=1)
