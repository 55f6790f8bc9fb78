"""A person taken out of SQLite and DuckDB files, their free pages included; and the rows that speak of somebody."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import duckdb

from pipelines.trust.person import Person

AUDIT: Final = "audit"
"""Append-only by its nature: who saw which record, by its id, stays; a certificate says so."""
_OWN: Final = {"contacts": "contact_id", "prospects": "prospect_id"}
"""Tables of the store in which a person is a row."""
_OF_PROSPECT: Final = ("contacts", "timeline", "feedback", "call_list", "left_out", "receipts", "entries", "contents")
"""Tables whose rows go with their prospect."""
_FORGOTTEN: Final = {"feedback": ("note",), "call_list": ("why_contact",)}
"""What was written about a contact in rows that name it."""


def rows_of(place: Path, person: Person) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (table, row) of every row of a SQLite file that names the person."""
    with contextlib.closing(sqlite3.connect(place)) as con:
        con.row_factory = sqlite3.Row
        for table in _tables(con):
            if table == AUDIT:
                continue
            for row in con.execute(f'select rowid as "_row", * from "{table}"'):  # noqa: S608
                if any(isinstance(v, str) and person.named_in(v) for v in tuple(row)):
                    yield table, dict(row)


def from_sqlite(place: Path, person: Person) -> dict[str, int]:
    """Take the person out of a SQLite file; return the rows that were dropped or changed, by table.

    One transaction, readers see it before or after; then the file is written anew, so that no free page and no
    write-ahead log holds what was.
    """
    counts: dict[str, int] = {}
    with contextlib.closing(sqlite3.connect(place, timeout=60, isolation_level=None)) as con:
        con.execute("pragma secure_delete = on")
        found = list(rows_of(place, person))
        con.execute("begin immediate")
        for table, row in found:
            _change(con, table, row, person)
            counts[table] = counts.get(table, 0) + 1
        con.execute("commit")
        if counts:
            con.execute("vacuum")
            con.execute("pragma wal_checkpoint(truncate)")
    return counts


def _change(con: sqlite3.Connection, table: str, row: dict[str, Any], person: Person) -> None:
    number = row.pop("_row")
    own = _OWN.get(table)
    mine = own is not None and row.get(own) in person.ids
    whole = person.kind == "prospect" and table in _OF_PROSPECT and row.get("prospect_id") in person.ids
    if mine or whole:
        con.execute(f'delete from "{table}" where rowid = ?', (number,))  # noqa: S608
        return
    changed: dict[str, str | None] = {
        c: person.without(v) for c, v in row.items() if isinstance(v, str) and person.named_in(v)
    }
    if row.get("contact_id") in person.ids:
        changed |= dict.fromkeys(_FORGOTTEN.get(table, ()))
    names = ", ".join(f'"{c}" = ?' for c in changed)
    con.execute(f'update "{table}" set {names} where rowid = ?', (*changed.values(), number))  # noqa: S608


def _tables(con: sqlite3.Connection) -> list[str]:
    found = con.execute("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'").fetchall()
    return [name for (name,) in found]


def from_duckdb(place: Path, person: Person, *, really: bool) -> dict[str, int]:
    """Take the person out of a DuckDB file; the file is written anew, for deleted rows stay in its blocks."""
    counts: dict[str, int] = {}
    with contextlib.closing(duckdb.connect(str(place), read_only=not really)) as con:
        con.create_function("said", person.says, ["varchar"], "boolean")
        con.create_function("named", person.named_in, ["varchar"], "boolean")
        con.create_function("less", person.without, ["varchar"], "varchar")
        for schema, table in con.execute(
            "select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE'"
        ).fetchall():
            at = f'"{schema}"."{table}"'
            texts = [c for c, kind, *_ in con.execute(f"describe {at}").fetchall() if kind in ("VARCHAR", "JSON")]
            if texts and (n := _one(con, at, texts, really=really)):
                counts[f"{schema}.{table}"] = n
    if really and counts:
        _anew(place)
    return counts


def _one(con: duckdb.DuckDBPyConnection, at: str, texts: list[str], *, really: bool) -> int:
    def holds(test: str) -> str:
        return " or ".join(f'coalesce({test}(cast("{c}" as varchar)), false)' for c in texts)

    found = con.execute(f"select count(*) from {at} where {holds('named')}").fetchone()  # noqa: S608
    n = int(found[0]) if found else 0
    if n and really:
        con.execute(f"delete from {at} where {holds('said')}")  # noqa: S608
        less = ", ".join(f'"{c}" = less(cast("{c}" as varchar))' for c in texts)
        con.execute(f"update {at} set {less} where {holds('named')}")  # noqa: S608
    return n


def _anew(place: Path) -> None:
    fresh = place.with_name(f"{place.name}.anew")
    fresh.unlink(missing_ok=True)
    with contextlib.closing(duckdb.connect()) as con:
        con.execute(f"attach '{str(place).replace(chr(39), chr(39) * 2)}' as old (read_only)")
        con.execute(f"attach '{str(fresh).replace(chr(39), chr(39) * 2)}' as new")
        con.execute("copy from database old to new")
    fresh.replace(place)
    place.with_name(f"{place.name}.wal").unlink(missing_ok=True)
