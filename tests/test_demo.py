"""`takt demo` as a newcomer runs it: in an empty folder, with nothing set."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_demo_prints_a_labelled_list_with_reasons_and_writes_only_below_its_home(tmp_path: Path) -> None:
    empty, user = tmp_path / "empty", tmp_path / "user"
    empty.mkdir()
    user.mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TAKT_", "PREFECT_", "MLFLOW_"))}
    told = subprocess.run(
        [sys.executable, "-c", "from pipelines.cli import main; main()", "demo", "--prospects", "250"],
        cwd=empty, env=kept | {"HOME": str(user)}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    words = " ".join(told.stdout.split())
    assert "simulated data" in words
    assert "like it won" in words
    assert "http://127.0.0.1:8000" in words
    assert "left out, each with its reason" in words
    assert "3 simulated days worked" in words
    assert words.count("last touched first") >= 3
    assert "are no proof" in words
    assert "Look first:" in words
    assert [p.name for p in empty.iterdir()] == [".takt"]
    assert {"champion", "store.db", "mlflow.db", "lake"} <= {p.name for p in (empty / ".takt" / "simulated").iterdir()}
    assert [p for p in user.rglob("*") if p.is_file()] == []
