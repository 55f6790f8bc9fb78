"""Raw files -> contract: run the SQL of a source over a folder of files and apply the contract.

The question answered here: *which facts does this source deliver?* Nothing is published from here;
`Mapped.raise_if_exceeded` is the stop before publishing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import duckdb
import pandas as pd

from features.facts.contract import TABLES, Checked, check, empty
from features.facts.definitions import Definitions, load
from features.facts.ledger import check_references
from pipelines.sources.csv_files import MAX_LINE_BYTES
from pipelines.sources.database import connect, lock, select
from pipelines.sources.errors import SourceError
from pipelines.sources.explaining import Asked, explain
from pipelines.sources.folders import SourceFolder
from pipelines.sources.growing import Parts
from pipelines.sources.mapped import Mapped, reasons
from pipelines.sources.reading import RawTable, load_table, locate, missing_file, raw_files
from pipelines.sources.statements import Query, read_query

_LEFT_OUT: Final = ("table", "reason", "rows")


def map_source(
    source: SourceFolder,
    data: Path,
    *,
    max_line_bytes: int = MAX_LINE_BYTES,
    sampled: bool = False,
    parts: Parts | None = None,
) -> Mapped:
    """Run the SQL of a source over a folder of raw files and apply the contract.

    Parameters
    ----------
    source : SourceFolder
        Where definitions and SQL stand.
    data : Path
        The folder of CSV, Parquet and XLSX files; only those that the SQL names are opened.
    max_line_bytes : int
        A CSV with a longer line is refused.
    sampled : bool
        Whether the files are a sample: then rows that point at something which is not in it are not set aside for it.
    parts : Parts, optional
        Where the parsed parts of tables of a folder that grows are kept.

    Returns
    -------
    Mapped
        All nine tables; times are UTC. The rows are in the order of their columns, whatever
        order the files have.

    Raises
    ------
    SourceError
        A file is missing or unreadable, the SQL does not fit it, or there is no prospect at all.
    ContractError
        A mapped table breaks the contract as a whole.
    DefinitionsError
        definitions.yaml is wrong.
    """
    definitions = load(source.definitions)
    queries = {name: read_query(path) for name, path in source.tables.items()}
    raw_files(data)
    skipped = tuple(name for name, q in queries.items() if q.optional and _absent(q, data))
    asked = {name: q for name, q in queries.items() if name not in skipped}
    counting = {"left_out": read_query(source.left_out)} if source.left_out else {}
    parts = parts or Parts()
    frames = _run({**asked, **counting}, data, max_line_bytes, parts)
    parts.close(data)
    left_out = _counted(frames.pop("left_out", None), counting)
    tables = _check(frames, asked, definitions)
    _refuse_nobody(tables["prospects"], asked["prospects"])
    checked = tables if sampled else check_references(tables)
    _refuse_nobody(checked["prospects"], asked["prospects"])
    _refuse_undelivered(definitions, checked, source)
    return Mapped(source.name, definitions, checked, left_out, skipped)


def _absent(query: Query, data: Path) -> bool:
    return any(locate(name, data) is None for name in query.tables)


def _run(queries: Mapping[str, Query], data: Path, max_line_bytes: int, parts: Parts) -> dict[str, pd.DataFrame]:
    """Load what the queries name, close the doors, and run them."""
    reads = {name: _located(query, data) for name, query in queries.items()}
    wanted = dict.fromkeys(table for tables in reads.values() for table in tables)
    with connect() as con:
        raw = {table: load_table(con, table, max_line_bytes=max_line_bytes, parts=parts) for table in wanted}
        lock(con)
        asked = {n: Asked(q, {t: raw[t] for t in reads[n]}, con) for n, q in queries.items()}
        return {name: _select(one) for name, one in asked.items()}


def _located(query: Query, data: Path) -> list[RawTable]:
    found = {name: locate(name, data) for name in query.tables}
    for name, table in found.items():
        if table is None:
            raise missing_file(name, data, query.origin)
    return [table for table in found.values() if table]


def _select(asked: Asked) -> pd.DataFrame:
    try:
        return select(asked.con, asked.query)
    except duckdb.Error as error:
        raise explain(error, asked) from error


def _check(
    frames: Mapping[str, pd.DataFrame], queries: Mapping[str, Query], definitions: Definitions
) -> dict[str, Checked]:
    """Apply the contract to every table, the absent ones as empty tables."""
    return {
        name: check(name, frames[name], origin=queries[name].origin, kinds=definitions.kinds)
        if name in frames
        else check(name, empty(name))
        for name in TABLES
    }


def _counted(frame: pd.DataFrame | None, counting: Mapping[str, Query]) -> pd.DataFrame:
    if frame is None:
        return pd.DataFrame(columns=list(_LEFT_OUT))
    if tuple(frame.columns) != _LEFT_OUT or not set(frame["table"]) <= set(TABLES):
        raise SourceError(
            f"{counting['left_out'].origin}: expected the columns {', '.join(_LEFT_OUT)}, with tables of the "
            f"contract; got {list(frame.columns)} and {sorted(set(frame.iloc[:, 0].astype('str')))}."
        )
    return frame[frame["rows"] > 0].reset_index(drop=True)


def _refuse_nobody(prospects: Checked, query: Query) -> None:
    if prospects.good.empty:
        why = "; ".join(f"{r} ({n})" for r, n in reasons(prospects).items())
        raise SourceError(
            f"{query.origin}: nobody to rank, 0 usable prospects of {len(prospects.quarantined)} rows"
            f"{f': {why}' if why else ''}. Look whether the file has rows and the .sql keeps them."
        )


def _refuse_undelivered(definitions: Definitions, checked: Mapping[str, Checked], source: SourceFolder) -> None:
    """Refuse an attribute that no table delivers, or that is declared a number and comes as text."""
    delivered = {c: t.good[c] for t in (checked["accounts"], checked["prospects"]) for c in t.good.columns}
    changing = set(checked["attribute_changes"].good["name"])
    for attribute in definitions.attributes:
        column = delivered.get(attribute.name)
        if column is None and attribute.name not in changing:
            raise SourceError(
                f"{source.name}/definitions.yaml: declares the attribute {attribute.name!r}, which neither "
                "prospects.sql nor accounts.sql returns; add the column there, or take the attribute out."
            )
        if (
            column is not None
            and attribute.type == "number"
            and column.notna().any()
            and not pd.api.types.is_numeric_dtype(column)
        ):
            raise SourceError(
                f"{source.name}/definitions.yaml: the attribute {attribute.name!r} is a number, but the .sql "
                f"returns {column.dtype}; write `cast({attribute.name} as double) as {attribute.name}`."
            )
