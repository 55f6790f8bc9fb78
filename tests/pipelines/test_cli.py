"""The command line: help at once, one message for what is wrong, and exit codes."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines import cli

COMMANDS = (
    "demo", "run", "ingest", "train", "daily", "features", "serve", "evaluate", "assess", "why-not", "replay",
    "override", "overrides", "experiment", "flow", "definitions", "mail", "monitor", "rollback", "up", "down", "status",
    "write-back", "profile",
)  # fmt: skip
HEAVY = ("prefect", "mlflow", "shap", "lightgbm", "sklearn", "fastapi", "numba")


def takt(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from pipelines.cli import main; main()", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120)


def test_help_names_every_command_and_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pipelines.cli import main\nsys.argv = ['takt', '--help']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code == 0\n"
        f"print('HEAVY', sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert all(f" {command} " in told.stdout for command in COMMANDS), told.stdout
    assert "HEAVY []" in told.stdout


def test_a_setting_that_cannot_be_is_one_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(cli, "_end_in_order", lambda: None)
    monkeypatch.setattr(sys, "argv", ["takt", "serve", "--home", str(tmp_path)])
    monkeypatch.setenv("TAKT_HOST", "0.0.0.0")
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr().err
    assert ended.value.code == 1
    assert said.startswith("takt: the environment (TAKT_...) says something that cannot be: TAKT_HOST=0.0.0.0 can be")
    assert "Set TAKT_SECRET to 16 or more" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    told = CliRunner().invoke(cli.app, [command, "--help"], prog_name="takt")
    assert told.exit_code == 0
    assert f"takt {command}" in told.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("run", "-s", "nosuch", "-d", "."), "no source 'nosuch'"),
        (("run", "-s", "olist"), "say where they are: --data DIR"),
        (("ingest", "-s", "olist", "-d", "nowhere"), "nowhere: no such folder"),
        (("train",), "holds no facts yet; run `takt ingest"),
        (("daily", "--home", "empty"), "holds no facts yet; run `takt ingest"),
        (("daily", "--day", "2026-13-01"), "'2026-13-01' is not a day; write it as YYYY-MM-DD"),
    ],
)
def test_what_is_plainly_wrong_is_one_message_and_exit_code_1(
    words: tuple[str, ...], says: str, tmp_path: Path, *, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["takt", *words])
    monkeypatch.setattr(cli, "_end_in_order", lambda: None)  # the signals of this process are pytest's
    with pytest.raises(SystemExit) as ended:
        cli.main()
    told = capsys.readouterr().err
    assert ended.value.code == 1
    assert says in " ".join(told.split())
    assert "Traceback" not in told
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_option_is_wrong_usage(tmp_path: Path) -> None:
    assert takt("run", "--sauce", "olist", cwd=tmp_path).returncode == 2


def test_a_source_whose_files_are_not_there_names_the_file_and_what_was_found(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "other.csv").write_text("a,b\n1,2\n")
    told = takt("evaluate", "-s", "maven", "-d", "data", cwd=tmp_path)
    assert told.returncode == 1
    assert "expected products.csv" in told.stderr
    assert "other.csv" in told.stderr


def test_features_prints_at_least_sixty_over_the_five_questions(tmp_path: Path) -> None:
    told = takt("features", "--csv", cwd=tmp_path)
    rows = list(csv.DictReader(io.StringIO(told.stdout)))
    assert len(rows) >= 60
    assert {row["question"] for row in rows} == {"prospect", "person", "place", "time", "offer"}
    assert all(row["meaning"] and row["window"] and row["as_of_rule"] for row in rows)
