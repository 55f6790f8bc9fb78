"""Tables as files: what a spreadsheet reads back, and texts in which nothing acts."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from serving.exports.tables import csv_bytes, file_name, xlsx_bytes


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "-2+3", "+1+cmd|' /C calc'!A0", "\t=1", "  =1", "＝1"])
def test_a_text_that_would_act_gets_an_apostrophe_in_csv(text: str) -> None:
    assert read(csv_bytes(["name"], [[text]]))[1] == [f"'{text}"]


def test_a_telephone_number_is_kept_from_being_reckoned_and_negative_numbers_stay_as_they_are() -> None:
    rows = [["+49 (0)30 555-010", -3, -0.5, None, 'a,"b"\n']]
    assert read(csv_bytes(list("abcde"), rows))[1] == ["'+49 (0)30 555-010", "-3", "-0.5", "", 'a,"b"\n']


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=4))
def test_no_cell_of_any_text_begins_a_formula_and_none_is_lost(row: list[str]) -> None:
    back = read(csv_bytes(["x"] * len(row), [row]))
    assert [cell.removeprefix("'") for cell in back[1]] == [cell.removeprefix("'") for cell in row]
    assert not any(cell[:1] in ("=", "@", "\t", "\r") for cell in back[1])


def test_a_workbook_keeps_texts_numbers_and_times_by_their_kind() -> None:
    at = dt.datetime(2026, 11, 24, 7, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    content = xlsx_bytes([("people", ["a", "b", "c", "d"], [["=1+1", 3, at, None], ["bell\x07", -2.5, None, "+49"]])])
    sheet = load_workbook(io.BytesIO(content))["people"]
    cells = [[(c.value, c.data_type) for c in row] for row in sheet.rows]
    assert cells[1][:2] == [("=1+1", "s"), (3, "n")]
    assert cells[1][2][0] == dt.datetime.fromisoformat("2026-11-24T06:00")
    assert [value for value, _ in cells[2]] == ["bell", -2.5, None, "+49"]


def test_a_files_name_has_plain_letters_only() -> None:
    assert file_name("audience", 'O\'Neil & "é"\r\n', "2026-11-24", ending="csv") == "audience-O-Neil-2026-11-24.csv"
