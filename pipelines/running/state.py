"""The state file `running.json`: what was started for a home, by whom, and how it is."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from pipelines.running.exclusive import held

FILE: Final = "running.json"
UP: Final = "up"
"""Name of the lock that the supervisor holds while it lives."""


@dataclass(frozen=True)
class Kept:
    """One part.

    Attributes
    ----------
    name, address, health : str
        As in `Part`.
    pid : int or None
        Its process and process group; None: not started here, or not running.
    state : {"elsewhere", "starting", "up", "ended"}
        As the supervisor last saw it.
    since : str
        When it was last started (ISO 8601, UTC).
    restarts : int
        How often it ended by itself and was started again.
    """

    name: str
    address: str
    health: str
    pid: int | None = None
    state: str = "starting"
    since: str = ""
    restarts: int = 0


@dataclass(frozen=True)
class State:
    """All of it.

    Attributes
    ----------
    phase : {"starting", "up", "stopping", "failed"}
    problem : str
        Why starting failed.
    company : mapping
        `Company.to_json()`.
    """

    pid: int
    since: str
    phase: str
    company: dict[str, Any]
    parts: tuple[Kept, ...] = field(default=())
    problem: str = ""

    def part(self, name: str) -> Kept:
        """Return a part by name."""
        return next(p for p in self.parts if p.name == name)

    def with_part(self, changed: Kept) -> State:
        """Return the state with one part changed."""
        return replace(self, parts=tuple(changed if p.name == changed.name else p for p in self.parts))

    @property
    def api(self) -> str:
        """The address of Prefect's API."""
        return self.part("prefect").health.removesuffix("/health")


def read(home: Path) -> State | None:
    """Return what was last written; None where nothing was, or it cannot be read."""
    try:
        kept = json.loads((home / FILE).read_text(encoding="utf-8"))
        return State(**{**kept, "parts": tuple(Kept(**p) for p in kept["parts"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write(home: Path, state: State) -> None:
    """Replace the state in one step."""
    home.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(state), indent=1)
    with tempfile.NamedTemporaryFile("w", dir=home, delete=False, encoding="utf-8") as scratch:
        scratch.write(text)
    os.chmod(scratch.name, 0o644)
    Path(scratch.name).replace(home / FILE)


def forget(home: Path) -> None:
    """Remove the state: nothing runs."""
    (home / FILE).unlink(missing_ok=True)


def watched(home: Path) -> bool:
    """Say whether a supervisor lives that looks after this home."""
    return held(home, UP)
