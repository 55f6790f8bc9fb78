"""XLSX sheets as text tables."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
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


HEAD = ["Deal", "Amount", "Closed"]
ROWS = [["a", 10, "2026-01-05"], ["b", 20, "2026-01-06"]]


def taken(path: Path) -> tuple[tuple[str, ...], list[int], list[str]]:
    """The header, the numbers of the rows, and what is told."""
    sheet = workbooks.read(path, "One")
    return sheet.layout.names, [number for number, _ in sheet.rows], sheet.notes


@pytest.mark.parametrize(
    ("rows", "header", "numbers", "told"),
    [
        ([["Deals"], ["as of January"], [], HEAD, *ROWS], 4, [5, 6], ["x.xlsx: 3 rows above the header are titles"]),
        ([HEAD, *ROWS, ["Summe:", 30]], 1, [2, 3], ["x.xlsx: row 4, 'Summe:', is left out as a row of totals"]),
        ([HEAD, *ROWS, [], [None, 30]], 1, [2, 3], ["x.xlsx: row 5, '30', is left out as a row of totals"]),
        ([HEAD, *ROWS, [None, 31]], 1, [2, 3, 4], []),
        ([HEAD, *ROWS, ["Total", "30,00 EUR"]], 1, [2, 3], ["x.xlsx: row 4, 'Total', is left out as a row of totals"]),
        ([HEAD, ["Total", 5, "2026-01-01"], *ROWS], 1, [2, 3, 4], []),
        ([HEAD, *ROWS, ["Total", 30, "2026-01-07"], ["c", 5]], 1, [2, 3, 4, 5], []),
        (
            [HEAD, *ROWS, ["Total North", 30]],
            1,
            [2, 3],
            ["x.xlsx: row 4, 'Total North', is left out as a row of totals"],
        ),
        ([HEAD, *ROWS, ["Total North", 31]], 1, [2, 3, 4], []),
        ([HEAD, *ROWS, ["Total", 30, "won"]], 1, [2, 3, 4], []),
        ([HEAD, ROWS[0], [], ROWS[1]], 1, [2, 4], []),
        ([["Deal", "Owner"], ["a", "n/a"], [], ["b", "Ann"], ["c", "Ben"]], 1, [2, 4, 5], []),
    ],
)
def test_the_table_of_a_sheet_is_what_is_neither_title_nor_total(tmp_path, rows, header, numbers, told):
    names = tuple(rows[header - 1])
    assert taken(book(tmp_path / "x.xlsx", One=rows)) == (names, numbers, told)


def test_a_blank_column_is_no_column(tmp_path):
    path = book(tmp_path / "x.xlsx", One=[[None, "Deal", None, "Amount"], [None, "a", None, 10]])
    assert workbooks.columns(path, "One") == ("Deal", "Amount")
    assert list(workbooks.rows(path, "One")) == [(2, ["a", "10"])]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([HEAD, *ROWS, ["Total", 30], ["c", 5, "2026-01-07"]], r"row 4: 'Total' is a row of totals, but rows follow"),
        ([HEAD, *ROWS, ["Zwischensumme", 30], ["c", 5]], r"row 4: 'Zwischensumme' is a row of totals, but rows follow"),
        ([HEAD, ["a", "9 EUR"], ["Sum", "9 EUR"], ["c", "5 EUR"]], r"row 3: 'Sum' is a row of totals, but rows follow"),
        ([HEAD, *ROWS, ["Total", 30], ["as of today"]], r"row 4: 'Total' is a row of totals, but rows follow it"),
        ([["a", "b", "c", "d"], ["x", 1, 2, "y"], ["Total", 1, "two"]], r"row 3: begins with 'Total' .* 'two' too"),
        ([["Deals"], HEAD], r"expected a name for each column in row 1, got \['Deals', '', ''\]"),
        ([["Deals"], ["Deal", None, "Closed"], *ROWS], r"for each column in row 2, got \['Deal', '', 'Closed'\]"),
        (
            [["Deal", "Amount", None, "Call", "Day"], ["a", 10, None, "k", "2026-01-01"]],
            r"column C is blank between two headers, A to B and D to E\. Two tables side by side\? .* sheet of its own",
        ),
        (
            [["Deal", "Amount", None, "Call"], ["a", 10, None, "k"], [None, None, None, "m"]],
            r"A to B and D; row 3 has values only on the right",
        ),
        ([HEAD, *ROWS, [], HEAD, ["c", 5, "2026-01-07"]], r"row 5: the header stands here again"),
        (
            [HEAD, *ROWS, [], ["Call", "Minutes", "Day"], ["k", 5, "2026-01-07"]],
            r"row 5: Call, Minutes, Day looks like the header of a second table below the first",
        ),
        (
            [HEAD, *ROWS, [], ["Calls"], ["Call", "By", "To"], ["k", "Ann", "Ben"]],
            r"row 5: Calls looks like the title of a second table below the first",
        ),
        ([HEAD, ["a", "#N/A", "2026-01-05"]], r"sheet One, cell B2: holds the error #N/A, which is no value"),
    ],
)
def test_a_sheet_that_can_be_read_in_two_ways_is_refused_in_words(tmp_path, rows, message):
    with pytest.raises(SourceError, match=message):
        workbooks.read(book(tmp_path / "x.xlsx", One=rows), "One")


def merged(path: Path, place: str, rows: list[list[object]]) -> Path:
    made = openpyxl.load_workbook(book(path, One=rows))
    made["One"].merge_cells(place)
    made.save(path)
    return path


@pytest.mark.parametrize(
    ("place", "rows", "text"),
    [
        ("A2:A3", [HEAD, ["a", 10, "x"], [None, 20, "y"]], "a"),
        ("A1:B1", [["Deal", None, "Closed"], *ROWS], "Deal"),
    ],
)
def test_merged_ids_and_headers_are_refused_with_their_cells(tmp_path, place, rows, text):
    with pytest.raises(SourceError, match=rf"x.xlsx, sheet One, cells {place}: merged, and '{text}' .*Unmerge them"):
        workbooks.read(merged(tmp_path / "x.xlsx", place, rows), "One")


@pytest.mark.parametrize(
    ("place", "rows", "numbers"),
    [
        ("A1:C1", [["Deals of January"], HEAD, *ROWS], [3, 4]),
        ("A1:C2", [["Deals of January"], [], HEAD, *ROWS], [4, 5]),
        ("A4:B4", [HEAD, *ROWS, ["Total", None, 30]], [2, 3]),
        ("E2:F3", [HEAD, *ROWS], [2, 3]),
    ],
)
def test_merged_titles_totals_and_blank_cells_do_no_harm(tmp_path, place, rows, numbers):
    assert taken(merged(tmp_path / "x.xlsx", place, rows))[1] == numbers


def computed(path: Path, cell: str) -> Path:
    """A workbook whose B2 is what Excel writes for a formula, which openpyxl cannot."""
    plain = book(path.with_name("plain.xlsx"), One=[["Deal", "Amount"], ["a", "=C2"]])
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                text, times = re.subn(rb'<c r="B2".*?</c>', cell.encode(), text)
                assert times == 1
            new.writestr(name, text)
    return path


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('<c r="B2"><f>C2*2</f><v>12.5</v></c>', "12.5"),
        ('<c r="B2" t="str"><f>IF(C2="","",C2)</f><v></v></c>', None),
        ('<c r="B2" t="str"><f>C2</f><v>open</v></c>', "open"),
    ],
)
def test_a_formula_stands_for_the_value_that_was_computed_also_an_empty_text(tmp_path, cell, value):
    assert list(workbooks.rows(computed(tmp_path / "x.xlsx", cell), "One")) == [(2, ["a", value])]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ('<c r="B2"><f>C2*2</f></c>', r"cell B2: the formula '=C2\*2' has no value.*Open the file in Excel"),
        ('<c r="B2"><f t="array" ref="B2">C2:C3</f><v/></c>', r"cell B2: the formula '=C2:C3' has no value"),
        ('<c r="B2" t="e"><f>C2/0</f><v>#DIV/0!</v></c>', r"cell B2: holds the error #DIV/0!"),
    ],
)
def test_a_formula_without_a_value_or_with_an_error_is_refused(tmp_path, cell, message):
    with pytest.raises(SourceError, match=message):
        workbooks.read(computed(tmp_path / "x.xlsx", cell), "One")


def test_dates_stay_dates_and_amounts_as_text_stay_text(tmp_path):
    path = book(tmp_path / "x.xlsx", One=[HEAD, ["a", "1.234,50 EUR", dt.date(2026, 1, 5)]])
    assert list(workbooks.rows(path, "One")) == [(2, ["a", "1.234,50 EUR", "2026-01-05 00:00:00"])]


def test_a_hidden_sheet_is_passed_over_and_told_unless_there_is_no_other(tmp_path):
    path = book(tmp_path / "x.xlsx", One=[["id"]], Old=[["id"]])
    made = openpyxl.load_workbook(path)
    made["Old"].sheet_state = "hidden"
    made.save(path)
    assert workbooks.sheets(path) == ["One"]
    assert workbooks.sheets(path, hidden=True) == ["One", "Old"]
    assert workbooks.unseen(path, "One") == ["x.xlsx: the hidden sheet 'Old' is passed over"]
