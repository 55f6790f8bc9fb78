"""Where a run's time went: each stage of a command, noted in the home (`takt profile` and `/metrics` read it).

Stages are collected in memory while the command runs and written when it ends, however it ends. Those of the last
`KEPT` runs stay.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Final

import psutil

from serving.stage_times import FILE, StageTime, all_stages

KEPT: Final = 50


@dataclass
class Recorder:
    """The stages of one command so far."""

    command: str
    begun: str
    stages: list[StageTime] = field(default_factory=list)
    depth: int = 0


@dataclass(frozen=True)
class Reading:
    """What the process had used at a moment."""

    clock: float
    processor: float
    read: int | None
    written: int | None

    @classmethod
    def now(cls) -> Reading:
        """Look at the clock, the processor and what was read and written."""
        # macOS tells no bytes of a process
        io = psutil.Process().io_counters() if hasattr(psutil.Process, "io_counters") else None
        read, written = (None, None) if io is None else (io.read_chars, io.write_chars)
        return cls(time.perf_counter(), time.process_time(), read, written)


_current: ContextVar[Recorder | None] = ContextVar("takt_recorder", default=None)


@contextmanager
def recording(home: Path, command: str) -> Iterator[list[StageTime]]:
    """Note the stages of everything inside as one run of `command`; yield them as they come.

    A command inside another one is a part of it, and has none of its own.
    """
    if _current.get() is not None:
        yield []
        return
    recorder = Recorder(command, dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"))
    token = _current.set(recorder)
    try:
        yield recorder.stages
    finally:
        _current.reset(token)
        if recorder.stages and home.is_dir():
            _write(home, recorder.stages)


@contextmanager
def timed(doing: str) -> Iterator[list[int]]:
    """Time one stage; whoever does it may append how many rows came of it.

    Outside of `recording` nothing is noted.
    """
    recorder, rows = _current.get(), list[int]()
    if recorder is None:
        yield rows
        return
    before, depth, failed = Reading.now(), recorder.depth, True
    recorder.depth += 1
    try:
        yield rows
        failed = False
    finally:
        recorder.depth = depth
        after = Reading.now()
        recorder.stages.append(StageTime(
            recorder.command, recorder.begun, plain(doing), depth,
            seconds=round(after.clock - before.clock, 4),
            processor_seconds=round(after.processor - before.processor, 4),
            rows=sum(rows) if rows else None, read=_less(after.read, before.read),
            written=_less(after.written, before.written), peak=_peak(), failed=failed,
        ))  # fmt: skip


def plain(doing: str) -> str:
    """Return the words of a stage without its numbers and dates, so that tomorrow's run has the same stages."""
    return re.sub(r"\s*\b[\d][\d,.:-]*", "", doing).strip()


def _less(after: int | None, before: int | None) -> int | None:
    return None if after is None or before is None else after - before


def _peak() -> int:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _write(home: Path, stages: list[StageTime]) -> None:
    """Add a run and forget the oldest; readers see the file before or after."""
    runs = [list(run) for _, run in groupby([*all_stages(home), *stages], key=lambda s: (s.command, s.begun))]
    lines = [stage.line() for run in runs[-KEPT:] for stage in run]
    handle, name = tempfile.mkstemp(dir=home, prefix=f".{FILE}-")
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.writelines(lines)
    Path(name).replace(home / FILE)
