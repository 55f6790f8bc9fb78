"""The raw log: every version once, files of the last complete pull, and what is remembered for the next one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.sources.connected import landed
from pipelines.sources.connected.errors import SourceRevoked
from pipelines.sources.connected.landing import LONGEST_TEXT, land, table
from pipelines.sources.errors import SourceError

COLUMNS = {"id": "text", "changed_at": "timestamp", "said": "text", "never": "double"}
ONE, TWO = (dt.datetime(2026, 3, day, 9, tzinfo=dt.UTC) for day in (1, 2))
Rows = list[dict[str, Any]]


def log(raw: Path, rows: Rows, *, replaces: bool = True, fails: bool = False) -> landed.Landed:
    """Pull these rows into the tables `notes` and, none, into `empty`."""

    def read(state: dict[str, Any]) -> Iterator[Rows]:
        state["pulls"] = state.get("pulls", 0) + 1
        yield [{**row, "said": row["said"].format(pull=state["pulls"])} for row in rows]
        if fails:
            raise SourceRevoked("the token died")

    return land(
        raw,
        "crm",
        [
            table("notes", read, columns=COLUMNS, replaces=replaces),
            table("empty", lambda _: [], columns=COLUMNS),
        ],
    )


def shown(raw: Path, name: str = "notes") -> list[tuple[Any, ...]]:
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        path = raw / f"{name}.parquet"
        return con.execute(f"select id, day(changed_at), said from read_parquet('{path}') order by all").fetchall()


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log after a first pull."""
    place = tmp_path_factory.mktemp("log") / "raw"
    log(place, [{"id": "a", "changed_at": ONE, "said": "2026-01-01"}])
    return place


def test_text_stays_text_whatever_it_looks_like(raw):
    assert shown(raw) == [("a", 1, "2026-01-01")]


def test_a_table_and_a_column_without_a_value_are_there_as_declared(raw):
    assert shown(raw, "empty") == []
    with duckdb.connect() as con:
        types = con.execute(f"describe select * from read_parquet('{raw / 'empty.parquet'}')").fetchall()
    assert {name: kind for name, kind, *_ in types} == {
        "changed_at": "TIMESTAMP WITH TIME ZONE", "id": "VARCHAR", "never": "DOUBLE", "said": "VARCHAR",
    }  # fmt: skip


def test_a_pull_that_breaks_leaves_the_files_and_forgets_what_it_had_read(raw):
    before = {p.name: p.read_bytes() for p in raw.glob("*.parquet")}
    with pytest.raises(SourceRevoked, match="the token died"):
        log(raw, [{"id": "b", "changed_at": ONE, "said": "half"}], fails=True)
    assert {p.name: p.read_bytes() for p in raw.glob("*.parquet")} == before


def test_a_new_version_is_kept_beside_the_old_one_and_the_state_goes_on_from_the_last_complete_pull(raw):
    brought = log(
        raw,
        [{"id": "a", "changed_at": ONE, "said": "again"}, {"id": "a", "changed_at": TWO, "said": "pull {pull}"}],
        replaces=False,
    )
    assert shown(raw) == [("a", 1, "2026-01-01"), ("a", 2, "pull 2")]
    assert (brought.read["notes"], brought.new["notes"], brought.kept["notes"]) == (2, 1, 2)
    assert landed.last(raw) == brought
    assert landed.said(raw) == "2 rows read, 1 versions new"


def test_a_version_that_comes_again_may_replace_itself_and_a_text_too_long_is_cut_and_counted(raw):
    brought = log(raw, [{"id": "a", "changed_at": ONE, "said": "x" * (LONGEST_TEXT + 1)}])
    assert shown(raw)[0] == ("a", 1, "x" * LONGEST_TEXT)
    assert (brought.new["notes"], brought.cut["notes"]) == (0, 1)
    assert landed.said(raw).endswith("1 values cut to what is kept")


def test_neither_a_second_copy_of_the_rows_nor_a_pickle_is_left_beside_the_log(raw):
    left = [p for p in (raw / ".dlt").rglob("*") if p.is_file() and b"2026-01-01" in p.read_bytes()]
    assert left == []
    assert list((raw / ".dlt").rglob("*.pickle")) == []


def test_a_log_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "landing.duckdb").write_text("not a database, but long enough to be taken for one" * 300)
    with pytest.raises(SourceError, match=r"raw log .*landing.duckdb cannot be opened.*move"):
        log(tmp_path, [])


def test_a_folder_that_no_pull_has_filled_has_brought_nothing(tmp_path):
    assert (landed.last(tmp_path), landed.said(tmp_path)) == (None, "")
