"""A part as a process: started in a group of its own, known by a lock, ended within a bounded time.

Process ids are used again by the system; a lock that the process inherited is not. While anything of the part lives
that holds it, the part lives, and the id in the state file is its own.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pipelines.running.exclusive import held, lock_of
from pipelines.running.parts import Part

PATIENCE: Final = 15.0
"""Seconds between SIGTERM and SIGKILL. Prefect's worker was seen to outlive its server by minutes."""
_LOOK: Final = 0.05


def lock_name(part: str) -> str:
    """Return the name of a part's lock."""
    return f"part-{part}"


def start(part: Part, home: Path, log: Path, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a part; it writes to the end of `log`, and holds its lock for as long as it lives."""
    place = lock_of(home, lock_name(part.name))
    place.parent.mkdir(parents=True, exist_ok=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    with place.open("a") as lock, log.open("ab") as told:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return subprocess.Popen(
            part.words, cwd=home, env={**environ, **(part.env or {})}, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=told, stderr=told, pass_fds=(lock.fileno(),),
        )  # fmt: skip


def lives(home: Path, part: str) -> bool:
    """Say whether a part that was started for this home lives."""
    return held(home, lock_name(part))


def end(process: subprocess.Popen[bytes], patience: float = PATIENCE) -> None:
    """End a process of ours and all of its group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(patience)
    clear(process)


def clear(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the group of a process of ours."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def end_other(home: Path, part: str, pid: int, patience: float = PATIENCE) -> bool:
    """End a part that another process started, by its group; False if it did not live any more."""
    if not lives(home, part):
        return False
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGTERM)
    until = time.monotonic() + patience
    while lives(home, part) and time.monotonic() < until:
        time.sleep(_LOOK)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    return True
