"""Which records are gone from a database: keys that earlier pulls saw and that are there no more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa

from pipelines.sources.reading import literal, quoted
from pipelines.sources.sql.tables import DELETIONS, Read


def gone(engine: sa.Engine, compared: Mapping[str, Read], raw: Path, moment: dt.datetime) -> list[dict[str, object]]:
    """Return a row for each record that was there at the last complete pull and is not now.

    Parameters
    ----------
    compared : mapping of raw table name to Read
        Tables with a single key column each.
    moment : datetime
        When this was noticed (UTC); when it happened the database does not say.
    """
    found: list[dict[str, object]] = []
    for name, one in compared.items():
        known = _known(name, one, raw)
        if known:
            missing = sorted(known - _present(engine, one))
            found += [{"of_table": name, "id": key, "found_at": moment} for key in missing]
    return found


def _present(engine: sa.Engine, one: Read) -> set[str]:
    schema, name = one.place
    query: sa.Select[Any] = sa.select(sa.column(one.key[0])).select_from(sa.table(name, schema=schema))
    with engine.connect().execution_options(stream_results=True) as connection:
        return {str(key) for (key,) in connection.execute(query)}


def _known(name: str, one: Read, raw: Path) -> set[str]:
    """Return the keys of the last complete pull, without those that were gone then and have not changed since."""
    rows, deleted = raw / f"{name}.parquet", raw / f"{DELETIONS}.parquet"
    if not rows.is_file():
        return set()
    from dlt.common.normalizers.naming.snake_case import NamingConvention

    named = NamingConvention().normalize_identifier  # columns of the log are called as dlt calls them
    key, changed = quoted(named(one.key[0])), quoted(named(one.changed_at))
    query = f"select cast({key} as varchar) as id, max({changed}) as last from {_file(rows)} group by 1"
    if deleted.is_file():
        query = (
            f"select k.id from ({query}) k anti join (select id, max(found_at) as at from {_file(deleted)} "
            f"where of_table = {literal(name)} group by id) d on k.id = d.id and cast(k.last as timestamptz) <= d.at"
        )
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        return {str(row[0]) for row in con.execute(query).fetchall()}


def _file(path: Path) -> str:
    return f"read_parquet({literal(str(path))})"
