"""XLSX sheets as text tables."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from pipelines.sources import workbooks
from pipelines.sources.errors import SourceError


def book(path: Path, **sheets: list[list[object]]) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(path)
    return path


def test_cells_become_the_text_that_a_csv_would_hold(tmp_path):
    cells = [
        ["a", "b", "c", "d", "e", "f"],
        ["007", 7, 7.5, 7.0, True, pd.Timestamp("2026-03-01 09:30").to_pydatetime()],
    ]
    path = book(tmp_path / "x.xlsx", One=cells)
    assert list(workbooks.rows(path, "One")) == [(2, ["007", "7", "7.5", "7", "true", "2026-03-01 09:30:00"])]


def test_empty_rows_are_no_rows_and_keep_the_numbering(tmp_path):
    path = book(tmp_path / "x.xlsx", One=[["a"], [], ["1"], [None], ["2"]])
    assert list(workbooks.rows(path, "One")) == [(3, ["1"]), (5, ["2"])]


def test_columns_behind_the_last_value_are_not_there(tmp_path):
    path = book(tmp_path / "x.xlsx", One=[["a", "b", None], ["1", None, None]])
    assert workbooks.columns(path, "One") == ("a", "b")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], r"x.xlsx, sheet One: the sheet is empty"),
        ([["a", None], ["1", "2"]], r"expected a name for each column in row 1, got \['a', ''\]"),
        ([["a", "A"]], r"column\(s\) \['a'\] stand twice"),
        ([[2026, 17]], r"row 1 has \['2026', '17'\]"),
    ],
)
def test_a_sheet_without_a_header_is_refused(tmp_path, rows, message):
    path = book(tmp_path / "x.xlsx", One=rows)
    with pytest.raises(SourceError, match=message):
        workbooks.columns(path, "One")


def test_a_file_that_is_no_workbook_is_refused(tmp_path):
    path = tmp_path / "x.xlsx"
    path.write_text("id,name")
    with pytest.raises(SourceError, match=r"x.xlsx: not a readable .xlsx workbook .*save the sheet as CSV UTF-8"):
        workbooks.sheets(path)
