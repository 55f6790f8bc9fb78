"""The book of pulls."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from features.errors import TaktError
from pipelines.home import Home
from pipelines.steps import moments
from pipelines.steps.monitoring_pulls import FILE, as_table, is_live, noted, pulls

NOW = dt.datetime(2026, 5, 4, 5, tzinfo=dt.UTC)
SUMMARY = pd.DataFrame({"table": ["touches", "outcomes"], "rows": [10, 2], "good": [9, 2], "quarantined": [1, 0]})


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(moments, "now", lambda: NOW)
    return Home(tmp_path)


def test_a_pull_is_noted_with_its_rows_and_a_failed_one_with_its_message_which_goes_on(home: Home) -> None:
    with noted(home, "some/where/hubspot") as one:
        one.came(SUMMARY, pd.Timestamp(NOW) - pd.Timedelta(days=1))
    with pytest.raises(TaktError, match="token"), noted(home, "hubspot"):
        raise TaktError("the token was refused")
    with pytest.raises(OSError, match="disk"), noted(home, "hubspot"):
        raise OSError("disk full")
    made = pulls(home)
    assert [(p.source, p.ok, p.failed) for p in made] == [
        ("hubspot", True, ""), ("hubspot", False, "the token was refused"), ("hubspot", False, "OSError: disk full"),
    ]  # fmt: skip
    table = as_table(made, pd.Timestamp(NOW))
    assert table[["ok", "table", "rows", "quarantined"]].to_numpy().tolist() == [
        [True, "outcomes", 2.0, 0.0], [True, "touches", 10.0, 1.0], [False, "", 0.0, 0.0], [False, "", 0.0, 0.0],
    ]  # fmt: skip
    assert as_table(made, pd.Timestamp(NOW) - pd.Timedelta(hours=1)).empty


def test_a_source_is_live_once_a_pull_found_rows_of_the_last_week(home: Home) -> None:
    assert not is_live(pulls(home))
    with noted(home, "olist") as old:
        old.came(SUMMARY, pd.Timestamp("2018-09-03", tz="UTC"))
    assert not is_live(pulls(home))
    with noted(home, "hubspot") as fresh:
        fresh.came(SUMMARY, pd.Timestamp("2026-05-01", tz="UTC"))
    with pytest.raises(TaktError), noted(home, "hubspot"):
        raise TaktError("down")
    assert is_live(pulls(home))


def test_a_line_that_a_kill_cut_off_is_no_pull(home: Home) -> None:
    with noted(home, "hubspot") as one:
        one.came(SUMMARY, None)
    with (home.path / FILE).open("a") as book:
        book.write('\n{"source": "hubspot", "at": "2026-')
    with noted(home, "hubspot") as one:
        one.came(SUMMARY, None)
    assert [p.ok for p in pulls(home)] == [True, True]
