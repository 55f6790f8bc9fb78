"""What `takt up` and `takt down` do: start a supervisor that outlives the command, wait for it, and end it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from features.errors import TaktError
from pipelines.running import logs, processes, state
from pipelines.running.exclusive import holder
from pipelines.running.parts import TAKT
from pipelines.running.supervisor import end_parts

STARTING: Final = 300.0
"""Seconds within which everything must be healthy; forty were seen on two busy cores."""
STOPPING: Final = processes.PATIENCE * 4 + 10
LOG: Final = "takt"
_LOOK: Final = 0.2


class NotUp(TaktError):
    """Starting failed, or took too long; the text says what stood in the way."""


class OtherCompany(TaktError):
    """What runs in this home was started for another source, other data or another time zone."""


def begin(home: Path, words: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start `takt up --foreground` with these options as a process of its own, which writes to `logs/takt.log`."""
    log = logs.log_of(home, LOG)
    log.parent.mkdir(parents=True, exist_ok=True)
    logs.bound(log, largest=0)
    state.forget(home)
    with log.open("ab") as told:
        return subprocess.Popen(
            [sys.executable, "-c", TAKT, "up", "--foreground", *words], env=dict(environ), stdin=subprocess.DEVNULL,
            stdout=told, stderr=told, start_new_session=True,
        )  # fmt: skip


def healthy(home: Path, process: subprocess.Popen[bytes], seconds: float = STARTING) -> Iterator[state.State]:
    """Yield what is known of the parts again and again, until all of them are up.

    Raises
    ------
    NotUp
        The supervisor ended, or `seconds` have passed.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        known = state.read(home)
        if known is not None:
            yield known
            if known.phase == "up":
                return
        if process.poll() is not None:
            problem = known.problem if known is not None else ""
            raise NotUp(f"Takt did not start: {problem or logs.last_lines(logs.log_of(home, LOG))}")
        time.sleep(_LOOK)
    raise NotUp(f"not everything was healthy within {seconds:.0f} s; look at `takt status`, `takt down` ends it.")


def down(home: Path) -> list[str]:
    """End the supervisor and all parts; return the names of what lived.

    The supervisor is asked first and ends the parts in order. What it leaves, and what a supervisor that was killed
    has left, is ended by its process group.
    """
    known, who = state.read(home), holder(home, state.UP)
    lived = [] if known is None else [k.name for k in known.parts if k.pid and processes.lives(home, k.name)]
    if who is not None:
        os.kill(who.pid, signal.SIGTERM)
        until = time.monotonic() + STOPPING
        while state.watched(home) and time.monotonic() < until:
            time.sleep(_LOOK)
        if state.watched(home):
            os.kill(who.pid, signal.SIGKILL)
    end_parts(home)
    if known is not None:
        state.forget(home)
    return lived
