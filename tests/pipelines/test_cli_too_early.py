"""Commands asked for too early: facts are in the home, but what the command needs is not there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines import cli
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
        (("daily",), "there is no bundle in this folder. Run `takt train` first."),
        (("daily", "--day", "1999-01-01"), "nothing was known on 1999-01-01: the first prospect was recorded on"),
        (("daily", "--day", "2999-01-01"), "2999-01-01 lies ahead, today is"),
        (("train", "--day", "1999-01-01"), "nothing was known on 1999-01-01: the first prospect was recorded on"),
    ],
)
@pytest.mark.usefixtures("prefect")
def test_too_early_is_one_message_and_exit_code_1_and_nothing_is_published(
    words: tuple[str, ...], says: str, *, ingested: Home, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(sys, "argv", ["takt", *words, "--home", str(ingested.path)])
    monkeypatch.setattr(cli, "_end_in_order", lambda: None)  # the signals of this process are pytest's
    with pytest.raises(SystemExit) as ended:
        cli.main()
    told = capsys.readouterr().err
    assert ended.value.code == 1, told
    assert says in " ".join(told.split())
    assert told.count("takt:") == 1
    assert "Traceback" not in told
    assert not (ingested.path / "champion").exists()
    assert not (ingested.path / "store.db").exists()


def test_a_wrong_value_is_one_message_that_ends_with_what_to_do(prefect: str, tmp_path: Path) -> None:
    """In a process of its own: what libraries say at its end must not bury the message."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "prospects.csv").write_text("prospect_id,created_at,recorded_at\na,2026-01-05 09:00,\n")
    (tmp_path / "data" / "touches.csv").write_text("touch_id,prospect_id,kind,direction,occurred_at,recorded_at\n")
    (tmp_path / "data" / "outcomes.csv").write_text("prospect_id,occurred_at,result,recorded_at\n")
    words = [sys.executable, "-c", "from pipelines.cli import main; main()", "ingest", "-s", "files", "-d", "data"]
    told = subprocess.run(
        [*words, "--home", "home"], cwd=tmp_path, env=os.environ | {"PREFECT_API_URL": prefect},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    said = " ".join(told.stderr.split())
    assert told.returncode == 1
    assert "prospects.csv, row 2, column created_at: got '2026-01-05 09:00', expected a time with its zone" in said
    assert said.endswith("`timezone('Europe/Berlin', cast(the_column as timestamp))`.")
