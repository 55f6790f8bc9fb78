"""Which file a table name means, and what the table then holds."""

from __future__ import annotations

import duckdb
import pandas as pd
import pytest

from pipelines.sources.errors import SourceError
from pipelines.sources.reading import RawTable, load_table, locate, missing_file, raw_files, table_name
from tests.pipelines.sources.test_workbooks import book


@pytest.mark.parametrize(
    ("text", "name"),
    [("Leads", "leads"), ("Closed Deals (2026)", "closed_deals_2026"), ("a--b", "a_b"), ("Q1", "q1")],
)
def test_a_table_is_named_after_its_file(text, name):
    assert table_name(text) == name


def test_csv_parquet_and_sheets_are_found_by_name(tmp_path):
    (tmp_path / "Leads.csv").write_text("id\n1\n")
    pd.DataFrame({"id": [1]}).to_parquet(tmp_path / "deals.parquet")
    one = book(tmp_path / "people.xlsx", Sheet1=[["id"]])
    two = book(tmp_path / "calls.xlsx", North=[["id"]], South=[["id"]])
    assert locate("leads", tmp_path) == RawTable("leads", tmp_path / "Leads.csv")
    assert locate("deals", tmp_path) == RawTable("deals", tmp_path / "deals.parquet")
    assert locate("people", tmp_path) == RawTable("people", one, "Sheet1")
    assert locate("people_sheet1", tmp_path) == RawTable("people_sheet1", one, "Sheet1")
    assert locate("calls_south", tmp_path) == RawTable("calls_south", two, "South")
    assert locate("nobody", tmp_path) is None


def test_a_book_of_several_sheets_must_be_named_with_its_sheet(tmp_path):
    book(tmp_path / "calls.xlsx", North=[["id"]], South=[["id"]])
    with pytest.raises(SourceError, match=r"has 2 sheets; .* one of calls_north, calls_south"):
        locate("calls", tmp_path)


def test_two_files_of_one_name_are_refused(tmp_path):
    (tmp_path / "leads.csv").write_text("id\n1\n")
    pd.DataFrame({"id": [1]}).to_parquet(tmp_path / "leads.parquet")
    with pytest.raises(SourceError, match=r"'leads' fits leads.csv and leads.parquet; rename all but one"):
        locate("leads", tmp_path)


def test_lock_files_hidden_files_and_other_files_are_not_read(tmp_path):
    for name in ("~$people.xlsx", ".leads.csv", "notes.txt", "leads.csv"):
        (tmp_path / name).write_text("id\n")
    assert [p.name for p in raw_files(tmp_path)] == ["leads.csv"]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"nowhere: no such folder; .*--data"):
        raw_files(tmp_path / "nowhere")


def test_a_missing_file_is_named_with_those_that_are_there(raw):
    text = str(missing_file("deals", raw, "shop/outcomes.sql"))
    assert "no file for the table 'deals' that shop/outcomes.sql reads" in text
    assert "expected deals.csv, deals.parquet or deals.xlsx. Found: leads.csv (table leads)" in text


def load(path, sheet=""):
    con = duckdb.connect()
    types = load_table(con, RawTable("t", path, sheet))
    return types, con.execute("select * from t").fetchall()


def test_csv_columns_are_text_and_nothing_is_guessed(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b'\xef\xbb\xbfid;day;note\r\n00123;2026-03-01;"a;b"\r\n4;;NULL\r\n')
    types, rows = load(path)
    assert types == {"id": "VARCHAR", "day": "VARCHAR", "note": "VARCHAR"}
    assert rows == [("00123", "2026-03-01", "a;b"), ("4", None, "NULL")]


def test_parquet_keeps_its_types(tmp_path):
    pd.DataFrame({"id": [1], "at": pd.to_datetime(["2026-03-01T09:00Z"])}).to_parquet(tmp_path / "a.parquet")
    types, _ = load(tmp_path / "a.parquet")
    assert types == {"id": "BIGINT", "at": "TIMESTAMP WITH TIME ZONE"}


def test_a_sheet_is_loaded_as_text(tmp_path):
    path = book(tmp_path / "a.xlsx", One=[["id", "n"], ["00123", 5], ["x"]])
    types, rows = load(path, "One")
    assert types == {"id": "VARCHAR", "n": "VARCHAR"}
    assert rows == [("00123", "5"), ("x", None)]


def test_a_header_alone_is_an_empty_table(tmp_path):
    (tmp_path / "a.csv").write_text("id,n\n")
    assert load(tmp_path / "a.csv") == ({"id": "VARCHAR", "n": "VARCHAR"}, [])
    assert load(book(tmp_path / "a.xlsx", One=[["id", "n"]]), "One")[1] == []


def test_a_long_line_within_the_limit_is_read(tmp_path):
    (tmp_path / "a.csv").write_text("id,n\n1," + "x" * 3_000_000 + "\n")
    assert len(load(tmp_path / "a.csv")[1][0][1]) == 3_000_000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,n\n1,2\n3,4,5\n", r"a.csv: cannot be read as a table.*Line: 3.*Expected Number of Columns: 2 Found: 3"),
        ("id,n\n1\n", r"a.csv: .*Line: 2.*Expected Number of Columns: 2 Found: 1"),
        ('id,n\n1,"open\n', r"a.csv: .*Line: 2.*unterminated quote"),
    ],
)
def test_a_row_that_does_not_fit_its_header_is_named(tmp_path, content, message):
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(SourceError, match=f"(?s){message}"):
        load(tmp_path / "a.csv")


def test_a_file_that_is_no_parquet_is_refused(tmp_path):
    (tmp_path / "a.parquet").write_text("id,n\n1,2\n")
    with pytest.raises(SourceError, match=r"a.parquet: cannot be read as a table"):
        load(tmp_path / "a.parquet")
