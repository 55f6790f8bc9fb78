"""The raw log of a connected source: every version of every record that was ever seen, kept by dlt in DuckDB.

A pull adds versions to `raw/landing.duckdb`; only when all tables are in is each written as `raw/<table>.parquet`,
which the source's SQL reads. A pull that breaks leaves those files as the last complete one made them. dlt keeps where
reading stopped (`raw/.dlt` and the database itself); what a killed pull had fetched is stored by the next one.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pipelines.sources.connected.errors import ConnectionFailed
from pipelines.sources.connected.landed import Landed
from pipelines.sources.connected.parquet import DATASET, counts, export
from pipelines.sources.errors import SourceError

if TYPE_CHECKING:
    from dlt import Pipeline
    from dlt.extract.resource import DltResource

FILE: Final = "landing.duckdb"
LONGEST_TEXT: Final = 20_000
"""Characters of one value that are kept; a longer one is cut and counted."""

SAMPLE: Final[ContextVar[int | None]] = ContextVar("takt_sample", default=None)
"""Rows of each table that are read at most, while somebody only tries a source; None: everything."""

Type = Literal["text", "timestamp", "double", "bigint", "bool", "date", "json"]
_QUIET: Final = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "CRITICAL",
    # objects one after the other: a broken pull stops at the first, and a quota is not raced for
    "EXTRACT__NEXT_ITEM_MODE": "fifo",
    "EXTRACT__WORKERS": "1",
    "LOAD__WORKERS": "1",
    "LOAD__DELETE_COMPLETED_JOBS": "true",  # no second copy of the rows beside the log
}


def table(
    name: str,
    rows: Callable[[dict[str, Any]], Iterable[Any]],
    *,
    columns: Mapping[str, Type],
    key: Sequence[str] = ("id", "changed_at"),
    replaces: bool = True,
) -> DltResource:
    """Declare one raw table of the log.

    Parameters
    ----------
    name : str
        Name of the table and of its Parquet file, in lower case.
    rows : callable
        Given the state that the last complete pull left (a dict to change in place, kept as JSON once all rows of the
        pull are in), yields rows (dict) or lists of rows. It asks only for what is new since that state.
    columns : mapping of str to Type
        All columns in lower case, so that they are there even where no row has a value. `text` is kept as text,
        whatever it looks like.
    key : sequence of str
        Columns that name one version of one record.
    replaces : bool
        Whether a version that comes again takes the place of the one that is there; if not, the first one stays.
    """
    _quiet()
    import dlt

    resource: DltResource = dlt.resource(
        _asked(rows),
        name=name,
        write_disposition={"disposition": "merge", "strategy": "delete-insert" if replaces else "insert-only"},
        primary_key=list(key),
        columns={c: {"data_type": t, "nullable": c not in key} for c, t in columns.items()},
        max_table_nesting=0,
    )
    return resource


def land(raw: Path, name: str, resources: Sequence[DltResource]) -> Landed:
    """Read what is new in a system into its raw log, and write the log's tables as Parquet files.

    Parameters
    ----------
    raw : Path
        Folder of the raw files of this source; made if absent.
    name : str
        Name of the source, in lower case; the name of dlt's pipeline.
    resources : sequence of DltResource
        From `table`, or dlt's own (`sql_database`) with `write_disposition="merge"` and a primary key.

    Returns
    -------
    Landed
        Rows read and new of each table. It is also kept as `raw/landed.json`.

    Raises
    ------
    ConnectionFailed
        The system did not answer as it should; the kind says how.
    SourceError
        The log cannot be read or written, for example because another pull is running.
    """
    _quiet()
    raw.mkdir(parents=True, exist_ok=True)
    names = [resource.name for resource in resources]
    read: Counter[str] = Counter()
    cut: Counter[str] = Counter()
    for resource in resources:
        if (most := SAMPLE.get()) is not None:
            resource.add_limit(most, count_rows=True)
        resource.add_map(_counting(resource.name, read, cut))
    before = _run(raw, name, resources)
    after = export(raw, raw / FILE, names, {r.name: _declared(r) for r in resources})
    landed = Landed.of(name, read=read, new={n: after[n] - before.get(n, 0) for n in names}, kept=after, cut=cut)
    landed.write(raw)
    return landed


def _run(raw: Path, name: str, resources: Sequence[DltResource]) -> dict[str, int]:
    """Run dlt; return how many rows each table had before."""
    import dlt
    from dlt.extract.source import DltSource
    from dlt.pipeline.exceptions import PipelineStepFailed

    database = (raw / FILE).absolute()
    before = counts(database)
    schema = dlt.Schema(name)
    schema.remove_type_detection("iso_timestamp")
    try:
        _complete(_pipeline(raw, name))
        _pipeline(raw, name).run(DltSource(schema, name, list(resources)))
    except PipelineStepFailed as error:
        raise _underneath(error, name) from error
    finally:
        _pipeline(raw, name).deactivate()
        (raw / ".dlt" / name / "trace.pickle").unlink(missing_ok=True)  # nothing here reads a pickle
    return before


def _complete(pipeline: Pipeline) -> None:
    """Store what a killed pull had fetched; not by `run`, which forgets it while nothing has been stored yet."""
    if pipeline.list_extracted_load_packages():
        pipeline.normalize()
    if pipeline.list_normalized_load_packages():
        pipeline.load()


def _pipeline(raw: Path, name: str) -> Pipeline:
    import dlt

    return dlt.pipeline(
        name,
        pipelines_dir=str((raw / ".dlt").absolute()),
        destination=dlt.destinations.duckdb(str((raw / FILE).absolute())),
        dataset_name=DATASET,
    )


def _underneath(error: BaseException, name: str) -> SourceError:
    """Find our own error below dlt's, or word what dlt met."""
    last: BaseException = error
    while True:
        inner = getattr(last, "exception", None) or last.__cause__ or last.__context__
        if not isinstance(inner, BaseException) or inner is last:
            break
        last = inner
        if isinstance(last, SourceError):
            return last
    text = " ".join(str(last).split())[:300]
    return SourceError(
        f"{name}: what was pulled could not be kept ({type(last).__name__}: {text}). The raw files of the "
        "last complete pull are untouched; pull again. If it stays so, move the folder raw away and pull anew."
    )


def _asked(rows: Callable[[dict[str, Any]], Iterable[Any]]) -> Callable[[], Iterable[Any]]:
    def asked() -> Iterable[Any]:
        import dlt

        yield from rows(dlt.current.resource_state())

    return asked


def _declared(resource: DltResource) -> Mapping[str, Mapping[str, Any]]:
    """Return the columns that a resource declares; those of dlt's own resources are known only once there are rows."""
    columns = resource.columns
    return dict(columns) if isinstance(columns, Mapping) else {}


def _counting(name: str, read: Counter[str], cut: Counter[str]) -> Callable[[Any], Any]:
    """Return what counts each row on its way and cuts texts that are too long."""

    def count(row: Any) -> Any:
        if not isinstance(row, dict):  # dlt's own tables (Arrow) come as batches
            read[name] += getattr(row, "num_rows", 1)
            return row
        read[name] += 1
        long = [c for c, v in row.items() if isinstance(v, str) and len(v) > LONGEST_TEXT]
        cut[name] += len(long)
        return {**row, **{c: row[c][:LONGEST_TEXT] for c in long}} if long else row

    return count


def _quiet() -> None:
    """Set dlt's defaults before it is imported; the environment may say otherwise."""
    for key, value in _QUIET.items():
        os.environ.setdefault(key, value)


__all__ = ["FILE", "LONGEST_TEXT", "ConnectionFailed", "Landed", "Type", "land", "table"]
