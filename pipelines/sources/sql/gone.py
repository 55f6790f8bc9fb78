"""Which records are gone from a database: keys that earlier pulls saw and that are there no more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import sqlalchemy as sa

from pipelines.sources.connected.errors import SourceChanged
from pipelines.sources.reading import literal, quoted
from pipelines.sources.sql.tables import DELETIONS, Read

FEW: Final = 10
"""So many records may always be gone at once, whatever share of a small table that is."""


def gone(engine: sa.Engine, compared: Mapping[str, Read], raw: Path, moment: dt.datetime) -> list[dict[str, object]]:
    """Return a row for each record that was there at the last complete pull and is not now.

    Parameters
    ----------
    compared : mapping of raw table name to Read
        Tables with a single key column each.
    moment : datetime
        When this was noticed (UTC); when it happened the database does not say.

    Raises
    ------
    SourceChanged
        More are gone at once than tables.yaml says can be.
    """
    found: list[dict[str, object]] = []
    for name, one in compared.items():
        known = _known(name, one, raw)
        if known:
            missing = sorted(known[key] for key in known.keys() - _present(engine, one))
            _refuse_emptied(one, len(missing), len(known))
            found += [{"of_table": name, "id": key, "found_at": moment} for key in missing]
    return found


def _refuse_emptied(one: Read, missing: int, known: int) -> None:
    if missing > max(FEW, one.most_gone * known):
        raise SourceChanged(
            f"sql: {missing:,} of {known:,} records of {one.table} are gone at once, more than most_gone: "
            f"{one.most_gone:g} lets pass. If the table is just being filled anew, pull again later; if they were "
            "deleted on purpose, set most_gone: 1 in tables.yaml for one pull. Nothing was taken."
        )


def _present(engine: sa.Engine, one: Read) -> set[str]:
    schema, name = one.place
    query: sa.Select[Any] = sa.select(sa.column(one.key[0])).select_from(sa.table(name, schema=schema))
    with engine.connect().execution_options(stream_results=True) as connection:
        return {_plain(key) for (key,) in connection.execute(query)}


def _plain(key: object) -> str:
    """Write a key in one way, whether the database's driver gives it or the log: 7 and 7.000000000 are one number."""
    if isinstance(key, Decimal):
        return f"{key.normalize():f}"
    if isinstance(key, dt.datetime):
        return str(key.astimezone(dt.UTC) if key.tzinfo else key)
    return str(key)


def _known(name: str, one: Read, raw: Path) -> dict[str, str]:
    """Return the keys of the last complete pull, without those that were gone then and have not changed since.

    A plain key leads to the text that the log's column is as a varchar, which is what the .sql makes of it.
    """
    rows, deleted = raw / f"{name}.parquet", raw / f"{DELETIONS}.parquet"
    if not rows.is_file():
        return {}
    from dlt.common.normalizers.naming.snake_case import NamingConvention

    named = NamingConvention().normalize_identifier  # columns of the log are called as dlt calls them
    key, changed = quoted(named(one.key[0])), quoted(named(one.changed_at))
    query = f"select {key} as key, cast({key} as varchar) as id, max({changed}) as last from {_file(rows)} group by all"
    if deleted.is_file():
        query = (
            f"select k.key, k.id from ({query}) k anti join (select id, max(found_at) as at from {_file(deleted)} "
            f"where of_table = {literal(name)} group by id) d on k.id = d.id and cast(k.last as timestamptz) <= d.at"
        )
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        return {_plain(row[0]): str(row[1]) for row in con.execute(query).fetchall()}


def _file(path: Path) -> str:
    return f"read_parquet({literal(str(path))})"
