"""What happens to rows on their way into the lake: which are new, which changed, what they amount to.

Set operations on Arrow tables by DuckDB, in memory: tens of millions of rows at the speed of a scan.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa


def unseen(rows: pa.Table, known: pa.Table, identity: tuple[str, ...]) -> pa.Table:
    """Return the rows whose identity is not in `known`, in the order given.

    Of several rows with one identity the last one given is taken, as `ledger.current` does.

    Parameters
    ----------
    rows : pyarrow.Table, shape (n, n_columns)
    known : pyarrow.Table
        Has at least the identity columns, in the same types.
    identity : tuple of str
        Columns that together name a row. A missing value is a value like any other: the same only as a missing one.
    """
    same, names = _same("i", "k", identity), ", ".join(f'i."{column}"' for column in identity)
    with duckdb.connect(":memory:") as database:
        database.register("incoming", _numbered(rows, identity))
        database.register("known", known)
        new = database.sql(
            f"select max(row_) as row_ from incoming i anti join known k on {same} group by {names} order by row_"
        )
        return rows.take(new.to_arrow_table()["row_"])


def differing(rows: pa.Table, known: pa.Table, identity: tuple[str, ...]) -> pa.Array:
    """Return the positions of rows whose identity is in `known` with another content.

    Columns that only one side has count as missing on the other.
    """
    compared = [c for c in dict.fromkeys([*rows.column_names, *known.column_names]) if c not in identity]
    unequal = " or ".join(f"{_of('i', rows, c)} is distinct from {_of('k', known, c)}" for c in compared)
    with duckdb.connect(":memory:") as database:
        database.register("incoming", _numbered(rows, tuple(rows.column_names)))
        database.register("known", known)
        found = database.sql(
            f"select i.row_ from incoming i join known k on {_same('i', 'k', identity)} "
            f"where {unequal or 'false'} order by i.row_"
        )
        return found.to_arrow_table()["row_"].combine_chunks()


@dataclass(frozen=True)
class Content:
    """How many rows a table has and the sum of their hashes, in whatever order, files and commits they stand.

    Each row is written as `column=length:text;` for its values that are not missing, by column name, and the
    lower half of its MD5 is added up. Contents of disjoint sets of rows add up too, so a commit notes the
    content of the whole table without reading it.
    """

    rows: int
    total: int

    @classmethod
    def of(cls, table: pa.Table) -> Content:
        """Hash all rows of a table: some seconds for ten million."""
        row = " || ".join(_written(name, table.schema.field(name).type) for name in sorted(table.column_names))
        with duckdb.connect(":memory:") as database:
            database.register("rows", table)
            query = f"select count(*), coalesce(sum(md5_number_lower({row})::hugeint), 0) from rows"
            return cls(*database.sql(query).fetchall()[0])

    @classmethod
    def noted(cls, text: str) -> Content:
        """Read a content as it was written by `str`."""
        rows, total = text.split(":")
        return cls(int(rows), int(total))

    def __add__(self, other: Content) -> Content:
        return Content(self.rows + other.rows, self.total + other.total)

    def __str__(self) -> str:
        return f"{self.rows}:{self.total}"


def _numbered(rows: pa.Table, columns: tuple[str, ...]) -> pa.Table:
    return rows.select(columns).append_column("row_", pa.array(np.arange(rows.num_rows)))


def _same(one: str, other: str, columns: tuple[str, ...]) -> str:
    return " and ".join(f'{one}."{column}" is not distinct from {other}."{column}"' for column in columns)


def _of(side: str, table: pa.Table, column: str) -> str:
    return f'{side}."{column}"' if column in table.column_names else "null"


def _written(name: str, type_: pa.DataType) -> str:
    text = f'epoch_us("{name}")' if pa.types.is_timestamp(type_) else f'"{name}"'
    if pa.types.is_string(type_):
        text = f"strlen({text}) || ':' || {text}"
    return f"coalesce('{name}=' || {text} || ';', '')"
