"""Raw files as tables: each CSV, Parquet and XLSX file of a folder, under a name that SQL can say.

`Closed Deals.csv` is the table `closed_deals`; the sheet `Q1` of `Deals.xlsx` is `deals_q1`, and the only sheet of
a book also `deals`. Only the files that are asked for are opened. CSV and XLSX give text in every column, Parquet
keeps its types.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from pipelines.sources import csv_files, workbooks
from pipelines.sources.csv_files import MAX_LINE_BYTES
from pipelines.sources.errors import SourceError

READABLE: Final = (".csv", ".parquet", ".xlsx")


@dataclass(frozen=True)
class RawTable:
    """One table in a raw file; `sheet` is empty for files that hold only one."""

    name: str
    path: Path
    sheet: str = ""

    @property
    def where(self) -> str:
        """The place in words, for messages."""
        return f"{self.path.name}, sheet {self.sheet}" if self.sheet else self.path.name


def table_name(text: str) -> str:
    """Return the SQL name of a file stem or a sheet: lower case, anything but letters and digits as `_`."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def raw_files(data: Path) -> list[Path]:
    """List the readable files of a folder, by name; hidden files and Excel's lock files are none.

    Raises
    ------
    SourceError
        The folder does not exist.
    """
    if not data.is_dir():
        raise SourceError(f"{data}: no such folder; expected the folder that holds the raw files (--data).")
    return sorted(p for p in data.iterdir() if p.suffix.lower() in READABLE and not p.name.startswith((".", "~$")))


def locate(name: str, data: Path) -> RawTable | None:
    """Find the file (and the sheet) that a table name means; None where there is none.

    Raises
    ------
    SourceError
        Two files have that name, or a workbook of that name has several sheets.
    """
    found = [table for path in raw_files(data) for table in _tables_of(path, name)]
    if len(found) > 1:
        raise SourceError(f"{data}: the name {name!r} fits {' and '.join(t.where for t in found)}; rename all but one.")
    return found[0] if found else None


def _tables_of(path: Path, name: str) -> Iterator[RawTable]:
    stem = table_name(path.stem)
    if path.suffix.lower() != ".xlsx":
        if stem == name:
            yield RawTable(name, path)
        return
    if name != stem and not name.startswith(f"{stem}_"):
        return
    sheets = workbooks.sheets(path)
    if name == stem and len(sheets) > 1:
        choice = ", ".join(f"{stem}_{table_name(s)}" for s in sheets)
        raise SourceError(f"{path.name}: has {len(sheets)} sheets; the .sql must name one of {choice}.")
    yield from (RawTable(name, path, s) for s in sheets if name == stem or name == f"{stem}_{table_name(s)}")


def missing_file(name: str, data: Path, asked_by: str) -> SourceError:
    """Word the error for a table name that no file has."""
    found = ", ".join(f"{p.name} (table {table_name(p.stem)})" for p in raw_files(data)) or "no such file"
    return SourceError(
        f"{data}: no file for the table {name!r} that {asked_by} reads; expected {name}.csv, {name}.parquet or "
        f"{name}.xlsx. Found: {found}. Add the file, or correct the name in {asked_by}."
    )


def load_table(
    con: duckdb.DuckDBPyConnection, table: RawTable, *, max_line_bytes: int = MAX_LINE_BYTES
) -> Mapping[str, str]:
    """Copy one raw table into DuckDB under its name; return its columns and their types.

    Raises
    ------
    SourceError
        The file cannot be read as the table that its name promises.
    """
    suffix = table.path.suffix.lower()
    try:
        if suffix == ".csv":
            _load_csv(con, table, max_line_bytes)
        elif suffix == ".xlsx":
            _load_sheet(con, table)
        else:
            _create(con, table, f"read_parquet({literal(str(table.path))})")
    except duckdb.Error as error:
        reason = str(error).split("Possible ")[0].strip()
        raise SourceError(f"{table.where}: cannot be read as a table: {reason}") from error
    described = con.execute(f"describe {quoted(table.name)}").fetchall()
    return {row[0]: row[1] for row in described}


def quoted(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text for SQL."""
    return "'" + text.replace("'", "''") + "'"


def _load_csv(con: duckdb.DuckDBPyConnection, table: RawTable, max_line_bytes: int) -> None:
    shape = csv_files.inspect(table.path, max_line_bytes=max_line_bytes)
    columns = ", ".join(f"{literal(c)}: 'VARCHAR'" for c in shape.columns)
    longest = max(shape.longest_line + 1, 2 * 1024 * 1024)  # DuckDB's own default; its buffer is 16 times that
    _create(
        con,
        table,
        f"read_csv({literal(str(table.path))}, delim={literal(shape.delimiter)}, columns={{{columns}}}, "
        f"""header=true, auto_detect=false, quote='"', escape='"', nullstr='', strict_mode=true, """
        f"max_line_size={longest})",
    )


def _load_sheet(con: duckdb.DuckDBPyConnection, table: RawTable) -> None:
    names = workbooks.columns(table.path, table.sheet)
    cells = [[*row, *[None] * len(names)] for _, row in workbooks.rows(table.path, table.sheet)]
    arrays = [pa.array([row[i] for row in cells], pa.string()) for i in range(len(names))]
    con.register("sheet_being_read", pa.table(arrays, names=list(names)))
    _create(con, table, "sheet_being_read")
    con.unregister("sheet_being_read")


def _create(con: duckdb.DuckDBPyConnection, table: RawTable, relation: str) -> None:
    con.execute(f"create table {quoted(table.name)} as select * from {relation}")
