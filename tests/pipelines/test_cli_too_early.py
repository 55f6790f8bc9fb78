"""Commands asked for too early: facts are in the home, but what the command needs is not there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.home import Home
from pipelines.sources.folders import find
from pipelines.steps import pulling


@pytest.fixture(scope="module")
def ingested(small_company: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Facts and nothing else: no training, no list."""
    home = Home(tmp_path_factory.mktemp("too early") / "home with spaces")
    mapped = pulling.map_and_check(find("simulated"), small_company)
    pulling.write(mapped, small_company, home, source="simulated", run_id="test")
    return home


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("daily",), "there is no bundle in this folder. Train first."),
        (("daily", "--day", "1999-01-01"), "nothing was known on 1999-01-01: the first prospect was recorded on"),
        (("daily", "--day", "2999-01-01"), "2999-01-01 lies ahead, today is"),
        (("train", "--day", "1999-01-01"), "nothing was known on 1999-01-01: the first prospect was recorded on"),
    ],
)
def test_too_early_is_one_message_and_exit_code_1_and_nothing_is_published(
    words: tuple[str, ...], says: str, ingested: Home, prefect: str
) -> None:
    told = subprocess.run(
        [sys.executable, "-c", "from pipelines.cli import main; main()", *words, "--home", str(ingested.path)],
        env=os.environ | {"PREFECT_API_URL": prefect}, capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert told.returncode == 1, told.stderr
    assert says in " ".join(told.stderr.split())
    assert told.stderr.count("takt:") == 1
    assert "Traceback" not in told.stderr
    assert not (ingested.path / "champion").exists()
    assert not (ingested.path / "store.db").exists()
