"""A command that is told to end ends in order: nothing that it started stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc"),
]


def started_for(home: Path) -> list[int]:
    """Process ids of everything that was given the Prefect home below `home` in its environment."""
    mark = f"PREFECT_HOME={home / 'prefect'}".encode()
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            given = (place / "environ").read_bytes().split(b"\0")
        except OSError:  # it ended while we looked, or belongs to somebody else
            continue
        if mark in given:
            found.append(int(place.name))
    return found


def test_sigterm_ends_the_command_and_prefects_temporary_server(small_company: Path, tmp_path: Path) -> None:
    """Only the command gets the signal, as from `timeout` or a service manager, not the group around it."""
    home = tmp_path / "home"
    alone = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    process = subprocess.Popen(
        [sys.executable, "-c", "from pipelines.cli import main; main()",
         "ingest", "-s", "simulated", "-d", str(small_company), "--home", str(home)],
        cwd=tmp_path, env=alone, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        assert any("… mapping simulated" in line for line in process.stderr)
        process.send_signal(signal.SIGSTOP)  # it must not come to its end while we look
        assert started_for(home), "no temporary server was there to be left behind"
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=60)
        assert process.returncode == 128 + signal.SIGTERM
        # the server ends before the command does; its entry in /proc may last a moment longer
        until = time.monotonic() + 5
        while started_for(home) and time.monotonic() < until:
            time.sleep(0.1)
        assert started_for(home) == []
    finally:
        for left in started_for(home):
            os.kill(left, signal.SIGKILL)
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_program_as_an_exit_does(number: signal.Signals, tmp_path: Path) -> None:
    code = (
        "import atexit, signal\nfrom pipelines.cli import _end_in_order\n"
        # under nohup the hang-up is ignored from the start, and stays so by intention
        "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n_end_in_order()\n"
        "atexit.register(print, 'ended in order')\nprint('ready', flush=True)\nsignal.pause()"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    told, _ = process.communicate(timeout=30)
    assert (process.returncode, told) == (128 + number, "ended in order\n")
