"""Raw files as tables: each CSV, Parquet and XLSX file of a folder, under a name that SQL can say.

`Closed Deals.csv` is the table `closed_deals`; the sheet `Q1` of `Deals.xlsx` is `deals_q1`, and the only sheet of
a book also `deals`. Several files may be the parts of one table (`growing`). Only the files that are asked for are
opened. CSV and XLSX give text in every column, Parquet keeps its types.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.sources import csv_files, growing, workbooks
from pipelines.sources.csv_files import MAX_LINE_BYTES
from pipelines.sources.errors import SourceError
from pipelines.sources.growing import READABLE, Parts

__all__ = ["READABLE", "RawTable", "load_table", "locate", "missing_file", "raw_files", "table_name"]


@dataclass(frozen=True)
class RawTable:
    """One table in a raw file; `sheet` is empty for files that hold only one.

    A table of a folder that grows has `parts`, and `path` is the folder.
    """

    name: str
    path: Path
    sheet: str = ""
    parts: tuple[RawTable, ...] = ()

    @property
    def where(self) -> str:
        """The place in words, for messages."""
        if self.parts:
            return f"{self.parts[0].where} to {self.parts[-1].where}"
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
    """Find the file (and the sheet), or the parts, that a table name means; None where there is none.

    Raises
    ------
    SourceError
        Two files have that name, or a workbook of that name has several sheets.
    """
    found = [table for path in raw_files(data) for table in _tables_of(path, name)]
    if len(found) > 1:
        raise SourceError(f"{data}: the name {name!r} fits {' and '.join(t.where for t in found)}; rename all but one.")
    return found[0] if found else _grown(name, data)


def _grown(name: str, data: Path) -> RawTable | None:
    named = ((path, table_name(path.stem)) for path in raw_files(data))
    found = growing.parts(name, data, named=named)
    return RawTable(name, data, parts=tuple(_part(name, path) for path in found)) if found else None


def _part(name: str, path: Path) -> RawTable:
    if path.suffix.lower() != ".xlsx":
        return RawTable(name, path)
    sheets = workbooks.sheets(path)
    if len(sheets) > 1:
        raise SourceError(
            f"{path.name}: a part of the table {name!r} has {len(sheets)} sheets ({', '.join(sheets)}); leave one, or "
            "save the others as files of their own."
        )
    return RawTable(name, path, sheets[0])


def _tables_of(path: Path, name: str) -> Iterator[RawTable]:
    stem = table_name(path.stem)
    if path.suffix.lower() != ".xlsx":
        if stem == name:
            yield RawTable(name, path)
        return
    if name != stem and not name.startswith(f"{stem}_"):
        return
    sheets = workbooks.sheets(path, hidden=name != stem)
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
    con: duckdb.DuckDBPyConnection, table: RawTable, *, max_line_bytes: int = MAX_LINE_BYTES, parts: Parts | None = None
) -> Mapping[str, str]:
    """Copy one raw table into DuckDB under its name; return its columns and their types.

    Parameters
    ----------
    parts : Parts, optional
        Where parsed parts of a table are kept, and what is to be told of them.

    Raises
    ------
    SourceError
        The file cannot be read as the table that its name promises, or the parts of a table have other columns.
    """
    parts = parts or Parts()
    if table.parts:
        _load_parts(con, table, max_line_bytes, parts)
    else:
        _load_whole(con, table, max_line_bytes, parts)
    return _described(con, table.name)


def _described(con: duckdb.DuckDBPyConnection, name: str) -> dict[str, str]:
    return {row[0]: row[1] for row in con.execute(f"describe {quoted(name)}").fetchall()}


def _load_whole(con: duckdb.DuckDBPyConnection, table: RawTable, max_line_bytes: int, parts: Parts) -> None:
    """Load a table that is one file, which nobody may be writing; tell of files that look like parts of it."""
    before = growing.stamp(table.path)
    if growing.being_written(table.path):
        raise SourceError(
            f"{table.where}: open in Excel or LibreOffice (its lock file lies beside it), and the table {table.name!r} "
            "has no other file. Close it, or delete a lock file that was left behind, and run again."
        )
    told = _load_file(con, table, max_line_bytes)
    if growing.stamp(table.path) != before:
        raise SourceError(
            f"{table.where}: changed while it was read, so somebody is still writing it, and the table {table.name!r} "
            "has no other file. Wait until it is complete and run again."
        )
    parts.told += told
    named = ((path, table_name(path.stem)) for path in raw_files(table.path.parent))
    beside = [p.name for p in growing.parts(table.name, table.path.parent, named=named) if p != table.path]
    if beside:
        parts.told.append(f"{table.where} is the whole table {table.name}; no part of it: {', '.join(beside)}")


def _load_parts(con: duckdb.DuckDBPyConnection, table: RawTable, max_line_bytes: int, parts: Parts) -> None:
    """Load the parts one by one, those that are known from what was kept, and put them together."""
    loaded: list[str] = []
    first: tuple[str, dict[str, str]] | None = None
    for i, part in enumerate(table.parts):
        own = replace(part, name=f"{table.name}.part {i}")
        if growing.being_written(part.path):
            parts.told.append(f"{part.path.name} is open in Excel and left for the next time")
        elif _load_part(con, own, max_line_bytes, parts):
            loaded.append(own.name)
            columns = part.where, _described(con, own.name)
            first = first or columns
            growing.refuse_other_columns(table.name, columns, first)
    if not loaded:
        raise SourceError(
            f"{table.where}: no part of the table {table.name!r} can be read now: {'; '.join(parts.told)}. Close the "
            "files or wait until they are complete, and run again."
        )
    _create(con, table, "(" + " union all by name ".join(f"select * from {quoted(n)}" for n in loaded) + ")")
    for name in loaded:
        con.execute(f"drop table {quoted(name)}")


def _load_part(con: duckdb.DuckDBPyConnection, part: RawTable, max_line_bytes: int, parts: Parts) -> bool:
    """Load one part; False where it changed while it was read."""
    # content and time are noted before it is read: what is kept can then never stand under a later content
    look = parts.look(part.path)
    if look.known and _load_kept(con, part, look):
        parts.took(part.path, look, parsed=False)
        return True
    told: list[str] = []
    try:
        told = _load_file(con, part, max_line_bytes)
    except (SourceError, OSError):
        if growing.stamp(part.path) == look.stamp:
            raise
    if growing.stamp(part.path) != look.stamp:
        parts.told.append(f"{part.path.name} is still being written and left for the next time")
        con.execute(f"drop table if exists {quoted(part.name)}")
        return False
    parts.told += told
    if look.place is not None:
        look.place.parent.mkdir(parents=True, exist_ok=True)
        new = look.place.with_suffix(".new")
        con.execute(f"copy {quoted(part.name)} to {literal(str(new))} (format parquet, compression zstd)")
        new.replace(look.place)
    parts.took(part.path, look, parsed=True)
    return True


def _load_kept(con: duckdb.DuckDBPyConnection, part: RawTable, look: growing.Look) -> bool:
    """Load what was kept of a part; False where that cannot be read (a full disk, a crash), so it is parsed again."""
    try:
        _create(con, part, f"read_parquet({literal(str(look.place))})")
    except duckdb.Error:
        return False
    return True


def _load_file(con: duckdb.DuckDBPyConnection, table: RawTable, max_line_bytes: int) -> list[str]:
    """Load one file or sheet; return what of it is no part of the table."""
    suffix = table.path.suffix.lower()
    try:
        if suffix == ".csv":
            _load_csv(con, table, max_line_bytes)
        elif suffix == ".xlsx":
            return _load_sheet(con, table)
        else:
            _create(con, table, f"read_parquet({literal(str(table.path))})")
    except duckdb.Error as error:
        reason = str(error).split("Possible ")[0].strip()
        raise SourceError(f"{table.where}: cannot be read as a table: {reason}") from error
    return []


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


def _load_sheet(con: duckdb.DuckDBPyConnection, table: RawTable) -> list[str]:
    sheet = workbooks.read(table.path, table.sheet)
    names, cells = sheet.layout.names, [row for _, row in sheet.rows]
    arrays = [pa.array([row[i] for row in cells], pa.string()) for i in range(len(names))]
    con.register("sheet_being_read", pa.table(arrays, names=list(names)))
    _create(con, table, "sheet_being_read")
    con.unregister("sheet_being_read")
    return [*sheet.notes, *workbooks.unseen(table.path, table.sheet)]


def _create(con: duckdb.DuckDBPyConnection, table: RawTable, relation: str) -> None:
    con.execute(f"create table {quoted(table.name)} as select * from {relation}")
