from __future__ import annotations

import csv
import datetime as dt

import pandas as pd
import pytest
from sqlalchemy import insert
from typer.testing import CliRunner

from pipelines.cli import app
from serving.store.audit import Audit
from serving.store.engine import open_store, writing
from serving.store.migrations import upgrade

RUNNER = CliRunner()


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.delenv("TAKT_STORE_URL", raising=False)
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    upgrade(engine)
    row = {"who": "mira", "role": "salesperson", "how": "session", "address": "192.0.2.7", "action": "saw",
           "what": "/prospects/{prospect_id}", "prospect_id": "p1", "times": 2}  # fmt: skip
    with writing(engine) as connection:
        days = [dt.datetime(2026, 11, day, 12, tzinfo=dt.UTC) for day in (22, 23, 24)]
        connection.execute(insert(Audit), [row | {"at": at} for at in days])
    engine.dispose()
    return tmp_path


@pytest.mark.parametrize("name", ["audit.csv", "audit.parquet"])
def test_the_audit_of_some_days_is_written_to_a_file_without_the_day_after_the_last(home, name):
    file = home / name
    given = ["audit", "export", str(file), "--from", "2026-11-23", "--to", "2026-11-24", "--home", str(home)]
    done = RUNNER.invoke(app, given)
    assert done.exit_code == 0, done.output
    if name.endswith("csv"):
        with file.open(encoding="utf-8-sig", newline="") as text:
            rows = list(csv.DictReader(text))
    else:
        rows = pd.read_parquet(file).to_dict("records")
    assert [(row["who"], row["prospect_id"], str(row["at"])[:10]) for row in rows] == [("mira", "p1", "2026-11-23")]


def test_who_saw_one_prospect_is_shown(home):
    shown = RUNNER.invoke(app, ["audit", "who", "p1", "--home", str(home)])
    assert shown.exit_code == 0, shown.output
    assert shown.output.count("mira") == 3
    assert "mira" not in RUNNER.invoke(app, ["audit", "who", "p2", "--home", str(home)]).output


def test_rows_before_a_day_are_deleted_and_who_decided_it_stays(home):
    done = RUNNER.invoke(app, ["audit", "retain", "--before", "2026-11-24", "--by", "root", "--home", str(home)])
    assert "2 rows before 2026-11-24 deleted" in done.output
    export = home / "left.csv"
    RUNNER.invoke(app, ["audit", "export", str(export), "--home", str(home)])
    assert "2 rows before 2026-11-24" in export.read_text(encoding="utf-8-sig")
