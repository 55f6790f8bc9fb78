"""What each training came to: a book in the home, a line per training, read by the page of the model.

The registry knows the versions; why one of them became champion, or did not, is said here. The book lies in the home
and not beside the bundle: a challenger that was not promoted has no folder there.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from models.bundle import Bundle
from models.evidence.promotion import Verdict
from models.registry import Version
from pipelines.home import Home

FILE: Final = "trainings.jsonl"


@dataclass(frozen=True)
class Note:
    """One training.

    Attributes
    ----------
    trained_as_of : str
        ISO, UTC: nothing recorded later was looked at.
    rung, fingerprint : str
        Of the bundle that came of it: the challenger, or the order by recency where that serves instead.
    promoted, fallback : bool
        As in `models.evidence.promotion.Verdict`.
    """

    trained_as_of: str
    version: int
    rung: str
    fingerprint: str
    promoted: bool
    fallback: bool
    why: str

    @classmethod
    def of(cls, version: Version, bundle: Bundle, verdict: Verdict) -> Note:
        """Write down what came of a training."""
        return cls(
            bundle.trained_as_of.isoformat(), version.number, bundle.rung.name, bundle.fingerprint,
            verdict.promote, verdict.fallback, verdict.why,
        )  # fmt: skip


def note(home: Home, made: Note) -> None:
    """Append a training; the same one again, tried once more after a failure, is one line."""
    if made == last(home):
        return
    with (home.path / FILE).open("a", encoding="utf-8") as book:
        # begun on a line of its own: the one before may have been cut off by a kill
        book.write("\n" + json.dumps(asdict(made), sort_keys=True) + "\n")


def trainings(home: Home) -> list[Note]:
    """Return all trainings of a home, the first first; those before the book was kept are not in it."""
    place: Path = home.path / FILE
    lines = place.read_text(encoding="utf-8").splitlines() if place.exists() else []
    return [made for line in lines if (made := _read(line)) is not None]


def last(home: Home) -> Note | None:
    """Return what the last training came to, None where none was noted."""
    return next(reversed(trainings(home)), None)


def _read(line: str) -> Note | None:
    try:
        return Note(**json.loads(line))
    except (ValueError, TypeError):
        return None
