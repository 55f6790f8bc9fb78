"""What the last complete pull knew."""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.sources.reading import literal


def known_ids(raw: Path, table: str) -> set[str]:
    """Return the ids in a raw table as the last complete pull left it; none before the first."""
    path = raw / f"{table}.parquet"
    if not path.is_file():
        return set()
    with duckdb.connect() as con:
        rows = con.execute(f"select distinct id from read_parquet({literal(str(path))})").fetchall()
    return {one for (one,) in rows}
