"""The views of a server, written to the audit in the background: at least every second, and when it stops.

A view is in memory until it is written. A server that is killed loses the views of its last second, or of the time for
which somebody else (a run being published) holds the store; never a change, which is written with what it changes.
"""

from __future__ import annotations

import datetime as dt
import logging
import sqlite3
import threading
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine, insert
from sqlalchemy.exc import DBAPIError

from serving.store.audit import COLUMNS, Audit, raw_time
from serving.store.news import News

EVERY: Final = 0.5
"""Seconds between two writings."""
MOST: Final = 50_000
"""Different views in memory; beyond, the server shows nothing more until they are written."""
_SQL: Final = f"insert into audit ({', '.join(COLUMNS)}) values ({', '.join('?' * len(COLUMNS))})"
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class View:
    """What somebody saw or was refused; see `serving.store.audit.Audit`."""

    who: str
    role: str
    how: str
    address: str
    action: str
    what: str
    prospect_id: str | None = None
    run: int | None = None
    places: str | None = None
    prospects: str | None = None


class AuditLog:
    """The views of one server that are not written yet; the same view again is counted, not repeated."""

    def __init__(self, engine: Engine, news: News) -> None:
        self._engine, self._news = engine, news
        self._waiting: dict[View, tuple[dt.datetime, int]] = {}
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def full(self) -> bool:
        """Say whether more views wait than may: what cannot be written down must not be shown."""
        return len(self._waiting) >= MOST

    def saw(self, view: View) -> None:
        """Note a view; it is written within a second."""
        with self._lock:
            first, times = self._waiting.get(view) or (dt.datetime.now(dt.UTC), 0)
            self._waiting[view] = first, times + 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="takt-audit", daemon=True)
                self._thread.start()

    def flush(self) -> bool:
        """Write what waits; False where the store is held by somebody else or away: then it waits on."""
        with self._writing:
            with self._lock:
                batch, self._waiting = self._waiting, {}
            if not batch:
                return True
            rows = [vars(view) | {"at": at, "times": times, "change": None} for view, (at, times) in batch.items()]
            try:
                written = self._write(rows)
            except (DBAPIError, sqlite3.Error, OSError):
                logger.exception("%d views wait to be written to the audit", len(batch))
                written = False
            if not written:
                self._put_back(batch)
            return written

    def close(self, *, patience: float = 10.0) -> None:
        """Write what waits, and stop; views that cannot be written by then are named in the log."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        waited = threading.Event()
        tries = int(patience / EVERY)
        while not self.flush() and tries > 0:
            tries -= 1
            waited.wait(EVERY)
        if self._waiting:
            logger.error("%d views could not be written to the audit: %s", len(self._waiting), list(self._waiting)[:20])

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            self.flush()

    def _put_back(self, batch: dict[View, tuple[dt.datetime, int]]) -> None:
        with self._lock:
            for view, (at, times) in batch.items():
                _, since = self._waiting.get(view) or (at, 0)
                self._waiting[view] = at, times + since

    def _write(self, rows: list[dict[str, Any]]) -> bool:
        if self._news.is_file:
            values = [tuple(raw_time(row[c]) if c == "at" else row[c] for c in COLUMNS) for row in rows]
            return self._news.append(_SQL, values)
        with self._engine.begin() as connection:
            connection.execute(insert(Audit), rows)
        return True
