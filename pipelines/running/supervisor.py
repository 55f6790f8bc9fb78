"""`takt up --foreground`: start the parts, look after them, and end them in order when told to.

A part that ends by itself is started again, after 1, 2, 4, ... at most 60 seconds; so is one that has not answered for
two minutes. Everything that is known goes to `running.json`. SIGTERM and SIGINT end it all, the worker first: it has
to tell the server what became of its runs.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from features.errors import TaktError
from pipelines.running import logs, processes, state
from pipelines.running.company import Company
from pipelines.running.exclusive import alone
from pipelines.running.health import answers, worker_online
from pipelines.running.parts import PREFECT, WORKER, Part

BEAT: Final = 1.0
"""Seconds between two looks at the processes."""
ASK: Final = 10.0
"""Seconds between two questions whether a part that is up still answers."""
DEAF: Final = 120.0
"""Seconds without an answer after which a part is started anew; a loaded machine may keep one waiting for long."""
LONGEST: Final = 60.0
GIVE_UP: Final = 4
"""Ends by itself before a part was ever up, after which starting has failed."""
REGISTER: Final = "import sys; from pipelines.running.deployments import main; main(sys.argv[1:])"


class NotStarted(TaktError):
    """A part does not stay up; the text ends with what it said last."""


@dataclass
class _Watched:
    """One part started here: its process, and when to look at it again."""

    part: Part
    process: subprocess.Popen[bytes] | None = None
    ends: int = 0
    again_at: float = 0.0
    asked_at: float = 0.0
    heard_at: float = 0.0
    was_up: bool = False


class Supervisor:
    """Looks after the parts of one company.

    Parameters
    ----------
    company : Company
    parts : sequence of Part
        In the order of starting; the worker last.
    environ : mapping
        Environment of all of them.
    """

    def __init__(self, company: Company, parts: Sequence[Part], environ: Mapping[str, str]) -> None:
        self._company = company
        self._home = company.home
        self._environ = environ
        self._parts = {p.name: p for p in parts}
        self._watched = {p.name: _Watched(p) for p in parts if p.here}
        self._told_to_end = threading.Event()
        kept = tuple(
            state.Kept(p.name, p.address, p.health, state="starting" if p.here else "elsewhere") for p in parts
        )
        self._state = state.State(os.getpid(), _now(), "starting", company.to_json(), kept)

    def run(self) -> None:
        """Run until told to end.

        Raises
        ------
        Busy
            Another one looks after this home.
        NotStarted
            A part does not stay up.
        """
        with alone(self._home, state.UP, doing="takt up"):
            end_parts(self._home)
            self._listen()
            try:
                self._write()
                self._look_after()
            except TaktError as error:
                self._state = replace(self._state, phase="failed", problem=str(error))
                raise
            finally:
                self._end()

    def _listen(self) -> None:
        def told(_number: int, _frame: Any) -> None:
            self._told_to_end.set()

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, told)

    def _look_after(self) -> None:
        while not self._told_to_end.is_set():
            before = self._state
            for watched in self._watched.values():
                self._look_at(watched)
            phase = "up" if all(k.state in ("up", "elsewhere") for k in self._state.parts) else self._state.phase
            self._state = replace(self._state, phase=phase)
            if self._state != before:
                self._write()
            for name in (*self._watched, "takt"):
                logs.bound(logs.log_of(self._home, name))
            self._told_to_end.wait(BEAT)

    def _look_at(self, watched: _Watched) -> None:
        now = time.monotonic()
        if watched.process is None:
            if now >= watched.again_at and self._may_start(watched.part):
                self._start(watched, now)
        elif watched.process.poll() is not None:
            self._ended(watched, now, f"ended with code {watched.process.returncode}")
        elif now - watched.asked_at >= (ASK if self._state.part(watched.part.name).state == "up" else BEAT):
            watched.asked_at = now
            if not self._trouble(watched.part):
                watched.heard_at, watched.was_up, watched.ends = now, True, 0
                self._note(watched.part, state="up")
            elif now - watched.heard_at > DEAF:
                self._ended(watched, now, f"had not answered for {DEAF:.0f} s")

    def _may_start(self, part: Part) -> bool:
        """Make a worker wait for the server and its deployments; runs of an earlier worker are put in order before."""
        if part.name != WORKER:
            return True
        prefect = self._parts[PREFECT]
        if (self._state.part(PREFECT).state == "up") if prefect.here else not answers(prefect.health):
            self._register()
            return True
        return False

    def _register(self) -> None:
        words = [sys.executable, "-c", REGISTER, json.dumps(self._company.to_json()), self._state.api]
        env = {**self._environ, **(self._parts[WORKER].env or {})}
        done = subprocess.run(words, env=env, cwd=self._home, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotStarted(f"the deployments could not be registered: {_last(done.stderr)}")

    def _trouble(self, part: Part) -> str:
        if part.name == WORKER:
            return worker_online(self._state.api, self._company.pool)
        return answers(part.health)

    def _start(self, watched: _Watched, now: float) -> None:
        part = watched.part
        watched.process = processes.start(part, self._home, logs.log_of(self._home, part.name), self._environ)
        watched.heard_at = watched.asked_at = now
        self._note(part, state="starting", pid=watched.process.pid, since=_now())

    def _ended(self, watched: _Watched, now: float, why: str) -> None:
        part, kept = watched.part, self._state.part(watched.part.name)
        if watched.process is not None:
            processes.clear(watched.process)
        watched.process, watched.ends = None, watched.ends + 1
        watched.again_at = now + min(2.0 ** (watched.ends - 1), LONGEST)
        if not watched.was_up and watched.ends >= GIVE_UP:
            said = logs.last_lines(logs.log_of(self._home, part.name))
            raise NotStarted(f"{part.title} {why}, {watched.ends} times before it was up. It said last:\n{said}")
        self._note(part, state="ended", pid=None, restarts=kept.restarts + 1)

    def _note(self, part: Part, **changes: Any) -> None:
        self._state = self._state.with_part(replace(self._state.part(part.name), **changes))

    def _write(self) -> None:
        state.write(self._home, self._state)

    def _end(self) -> None:
        failed = self._state.phase == "failed"
        self._state = replace(self._state, phase="failed" if failed else "stopping")
        self._write()
        for watched in reversed(self._watched.values()):
            if watched.process is not None:
                processes.end(watched.process)
                self._note(watched.part, state="ended", pid=None)
        if failed:
            self._write()
        else:
            state.forget(self._home)


def end_parts(home: Path) -> list[str]:
    """End what a supervisor that was killed has left behind; return the names of the parts that still lived."""
    known = state.read(home)
    if known is None:
        return []
    left = [k for k in reversed(known.parts) if k.pid is not None]
    return [k.name for k in left if k.pid is not None and processes.end_other(home, k.name, k.pid)]


def _last(text: str) -> str:
    """Return the error at the end of a traceback."""
    lines = [line for line in text.strip().splitlines() if line and not line.startswith(" ")]
    return lines[-1] if lines else "no reason given"


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
