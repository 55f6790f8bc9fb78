"""Reading a database by dlt's `sql_database`: looked at before anything is taken, then only what is new."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from pipelines.sources.connected.errors import SourceChanged, SourceRefused, SourceUnavailable
from pipelines.sources.connected.landed import Landed
from pipelines.sources.connected.landing import Type, land, table
from pipelines.sources.errors import SourceError
from pipelines.sources.sql.gone import gone
from pipelines.sources.sql.tables import DELETIONS, Read, Wanted
from pipelines.steps.moments import now

if TYPE_CHECKING:
    from dlt.extract.resource import DltResource

SOURCE: Final = "sql"
SEEN: Final = "columns.json"
"""The types of the columns at the last pull, in the folder of the raw files."""
Types = Mapping[str, Mapping[str, str]]
"""The type of each column of each table, in the database's words."""
_REFUSED: Final = ("password", "authentication", "permission denied", "access denied", "not permitted", "no pg_hba")


class SqlSettings(BaseSettings):
    """Where the database is, from `TAKT_SQL_...`.

    Attributes
    ----------
    url : str
        SQLAlchemy URL, with its password; never written anywhere.
    overlap_s : float
        How far behind the last change that was seen reading begins again: a transaction may stamp its rows long before
        others can see them.
    chunk : int
        Rows fetched at once.
    """

    model_config = SettingsConfigDict(env_prefix="TAKT_SQL_", frozen=True, env_ignore_empty=True, extra="ignore")

    url: SecretStr = SecretStr("")
    overlap_s: float = Field(default=900, ge=0)
    chunk: int = Field(default=20_000, ge=1)


def read_database(raw: Path, wanted: Wanted, settings: SqlSettings, *, place: Path) -> Landed:
    """Add to the raw log what the database has that it lacks.

    Parameters
    ----------
    place : Path
        The file that says what is wanted, for messages.

    Raises
    ------
    SourceRefused, SourceUnavailable, SourceChanged
        The database refuses us, cannot be reached, or is not what tables.yaml says.
    SourceError
        No driver, no URL, or the log cannot be kept.
    """
    engine = _engine(settings)
    try:
        with _worded(engine):
            present, types = _look(engine, wanted, raw, place)
            compared = {name: one for name, one in present.items() if one.deleted}
            deletions = _deletions(gone(engine, compared, raw, now()))  # first: it sets dlt's defaults
            resources = [_resource(name, one, engine, settings) for name, one in present.items()]
            landed = land(raw, SOURCE, [*resources, deletions])
        _keep_seen(raw, types)
        return landed
    finally:
        engine.dispose()


def _engine(settings: SqlSettings) -> sa.Engine:
    url = settings.url.get_secret_value()
    if not url:
        raise SourceRefused("sql: no address; set TAKT_SQL_URL to a SQLAlchemy URL such as postgresql+psycopg://...")
    try:
        return sa.create_engine(url, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise SourceError(
            f"sql: TAKT_SQL_URL cannot be used: {type(error).__name__}; is its driver installed?"
        ) from None


@contextmanager
def _worded(engine: sa.Engine) -> Iterator[None]:
    """Turn a driver's error, wherever it was met, into an outcome with a name; its text is told, never the password."""
    try:
        yield
    except (SourceError, DBAPIError) as error:
        found = _driver_error(error)
        if found is None:
            raise
        raise _outcome(engine.url.render_as_string(hide_password=True), found) from error


def _driver_error(error: BaseException | None) -> DBAPIError | None:
    """Look for the driver's error along the causes; dlt wraps it."""
    while error is not None and not isinstance(error, DBAPIError):
        error = getattr(error, "exception", None) or error.__cause__ or error.__context__
    return error


def _outcome(where: str, error: DBAPIError) -> SourceError:
    text = " ".join(str(error.orig).split())[:300]
    if any(word in text.lower() for word in _REFUSED):
        return SourceRefused(
            f"sql: {where} refused us: {text}. Look at user and password in TAKT_SQL_URL, and whether the user may "
            "read the tables; nothing was taken."
        )
    return SourceUnavailable(
        f"sql: {where} did not answer as it should: {text}. The raw files of the last complete pull are untouched; the "
        "next one begins where that one ended."
    )


def _look(engine: sa.Engine, wanted: Wanted, raw: Path, place: Path) -> tuple[dict[str, Read], Types]:
    """Return the tables that are there and their types, after a look at columns and missing change times."""
    inspector, present, types = sa.inspect(engine), {}, {}
    for name, one in wanted.items():
        schema, known = one.place
        if not (inspector.has_table(known, schema) or known in inspector.get_view_names(schema)):
            if one.optional:
                continue
            raise SourceChanged(
                f"sql: there is no table or view {one.table!r} (for {name}). It was renamed or dropped, or {place} is "
                f"wrong; there are {', '.join(sorted(inspector.get_table_names(schema))[:20]) or 'none'}."
            )
        columns = {
            c["name"]: str(c["type"]) for c in inspector.get_columns(known, schema) if c["name"] not in one.without
        }
        lacking = [c for c in one.columns if c not in columns]
        if lacking:
            raise SourceChanged(
                f"sql: {one.table} has no column {', '.join(lacking)}; it has {', '.join(columns)}. Correct {place}."
            )
        present[name], types[name] = one, columns
        _refuse_unstamped(engine, one)
    _refuse_other_columns(types, wanted, raw)
    return present, types


def _refuse_unstamped(engine: sa.Engine, one: Read) -> None:
    schema, known = one.place
    stamp: sa.ColumnClause[Any] = sa.column(one.changed_at)
    query = sa.select(sa.func.count()).select_from(sa.table(known, schema=schema)).where(stamp.is_(None))
    with engine.connect() as connection:
        empty = connection.execute(query).scalar_one()
    if empty:
        raise SourceChanged(
            f"sql: {one.changed_at} is missing in {empty:,} rows of {one.table}; such rows would never be read. Fill "
            "it, or name a view that does (`coalesce(updated_at, created_at)`)."
        )


def _refuse_other_columns(types: Types, wanted: Wanted, raw: Path) -> None:
    """Refuse a column that is gone since the last pull, or has another type."""
    before = _seen(raw)
    there = [
        (name, column, was)
        for name, columns in before.items() if name in types
        for column, was in columns.items() if column not in wanted[name].without
    ]  # fmt: skip
    lost = [f"{name}.{column}" for name, column, _ in there if column not in types[name]]
    if lost:
        raise SourceChanged(
            f"sql: {', '.join(lost)} was there at the last pull and is not now. A column that was renamed would be "
            "empty from here on in silence: name it in the .sql as it is called now and pull everything anew (move the "
            f"folder {raw} away); one that was dropped for good is named in tables.yaml (`without: [...]`)."
        )
    moved = [
        f"{name}.{column} ({was} before, {types[name][column]} now)"
        for name, column, was in there if types[name][column] != was
    ]  # fmt: skip
    if moved:
        raise SourceChanged(
            f"sql: the type changed of {', '.join(moved)}. Old and new values cannot stand in one column: look whether "
            f"the .sql still means the same, then move the folder {raw} away and pull everything anew."
        )


def _seen(raw: Path) -> Types:
    file = raw / SEEN
    found: Types = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found


def _keep_seen(raw: Path, types: Types) -> None:
    """Note what a complete pull saw; what a broken one saw is no measure for the next."""
    text = json.dumps({**_seen(raw), **types}, indent=1, sort_keys=True)
    scratch = raw / f".{SEEN}"
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(raw / SEEN)


def _deletions(missing: list[dict[str, object]]) -> DltResource:
    columns: dict[str, Type] = {"of_table": "text", "id": "text", "found_at": "timestamp"}
    return table(DELETIONS, lambda _state: missing, columns=columns, key=tuple(columns))


def _resource(name: str, one: Read, engine: sa.Engine, settings: SqlSettings) -> DltResource:
    import dlt
    from dlt.sources.sql_database import sql_table

    schema, known = one.place
    key = [*one.key, *([] if one.changed_at in one.key else [one.changed_at])]
    # in quotes: the name of a column is no path
    stamped: Any = dlt.sources.incremental(
        f'"{one.changed_at}"', primary_key=key, lag=settings.overlap_s, row_order="asc"
    )
    resource: DltResource = sql_table(
        credentials=engine, table=known, schema=schema, incremental=stamped, chunk_size=settings.chunk,
        primary_key=key, write_disposition={"disposition": "merge", "strategy": "delete-insert"},
        query_adapter_callback=_ordered(one.changed_at), excluded_columns=list(one.without),
    )  # fmt: skip
    return resource.with_name(name).add_map(_storable)


def _storable(row: dict[str, Any]) -> dict[str, Any]:
    """Write a span of time, which the log has no type for, as seconds."""
    return {c: v.total_seconds() if isinstance(v, dt.timedelta) else v for c, v in row.items()}


def _ordered(column: str) -> Any:
    """Return what orders a query by the change time, so that a pull that breaks has read a beginning."""

    def adapt(query: Any, _table: Any, *_more: Any) -> Any:
        return query.order_by(None).order_by(sa.column(column))

    return adapt
