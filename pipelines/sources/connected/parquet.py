"""The raw log as Parquet files: one per table, all of them or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb

from pipelines.sources.errors import SourceError
from pipelines.sources.reading import literal, quoted

DATASET: Final = "raw"
_SQL: Final = {
    "text": "varchar", "timestamp": "timestamptz", "double": "double", "bigint": "bigint", "bool": "boolean",
    "date": "date", "json": "json", "decimal": "double",
}  # fmt: skip


def counts(database: Path) -> dict[str, int]:
    """Return the rows of each raw table; empty where there is no log yet."""
    if not database.is_file():
        return {}
    with _opened(database) as con:
        return {name: _count(con, name) for name in _tables(con)}


def export(
    raw: Path, database: Path, names: Sequence[str], columns: Mapping[str, Mapping[str, Mapping[str, Any]]]
) -> dict[str, int]:
    """Write each table as `raw/<table>.parquet`; a table without a row is written with its declared columns.

    All are written beside their places first and renamed when the last is whole. Returns the rows of each.
    """
    with _opened(database) as con:
        con.execute("set TimeZone = 'UTC'")
        there = _tables(con)
        for name in names:
            rows = _ordered(con, name) if name in there else _nothing(columns[name])
            con.execute(f"copy ({rows}) to {literal(str(_new(raw, name)))} (format parquet, compression zstd)")
        for name in names:
            _new(raw, name).replace(raw / f"{name}.parquet")
        return {name: _count(con, name) if name in there else 0 for name in names}


def _opened(database: Path) -> duckdb.DuckDBPyConnection:
    """Open the log to read.

    Raises
    ------
    SourceError
        It is locked by another process, or damaged.
    """
    try:
        return duckdb.connect(str(database), read_only=True)
    except duckdb.Error as error:
        why = " ".join(str(error).split())[:300]
        raise SourceError(
            f"the raw log {database} cannot be opened ({why}). Is another pull of this source running? If not, move "
            f"{database.parent} away and pull everything anew."
        ) from error


def _new(raw: Path, name: str) -> Path:
    return raw / f".{name}.parquet.new"


def _tables(con: duckdb.DuckDBPyConnection) -> set[str]:
    found = con.execute(
        "select table_name from information_schema.tables where table_schema = ? and table_name not like '\\_dlt%' "
        "escape '\\'",
        [DATASET],
    ).fetchall()
    return {name for (name,) in found}


def _count(con: duckdb.DuckDBPyConnection, name: str) -> int:
    row = con.execute(f"select count(*) from {DATASET}.{quoted(name)}").fetchone()
    return int(row[0]) if row else 0


def _ordered(con: duckdb.DuckDBPyConnection, name: str) -> str:
    """Return the SELECT of a table: without dlt's own columns, in one order, so that equal logs are equal files."""
    all_columns = [c for c, *_ in con.execute(f"describe {DATASET}.{quoted(name)}").fetchall()]
    kept = ", ".join(quoted(c) for c in sorted(all_columns) if not c.startswith("_dlt_"))
    return f"select {kept} from {DATASET}.{quoted(name)} order by all"


def _nothing(columns: Mapping[str, Mapping[str, Any]]) -> str:
    empty = ", ".join(
        f"cast(null as {_SQL.get(str(spec.get('data_type')), 'varchar')}) as {quoted(name)}"
        for name, spec in sorted(columns.items())
    )
    return f"select {empty or 'null as nothing'} where false"
