"""`takt` in a process of its own that can be killed: the libraries are imported once, and every process is a fork.

Ten seconds of imports before each kill would be most of the time that these tests take.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CONTEXT = multiprocessing.get_context("forkserver")


def begin(server: str) -> None:
    """Start the process that is forked from; Prefect reads the address of its server when it is imported."""
    os.environ["PREFECT_API_URL"] = server
    CONTEXT.set_forkserver_preload(["pipelines.cli", "pipelines.flows.run", "mlflow"])


class Started:
    """A command that runs; `lines` are what it says on the way."""

    def __init__(self, *words: str, cwd: Path, server: str) -> None:
        begin(server)
        self._told = Path(tempfile.mkdtemp(dir=cwd)) / "stderr"
        os.mkfifo(self._told)
        self.process: Any = CONTEXT.Process(target=_takt, args=(words, str(cwd), str(self._told)))
        self.process.start()

    @property
    def lines(self) -> Iterator[str]:
        """Every line of stderr; ends when the command does."""
        with self._told.open(encoding="utf-8") as told:
            yield from told

    def kill(self) -> None:
        """Kill the command and all it started, at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.join(30)

    def end(self) -> tuple[int, str]:
        """Wait for the end; return the exit code and what was said."""
        said = "".join(self.lines)
        self.process.join(180)
        return self.process.exitcode, said


def _takt(words: tuple[str, ...], cwd: str, told: str) -> None:
    os.setsid()
    os.chdir(cwd)
    os.dup2(os.open(told, os.O_WRONLY), 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.argv = ["takt", *words]
    from pipelines.cli import main

    main()
