"""Whether anything was written to the store since: asked before every kept answer, so it must cost next to nothing.

SQLite counts for each connection the changes that others have committed (`PRAGMA data_version`); asking takes some
microseconds and reads no table. Other databases have nothing of the kind, so there nothing is kept by it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Hashable
from pathlib import Path
from threading import Lock

from sqlalchemy import Engine


class News:
    """Tells states of one store apart, by a connection of its own that never writes."""

    def __init__(self, engine: Engine) -> None:
        file = engine.url.database if engine.dialect.name == "sqlite" else None
        self._file = Path(file) if file and file != ":memory:" else None
        self._held: tuple[tuple[int, int], sqlite3.Connection] | None = None
        self._opened = 0
        self._lock = Lock()

    def stamp(self) -> Hashable | None:
        """Return a value that stays the same for as long as nobody has written to the store; None: cannot tell.

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

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._held is not None:
                self._held[1].close()
            self._held = None

    def _connection(self, file: Path) -> sqlite3.Connection:
        found = file.stat()
        identity = (found.st_dev, found.st_ino)
        if self._held is None or self._held[0] != identity:
            if self._held is not None:
                self._held[1].close()
            uri = f"{file.absolute().as_uri()}?mode=ro"
            self._held = identity, sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
            self._opened += 1
        return self._held[1]
