"""Whether anything was written to the store since: asked before every kept answer, so it must cost next to nothing.

SQLite counts for each connection the changes that others have committed (`PRAGMA data_version`); asking takes some
microseconds and reads no table. PostgreSQL tells which transactions a reader sees now (`pg_current_snapshot()`): two
readers with the same snapshot see the same rows, whatever process wrote them and whatever it wrote. Asking takes one
way to the server and back, which those who ask at the same time share. Other databases have nothing of the kind, so
there nothing is kept by it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Hashable
from pathlib import Path
from threading import Lock
from typing import Any, Final

from sqlalchemy import Engine

PATIENCE: Final = 2.0
"""Seconds to wait for PostgreSQL's word; then the answer is made anew."""


class News:
    """Tells states of one store apart, by a connection of its own; what is appended through it is no news."""

    def __init__(self, engine: Engine) -> None:
        file = engine.url.database if engine.dialect.name == "sqlite" else None
        self._file = Path(file) if file and file != ":memory:" else None
        self._held: tuple[tuple[int, int], sqlite3.Connection] | None = None
        self._opened = 0
        self._lock = Lock()
        self._snapshots = Snapshots(engine) if engine.dialect.driver == "psycopg" else None

    async def now(self) -> Hashable | None:
        """Return a value that stays the same for as long as nobody has written to the store; None: cannot tell.

        What is read after it was asked for is never older than the state that it stands for.
        """
        return self.stamp() if self._snapshots is None else await self._snapshots.now()

    def stamp(self) -> Hashable | None:
        """Return what `now` does, where that needs no waiting (SQLite); None elsewhere.

        A file that was put in the place of another one (restored from a copy) is another store.
        """
        if self._file is None:
            return None
        try:
            with self._lock:
                connection = self._connection(self._file)
                return self._opened, connection.execute("PRAGMA data_version").fetchone()[0]
        except (OSError, sqlite3.Error):
            # the answer itself will say what is wrong with the store
            return None

    @property
    def is_file(self) -> bool:
        """Say whether the store is a SQLite file."""
        return self._file is not None

    def append(self, statement: str, rows: list[tuple[Any, ...]]) -> bool:
        """Write rows that no answer is made of, and that therefore are no news; False while somebody else writes.

        `PRAGMA data_version` does not count what its own connection writes.
        """
        if self._file is None:
            return False
        with self._lock:
            connection = self._connection(self._file)
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as held:
                if held.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                    return False
                raise
            try:
                connection.executemany(statement, rows)
                connection.execute("COMMIT")
            except sqlite3.Error:
                connection.execute("ROLLBACK")
                raise
        return True

    def close(self) -> None:
        """Let go of the store."""
        with self._lock:
            if self._held is not None:
                self._held[1].close()
            self._held = None
        if self._snapshots is not None:
            self._snapshots.close()

    def _connection(self, file: Path) -> sqlite3.Connection:
        found = file.stat()
        identity = (found.st_dev, found.st_ino)
        if self._held is None or self._held[0] != identity:
            if self._held is not None:
                self._held[1].close()
            uri = f"{file.absolute().as_uri()}?mode=rw"
            opened = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None, timeout=0)
            opened.execute("PRAGMA synchronous=NORMAL")  # nobody who reads a page waits for the disk
            self._held = identity, opened
            self._opened += 1
        return self._held[1]


class Snapshots:
    """Which transactions of a PostgreSQL are seen now; asked on the event loop, without keeping it waiting."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Any = None
        self._opened = 0
        self._asking: asyncio.Task[Hashable | None] | None = None
        self._next: asyncio.Task[Hashable | None] | None = None

    async def now(self) -> Hashable | None:
        """Return the snapshot of a moment after this call.

        A question that is on its way may have been answered already, so whoever comes meanwhile waits for the next.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._after(self._asking))
        # one of several who wait may leave
        return await asyncio.shield(self._next)

    async def _after(self, before: asyncio.Task[Hashable | None] | None) -> Hashable | None:
        if before is not None and not before.done():
            await asyncio.wait([before])
        self._asking, self._next = self._next, None
        return await self._asked()

    async def _asked(self) -> Hashable | None:
        import psycopg

        try:
            async with asyncio.timeout(PATIENCE):
                if self._connection is None:
                    await self._connect()
                found = await self._connection.execute("select pg_current_snapshot()::text", prepare=True)
                return self._opened, (await found.fetchone())[0]
        except (psycopg.Error, OSError, TimeoutError):
            # the answer itself will say what is wrong with the store
            self.close()
            return None

    async def _connect(self) -> None:
        import psycopg

        given, named = self._engine.dialect.create_connect_args(self._engine.url)
        self._connection = await psycopg.AsyncConnection.connect(*given, **named, autocommit=True)
        self._opened += 1

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.pgconn.finish()
        self._connection = None
