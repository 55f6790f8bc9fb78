"""The book of pulls: every try to pull a source, what came and what broke; a line each in the home.

It is what tells a feed that stopped from a file that ended: a source is live if some pull found its newest row at most
`FRESH` old.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import pandas as pd

from features.errors import TaktError
from models.evidence.watching.watched import PULLS, nothing
from pipelines.home import Home
from pipelines.steps import moments

FILE: Final = "pulls.jsonl"
FRESH: Final = pd.Timedelta(days=7)
KEPT: Final = 2000
"""Pulls that are read: 83 days of hourly ones."""


@dataclass
class Pull:
    """One try.

    Attributes
    ----------
    at : str
        ISO, UTC: when it ended.
    ok : bool
        Whether all of it is in the lake.
    rows : mapping of table to (rows that came, rows set aside)
    newest : str
        ISO, UTC: when the newest row was recorded; empty where that is not known.
    failed : str
        What was said about the failure.
    """

    source: str
    at: str = ""
    ok: bool = False
    rows: dict[str, tuple[int, int]] = field(default_factory=dict)
    newest: str = ""
    failed: str = ""

    def came(self, summary: pd.DataFrame, newest: pd.Timestamp | None) -> None:
        """Note what was mapped (`Mapped.summary`) and when its newest row was recorded."""
        counts = zip(summary["table"], summary["rows"], summary["quarantined"], strict=True)
        self.rows = {str(name): (int(n), int(bad)) for name, n, bad in counts}
        self.newest = "" if newest is None else newest.isoformat()


@contextmanager
def noted(home: Home, source: str) -> Iterator[Pull]:
    """Note a pull when it ends, however it ends; an error goes on its way."""
    made = Pull(Path(source).name)
    try:
        yield made
        made.ok = True
    except TaktError as error:
        made.failed = str(error)
        raise
    except BaseException as error:
        made.failed = f"{type(error).__name__}: {error}"
        raise
    finally:
        made.at = moments.now().isoformat()
        _note(home, made)


def pulls(home: Home) -> list[Pull]:
    """Return the last tries, the first first."""
    place = home.path / FILE
    lines = place.read_text(encoding="utf-8").splitlines() if place.exists() else []
    return [made for line in lines[-KEPT:] if (made := _read(line)) is not None]


def as_table(made: list[Pull], before: pd.Timestamp) -> pd.DataFrame:
    """Return the tries before a moment as the watch wants them (`watched.PULLS`)."""
    rows = [
        (pd.Timestamp(one.at), one.ok, table, float(n), float(bad))
        for one in made
        if pd.Timestamp(one.at) <= before
        for table, (n, bad) in (one.rows.items() if one.ok and one.rows else (("", (0, 0)),))
    ]
    empty = nothing(PULLS)
    return pd.DataFrame(rows, columns=list(PULLS)).astype(empty.dtypes.to_dict()) if rows else empty


def is_live(made: list[Pull]) -> bool:
    """Say whether some pull found rows that were fresh then."""
    return any(one.newest and pd.Timestamp(one.at) - pd.Timestamp(one.newest) <= FRESH for one in reversed(made))


def _note(home: Home, made: Pull) -> None:
    """Append a try; where nothing may be written, the pull itself says so."""
    if not home.path.is_dir():
        return
    with (home.path / FILE).open("a", encoding="utf-8") as book:
        # begun on a line of its own: the one before may have been cut off by a kill
        book.write("\n" + json.dumps(asdict(made), sort_keys=True) + "\n")
        book.flush()
        os.fsync(book.fileno())


def _read(line: str) -> Pull | None:
    try:
        raw: dict[str, Any] = json.loads(line)
        made = Pull(**raw)
        dt.datetime.fromisoformat(made.at)
        made.rows = {name: (int(n), int(bad)) for name, (n, bad) in made.rows.items()}
    except (ValueError, TypeError):
        return None
    return made
