"""One at a time in one home: a lock that ends with whoever holds it, and a note that says who that is.

Prefect's concurrency limits see only the runs of one server. A `takt daily` typed by hand while the scheduled one
works is none of these, so what must not happen twice at once also takes a lock in the home (`locks/<name>.lock`). It
is the operating system's own (flock): a process that is killed lets go of it, and a note left behind holds nobody up.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from features.errors import TaktError

FOLDER: Final = "locks"
_WAITS: Final = (0.1, 0.5, 2.0, 5.0)
"""Seconds between two looks at a lock that somebody holds; the last one again and again, until patience ends."""


_MINE: set[tuple[Path, int]] = set()
"""Locks that this process holds, each with the thread that took it: what is begun inside need not ask again."""


class Busy(TaktError):
    """Somebody else does in this home what may be done by one at a time; the text says who, and since when."""


@dataclass(frozen=True)
class Holder:
    """Who holds a lock: what it does, its process, and since when (ISO 8601, UTC)."""

    doing: str
    pid: int
    since: str
    scheduled: bool = False

    @property
    def words(self) -> str:
        """Name the holder."""
        of = "a scheduled run" if self.scheduled else "a command"
        return f"{self.doing} ({of}, process {self.pid}, since {self.since})"


@contextmanager
def alone(home: Path, name: str, *, doing: str = "", patience: float = 0.0, scheduled: bool = False) -> Iterator[None]:
    """Do something that no other process of this home does at the same time; inside it the same lock is no hindrance.

    Parameters
    ----------
    home : Path
        The folder of the company; it is made when absent.
    name : str
        What is locked, for example `daily`.
    doing : str
        What the note says is being done; by default the name.
    patience : float
        Seconds to wait for somebody else to end; 0 does not wait.
    scheduled : bool
        Whether this is a run of the schedule, for the note.

    Raises
    ------
    Busy
        Somebody else holds it, and still did when patience ended.
    """
    place = lock_of(home.absolute(), name)
    mine = place, threading.get_ident()
    if mine in _MINE:
        yield
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    doing = doing or name
    with place.open("a+", encoding="utf-8") as lock:
        if not _taken(lock.fileno(), patience):
            who = holder(home, name)
            raise Busy(
                f"{doing} cannot begin: in {home} {'somebody' if who is None else who.words} is at work. "
                "Two at once would do the same work twice. Wait until it has ended, then run this again."
            )
        note = Holder(doing, os.getpid(), dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), scheduled)
        lock.truncate(0)
        lock.write(json.dumps(asdict(note)))
        lock.flush()
        _MINE.add(mine)
        try:
            yield
        finally:
            _MINE.discard(mine)
            lock.truncate(0)


def lock_of(home: Path, name: str) -> Path:
    """Return the place of a lock."""
    return home / FOLDER / f"{name}.lock"


def holder(home: Path, name: str) -> Holder | None:
    """Say who holds a lock now; None: nobody, or it cannot be read (somebody is just taking it)."""
    place = lock_of(home, name)
    try:
        with place.open(encoding="utf-8") as lock:
            if _free(lock.fileno()):
                return None
            return Holder(**json.loads(lock.read()))
    except (OSError, ValueError, TypeError):
        return None


def held(home: Path, name: str) -> bool:
    """Say whether anybody holds a lock now."""
    try:
        with lock_of(home, name).open(encoding="utf-8") as lock:
            return not _free(lock.fileno())
    except OSError:
        return False


def _free(descriptor: int) -> bool:
    """Look whether nobody holds it exclusively; the look itself is a shared lock that is given back at once."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return True


def _taken(descriptor: int, patience: float) -> bool:
    """Take the lock within `patience` seconds; a look of somebody else (`_free`) may stand in the way for a moment."""
    until = time.monotonic() + max(patience, 0.3)
    for tries in range(1_000_000):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            left = until - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(left, _WAITS[min(tries, len(_WAITS) - 1)]))
        else:
            return True
    return False
