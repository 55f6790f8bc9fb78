"""How long each stage of the last runs took: lines in the home, written by the pipelines, read by `/metrics`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

FILE: Final = "stages.jsonl"


@dataclass(frozen=True)
class StageTime:
    """One stage of one command.

    Attributes
    ----------
    command, begun : str
        The command ("daily") and when it began (UTC, ISO 8601): together they name a run.
    stage : str
        What was done, as the person in front of it reads it, without names and numbers.
    depth : int
        0 for a stage of its own, 1 for one inside another: its time is part of that one's.
    seconds, processor_seconds : float
        By the clock, and of all processors by this process.
    rows : int or None
        Rows that came of it; None where a stage makes none.
    read, written : int or None
        Bytes that this process read and wrote meanwhile, caches included; None where the system does not say.
    peak : int
        Most memory that the process ever had up to its end, in bytes.
    failed : bool
        Whether it ended with an error.
    """

    command: str
    begun: str
    stage: str
    depth: int
    seconds: float
    processor_seconds: float
    rows: int | None
    read: int | None
    written: int | None
    peak: int
    failed: bool = False

    def line(self) -> str:
        """Return the stage as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False) + "\n"


def last_runs(home: Path) -> dict[str, list[StageTime]]:
    """Return the stages of the last run of each command, in the order in which they ended; empty before any run.

    A line that cannot be read (of a run that was killed while writing it, or of another version) is passed over.
    """
    runs: dict[str, list[StageTime]] = {}
    for stage in all_stages(home):
        known = runs.get(stage.command)
        if known is None or known[0].begun != stage.begun:
            runs[stage.command] = [stage]
        else:
            known.append(stage)
    return runs


def all_stages(home: Path) -> list[StageTime]:
    """Return every stage that is noted, the oldest first."""
    try:
        lines = (home / FILE).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [stage for line in lines if (stage := _parsed(line)) is not None]


def _parsed(line: str) -> StageTime | None:
    try:
        return StageTime(**json.loads(line))
    except (ValueError, TypeError):
        return None
