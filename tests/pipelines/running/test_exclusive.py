"""One at a time in one home: who holds a lock, who is refused, and what a kill leaves behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipelines.running.exclusive import Busy, alone, held, holder

HOLDING = """
import sys, signal
from pathlib import Path
from pipelines.running.exclusive import alone
with alone(Path(sys.argv[1]), "daily", doing="the list of 05:00", scheduled=True):
    print("held", flush=True)
    signal.pause()
"""


def somebody(home: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLDING, str(home)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_is_told_who_the_first_is(tmp_path: Path) -> None:
    with somebody(tmp_path) as first:
        with (
            pytest.raises(Busy, match=rf"the list of 05:00 \(a scheduled run, process {first.pid}, since 20"),
            alone(tmp_path, "daily"),
        ):
            pass
        first.kill()


def test_what_one_does_keeps_nobody_from_something_else(tmp_path: Path) -> None:
    with alone(tmp_path, "daily"), alone(tmp_path, "train"):
        assert held(tmp_path, "daily")
        assert held(tmp_path, "train")
    assert not held(tmp_path, "daily")


def test_what_is_begun_inside_need_not_ask_again(tmp_path: Path) -> None:
    with alone(tmp_path, "daily"):
        with alone(tmp_path, "daily"):
            pass
        assert held(tmp_path, "daily")
    assert not held(tmp_path, "daily")


def test_another_thread_of_the_same_process_is_somebody_else(tmp_path: Path) -> None:
    def second() -> None:
        with alone(tmp_path, "daily"):
            pass

    with alone(tmp_path, "daily"), ThreadPoolExecutor(1) as pool, pytest.raises(Busy, match="daily cannot begin"):
        pool.submit(second).result()


def test_a_kill_lets_go_of_it_and_the_note_left_behind_names_nobody(tmp_path: Path) -> None:
    with somebody(tmp_path) as first:
        first.send_signal(signal.SIGKILL)
    assert holder(tmp_path, "daily") is None
    with alone(tmp_path, "daily"):
        assert held(tmp_path, "daily")


def test_an_error_inside_lets_go_of_it(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), alone(tmp_path, "daily"):
        _ = 1 / 0
    assert not held(tmp_path, "daily")


def test_who_has_patience_gets_it_when_the_other_ends(tmp_path: Path) -> None:
    with somebody(tmp_path) as first:
        threading.Timer(0.2, first.kill).start()
        with alone(tmp_path, "daily", patience=60):
            assert first.wait(30) == -signal.SIGKILL


def test_looking_at_a_lock_neither_makes_it_nor_takes_it(tmp_path: Path) -> None:
    assert holder(tmp_path, "daily") is None
    assert not held(tmp_path, "daily")
    assert list(tmp_path.iterdir()) == []
