"""How the store is opened: readers see one snapshot per request, writers wait for each other.

SQLite (the default) runs in WAL mode, so that a reader keeps the state it began with while a run is published.
Python's sqlite3 begins transactions only before writes; here every transaction is begun by us, otherwise two
queries of one request could see two different runs. PostgreSQL readers use REPEATABLE READ for the same end.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import Session

from serving.errors import StoreUnusable
from serving.store.scope import EVERYTHING, Scope, ScopedSession, scoped

BUSY_SECONDS: Final = 15
_WRITES: Final = "takt_writes"


def open_store(url: str) -> Engine:
    """Open the store at a SQLAlchemy URL; the folder of a SQLite file is created, nothing else is touched.

    Raises
    ------
    StoreUnusable
        The folder cannot be made, or the URL's driver is not installed.
    """
    try:
        database = make_url(url).database
        if url.startswith("sqlite") and database:
            Path(database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    except (OSError, ImportError, ArgumentError) as error:
        raise StoreUnusable(
            f"the store cannot be opened: {error}. Set TAKT_STORE_URL or TAKT_HOME to a place that exists."
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def reading(engine: Engine, scope: Scope = EVERYTHING) -> Iterator[Session]:
    """Yield a session in which every query sees the store at one and the same moment, and the rows of `scope`."""
    if engine.dialect.name != "sqlite":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with ScopedSession(engine, autoflush=False) as session:
        scoped(session, scope)
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Yield a connection in one transaction, the only writer of its time; an error inside undoes all of it."""
    with engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            # two publishers of one run must meet here and not at the unique constraint
            connection.execute(text("select pg_advisory_xact_lock(hashtext('takt'))"))
        yield connection


def reachable(engine: Engine) -> str:
    """Say why the store cannot be read; empty when it can."""
    try:
        with engine.connect() as connection:
            connection.execute(text("select count(*) from runs"))
    except DBAPIError as error:
        return str(error.orig)
    return ""


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", f"busy_timeout={BUSY_SECONDS * 1000}", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    # IMMEDIATE: a writer that read first and then finds another writer is refused at once, without waiting
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
