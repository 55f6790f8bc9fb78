"""Commands asked for too early: facts are in the home, but what the command needs is not there."""

from __future__ import annotations

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
