"""The lake: the contract's tables at rest, as Delta Lake tables in a folder or behind a URL.

Facts are only ever added. What a row is, is its key and the moment it was recorded; loading the same rows
again adds nothing and makes no new version, so an interrupted load is completed by running it once more.
Every commit is one atomic Delta transaction and every version stays readable: a score is repeated from the
versions it was made from. Any engine that reads Delta Lake (Spark, Databricks, Trino, DuckDB) reads it too.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from features.facts.columns import Columns
from features.facts.contract import TABLES
from features.facts.ledger import Facts
from pipelines.lake_plan import (
    QUARANTINE,
    QUARANTINE_TYPES,
    addition,
    conformed,
    content_at,
    identity,
    no_rows,
    span,
)
from pipelines.lake_rows import Content, differing
from pipelines.lake_table import Change, LakeError, LakeTable

__all__ = ["QUARANTINE", "Lake", "LakeError"]

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


class Lake:
    """Tables of facts under one root.

    Parameters
    ----------
    root : str or Path
        A folder, made when first written to, or a URL (`s3://bucket/takt`, `gs://`, `abfss://`).
    storage_options : dict of str, optional
        Credentials and settings of the object store, as deltalake takes them.

    Raises
    ------
    LakeError
        `root` is a file.
    """

    def __init__(self, root: str | Path, storage_options: dict[str, str] | None = None) -> None:
        self.root = str(root)
        self._options = storage_options
        self._contents: dict[tuple[str, int], str] = {}
        if Path(self.root).is_file():
            raise LakeError(f"lake {self.root}: expected a folder or a URL, got a file; name another place.")

    def merge(self, table: str, frame: pd.DataFrame) -> int:
        """Add the rows that are not there yet and return how many those were; 0 makes no new version.

        Parameters
        ----------
        table : str
            A table of the contract.
        frame : DataFrame
            Rows that passed `contract.check`. A fact is there already if a row with its key and its
            `recorded_at` is; of several such rows given the last one counts. An offer has no recorded time: a
            changed one replaces its row (earlier versions of the table keep the old one). New attributes of
            prospects and accounts become new columns.

        Raises
        ------
        ContractError
            The columns or types are not the contract's, or an attribute was text before and is a number now.
        LakeError
            The table is damaged, foreign or out of reach, or others kept writing to it.
        """
        rows, place = conformed(table, frame), self._table(table)
        return place.commit(lambda delta: addition(table, rows, place=place, delta=delta))

    def append(self, table: str, frame: pd.DataFrame) -> int:
        """Add all rows, whether they are there or not, and return their number: for logs, not for facts."""
        rows = conformed(table, frame)
        return self._table(table).commit(lambda _: Change(rows, rows.num_rows))

    def quarantine(self, rows: pd.DataFrame, *, source: str, table: str, run_id: str) -> int:
        """Keep which rows broke the contract and why (`Checked.quarantined`), in the table `quarantine`.

        One run keeps each row once, however often it is repeated. Returns how many were new.
        """
        notes = rows[["row", "reason", "got"]].assign(run_id=run_id, source=source, table=table)
        return self.merge(QUARANTINE, notes[list(QUARANTINE_TYPES)].astype(QUARANTINE_TYPES))

    def changed(self, table: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the rows given that are in the lake with the same key and `recorded_at` but another content.

        Merging does not take them: what was known at a moment does not change afterwards. A source that
        rewrites rows in place must say when (`recorded_at`), or its changes are not facts.
        """
        place, rows = self._table(table), conformed(table, frame)
        delta = place.open()
        if delta is None or not rows.num_rows:
            return frame.iloc[:0]
        known = place.rows(delta, where=span(table, rows))
        return frame.iloc[differing(rows, known, identity(table)).to_numpy()]

    def read(self, table: str, version: int | None = None, *, where: Any = None) -> pd.DataFrame:
        """Return a table at a version (default: the last), typed as `contract.empty`.

        Parameters
        ----------
        where : pyarrow expression, optional
            Only the rows where it holds; the others never come into memory together.

        Returns
        -------
        DataFrame, shape (n_rows, n_columns)
            The contract's columns, behind them the attributes by name; sorted by key and `recorded_at`, so
            that equal facts give equal frames however they came in. Without rows where there is no table.

        Raises
        ------
        LakeError
            There is no such version, or the table is damaged, foreign or out of reach.
        """
        rows = self._rows(table, version, where)
        return no_rows(table) if rows is None else _arranged(table, rows).frame

    def facts(self, versions: Mapping[str, int] | None = None) -> Facts:
        """Return all facts, now or at the versions given; a table that these do not name did not exist."""
        at: Mapping[str, int | None] = dict.fromkeys(TABLES) if versions is None else versions
        return Facts.of({name: self._columns(name, version) for name, version in at.items()})

    def versions(self) -> dict[str, int]:
        """Return the last version of each table of the contract that exists."""
        opened = {name: self._table(name).open() for name in TABLES}
        return {name: delta.version() for name, delta in opened.items() if delta is not None}

    def data_version(self, versions: Mapping[str, int] | None = None) -> str:
        """Name the facts by their content: 12 hex digits, equal for two lakes that hold the same facts.

        The order of the rows, the number of loads and the place do not matter; an absent table counts as one
        without rows. Commits note the content they lead to; only after another engine wrote or compacted a
        table is it read in full, and remembered while this object lives.
        """
        at = self.versions() if versions is None else versions
        contents = [self._content(name, at[name]) for name in sorted(at)]
        return hashlib.sha256("\n".join(filter(None, contents)).encode()).hexdigest()[:12]

    def history(self, table: str) -> pd.DataFrame:
        """Return the commits of a table, the last first: `version`, `at` (UTC), `operation`, `rows` added."""
        commits = self._table(table).history()
        return pd.DataFrame(
            {
                "version": pd.Series([c["version"] for c in commits], dtype="int64"),
                "at": pd.to_datetime([c["timestamp"] for c in commits], unit="ms", utc=True),
                "operation": pd.Series([c["operation"] for c in commits], dtype="str"),
                "rows": pd.Series([_added(c) for c in commits], dtype="int64"),
            }
        )

    def _columns(self, table: str, version: int | None) -> Columns:
        """Return what `read` returns, made a DataFrame only when somebody asks for one."""
        rows = self._rows(table, version)
        return Columns(no_rows(table)) if rows is None else _arranged(table, rows)

    def _table(self, name: str) -> LakeTable:
        if not _NAME.fullmatch(name):
            raise LakeError(f"lake {self.root}: expected a table name such as touches, got {name!r}.")
        return LakeTable(f"{self.root.rstrip('/')}/{name}", self._options)

    def _rows(self, table: str, version: int | None, where: Any = None) -> pa.Table | None:
        """Read a table as it is at rest, or None where there is none."""
        place = self._table(table)
        delta = place.open(version)
        if delta is None:
            return None
        rows = place.rows(delta, where=where)
        missing = sorted(set(no_rows(table).columns) - set(rows.column_names))
        if missing:
            raise LakeError(
                f"lake table {place.place}: expected the columns {missing} too, got {rows.column_names}. "
                "Something other than Takt wrote this table; name another folder for the lake."
            )
        return rows

    def _content(self, table: str, version: int) -> str:
        """Return the columns and content of a version as text, empty where it has no rows."""
        if (table, version) not in self._contents:
            place = self._table(table)
            delta = place.open(version)
            content = Content(0, 0) if delta is None else content_at(place, delta)
            columns = [] if delta is None else sorted(f"{c.name} {c.type}" for c in place.schema(delta))
            self._contents[table, version] = f"{table} {columns} {content}" if content.rows else ""
        return self._contents[table, version]


def _arranged(table: str, rows: pa.Table) -> Columns:
    """Put columns and rows into the one order that does not depend on how they came in; a log keeps its own."""
    first = list(no_rows(table).columns)
    if not first:
        return Columns(rows)
    further = sorted(set(rows.column_names) - set(first))
    return Columns(rows.select(first + further), by=identity(table))


def _added(commit: Mapping[str, Any]) -> int:
    return int(commit.get("operationMetrics", {}).get("num_added_rows", 0))
