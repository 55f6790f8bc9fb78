"""`takt source check`: what a source delivers, before anything depends on it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from features.errors import TaktError
from pipelines import cli
from pipelines.home import Home
from pipelines.sources.folders import find
from pipelines.steps import pulling
from pipelines.steps.source_checked import try_source
from tests.postgres import Postgres, postgres

__all__ = ["postgres"]

AT = "2026-01-05T09:00:00Z"
PROSPECTS = f"prospect_id,created_at,recorded_at,segment\na,{AT},{AT},small\nb,{AT},{AT},\n"
TOUCHES = "touch_id,prospect_id,kind,direction,occurred_at,recorded_at\n"


def files(folder: Path, **texts: str) -> Path:
    folder.mkdir()
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def checked(*words: str) -> tuple[int, str]:
    told = CliRunner().invoke(cli.app, ["source", "check", *words])
    return told.exit_code, told.output + ("" if told.exception is None else str(told.exception))


def test_what_is_good_is_counted_and_columns_without_a_value_are_named(tmp_path: Path) -> None:
    code, said = checked("files", "--data", str(files(tmp_path / "raw", prospects=PROSPECTS)))
    assert code == 0, said
    assert "A run would take it." in said
    assert "prospects: without any value: account_id, owner_id, territory, source" in said


def test_what_is_set_aside_has_its_reason_and_an_example_and_too_much_of_it_refuses_the_run(tmp_path: Path) -> None:
    bad = TOUCHES + f"t1,a,call,outbound,{AT},{AT}\nt2,a,telepathy,outbound,{AT},{AT}\nt3,z,call,outbound,{AT},{AT}\n"
    raw = files(tmp_path / "raw", prospects=PROSPECTS, touches=bad)
    tried = try_source(find("files"), raw)
    assert [(one.table, one.rows, one.examples) for one in tried.aside] == [
        ("touches", 1, ("row 1 got telepathy",)),
        ("touches", 1, ("row 2 got z",)),
    ]
    code, said = checked("files", "--data", str(raw))
    assert code == 1
    assert "more than 1.00% of a table set aside" in said
    assert "A run would be refused." in said


def test_open_guesses_are_listed_and_refuse_the_run(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for file in find("files").path.glob("*.*"):
        (own / file.name).write_bytes(file.read_bytes())
    text = (own / "prospects.sql").read_text(encoding="utf-8")
    (own / "prospects.sql").write_text(f'-- GUESS: prospect_id is "Lead"\n{text}', encoding="utf-8")
    code, said = checked(str(own), "--data", str(files(tmp_path / "raw", prospects=PROSPECTS)))
    assert code == 1
    assert 'prospects.sql:1 prospect_id is "Lead"' in said
    nothing = files(tmp_path / "none", touches=TOUCHES)
    code, said = checked(str(own), "--data", str(nothing))
    assert code == 1
    assert 'prospects.sql:1 prospect_id is "Lead"' in said, "a mapping that fails is when the list is needed"
    assert "no file for the table 'prospects'" in said


def test_without_a_folder_or_credentials_it_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TAKT_HUBSPOT_TOKEN", raising=False)
    for words, says in (
        (("files",), "say where they are: --data DIR"),
        (("files", "--data", str(tmp_path / "no")), "no such folder"),
        (("hubspot",), "TAKT_HUBSPOT_TOKEN"),
        (("nosuch",), "no source 'nosuch'"),
    ):
        code, said = checked(*words)
        assert code == 1
        assert says in said


def test_a_database_is_tried_on_a_sample_and_nothing_is_kept(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.database("shop")
    postgres.execute(
        "create table prospects (prospect_id int primary key, created_at timestamptz, recorded_at timestamptz)",
        "create table touches (touch_id int primary key, prospect_id int, kind text, direction text,"
        " occurred_at timestamptz, recorded_at timestamptz)",
        f"insert into prospects select n, '{AT}', '{AT}' from generate_series(1, 300) n",
        # the first touches are those of the last prospects: on a sample they point at nobody
        f"insert into touches select n, 301 - n, 'call', 'outbound', '{AT}', '{AT}' from generate_series(1, 300) n",
        database="shop",
    )
    monkeypatch.setenv("TAKT_SQL_URL", url)
    monkeypatch.setenv("TAKT_SQL_CHUNK", "20")
    monkeypatch.chdir(tmp_path)
    tried = try_source(find("sql"), None, rows=40)
    rows = tried.summary.set_index("table")["good"]
    assert 40 <= rows["prospects"] < 300
    assert 40 <= rows["touches"] < 300
    assert tried.works
    assert tried.sampled
    assert list(tmp_path.iterdir()) == []
    whole = try_source(find("sql"), None, rows=0).summary.set_index("table")["good"]
    assert (whole["prospects"], whole["touches"]) == (300, 300)
    monkeypatch.setenv("TAKT_SQL_URL", url.replace("/shop", "/nosuch"))
    with pytest.raises(TaktError, match="refused us|did not answer"):
        try_source(find("sql"), None)


def test_two_systems_are_not_mixed_in_one_home(tmp_path: Path) -> None:
    home, raw = Home(tmp_path / "home"), files(tmp_path / "raw", prospects=PROSPECTS)
    first = find("files")
    pulling.write(pulling.map_and_check(first, raw, home), raw, home, source="files", run_id="one")
    assert pulling.pull(first, raw, home) == raw
    with pytest.raises(pulling.AnotherSystem, match="holds the facts of files; hubspot has other ids.*another --home"):
        pulling.pull(find("hubspot"), raw, home)
