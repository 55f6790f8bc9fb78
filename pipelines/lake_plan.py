"""What a merge has to write, given the rows that came and the table as it is; nothing is written here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from features.errors import ContractError
from features.facts.arrow import to_arrow
from features.facts.contract import TABLES, empty
from features.facts.shape import shape
from pipelines.lake_rows import Content, differing, unseen
from pipelines.lake_table import Change, LakeTable

QUARANTINE: Final = "quarantine"
QUARANTINE_TYPES: Final = {
    "run_id": "str", "source": "str", "table": "str", "row": "int64", "reason": "str", "got": "str",
}  # fmt: skip


def identity(table: str) -> tuple[str, ...]:
    """Return the columns that together name a row at rest: its key and when it was recorded."""
    if table == QUARANTINE:
        return ("run_id", "source", "table", "row")
    if table not in TABLES:
        raise ContractError(f"unknown table {table!r}; the contract has {list(TABLES)}.")
    key, columns = TABLES[table].key, TABLES[table].columns
    return (*key, "recorded_at") if "recorded_at" in columns else key


def no_rows(table: str) -> pd.DataFrame:
    """Return the named table without rows, typed."""
    if table == QUARANTINE:
        return pd.DataFrame({name: pd.Series([], dtype=t) for name, t in QUARANTINE_TYPES.items()})
    return empty(table) if table in TABLES else pd.DataFrame()


def conformed(table: str, frame: pd.DataFrame) -> pa.Table:
    """Return the rows as Arrow in the contract's columns and types, or refuse them as `contract.check` does."""
    return to_arrow(shape(TABLES[table], frame, "") if table in TABLES else frame)


def span(table: str, rows: pa.Table) -> Any:
    """Return the filter for rows that were recorded in the time of these: only they can be the same.

    Delta Lake keeps the smallest and largest value per file, so most of a large table is never read.
    """
    if "recorded_at" not in identity(table):
        return None
    ends = pc.min_max(rows["recorded_at"])
    return (pc.field("recorded_at") >= ends["min"]) & (pc.field("recorded_at") <= ends["max"])


def addition(table: str, rows: pa.Table, *, place: LakeTable, delta: DeltaTable | None) -> Change:
    """Plan a merge: what of the rows is new to the table as it is now, noted with the content it leads to.

    Raises
    ------
    ContractError
        An attribute had values of another type before.
    """
    change = _news(table, rows, place=place, delta=delta)
    if not change.news:
        return change
    content = Content.of(change.rows)
    if delta is not None and not change.replaces:
        content += content_at(place, delta)
    return replace(change, note=str(content))


def content_at(place: LakeTable, delta: DeltaTable) -> Content:
    """Return the content of an opened table from the note of its commit, else by reading it."""
    note = place.note(delta.version())
    return Content.noted(note) if note else Content.of(place.rows(delta))


def _news(table: str, rows: pa.Table, *, place: LakeTable, delta: DeltaTable | None) -> Change:
    key = identity(table)
    if not rows.num_rows:
        return Change(rows, 0)
    if delta is None:
        first = unseen(rows, rows.slice(0, 0), key)
        return Change(first, first.num_rows)
    if table == "offers":
        return _replacement(rows, place.rows(delta), key)
    new = unseen(rows, place.rows(delta, list(key), where=span(table, rows)), key)
    return _widened(new, place, delta) if new.num_rows else Change(new, 0)


def _replacement(rows: pa.Table, known: pa.Table, key: tuple[str, ...]) -> Change:
    """Plan the whole table anew, with the rows that are new or changed in place of those with their key."""
    last = unseen(rows, rows.slice(0, 0), key)
    news = pa.concat_tables([unseen(last, known, key), last.take(differing(last, known, key))])
    kept = unseen(known, news, key)
    return Change(pa.concat_tables([kept, news], promote_options="default"), news.num_rows, replaces=True)


def _widened(new: pa.Table, place: LakeTable, delta: DeltaTable) -> Change:
    """Bring the types of attributes together: a column without a value takes the type of the other side."""
    known = place.schema(delta)
    clash = [f.name for f in new.schema if f.name in known.names and known.field(f.name).type != f.type]
    for name in [c for c in clash if new[c].null_count == new.num_rows]:
        nothing = pa.nulls(new.num_rows, known.field(name).type)
        new = new.set_column(new.column_names.index(name), name, nothing)
        clash.remove(name)
    if not clash:
        return Change(new, new.num_rows)
    old = place.rows(delta)
    for name in [c for c in clash if old[c].null_count < old.num_rows]:
        raise ContractError(
            f"lake table {place.place}, attribute {name}: expected {known.field(name).type} as before, "
            f"got {new[name].type}, for example {new[name].drop_null()[0].as_py()!r}. "
            "Convert it in the .sql, or give the new meaning a new name."
        )
    old = old.drop_columns(clash)
    rows = pa.concat_tables([old, new], promote_options="default")
    return Change(rows, new.num_rows, replaces=True)
