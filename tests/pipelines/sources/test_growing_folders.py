"""A folder that grows: its parts are one table, and only what is new or changed is parsed."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import openpyxl
import pytest

from pipelines.home import Home
from pipelines.sources import reading
from pipelines.sources.database import connect
from pipelines.sources.errors import SourceError
from pipelines.sources.folders import find
from pipelines.sources.growing import Parts
from pipelines.sources.mapping import map_source
from pipelines.sources.reading import RawTable
from pipelines.steps import pulling

AT = "2026-01-05T09:00:00Z"
HEAD = "touch_id,prospect_id,kind,direction,occurred_at,recorded_at"


def touches(*ids: str, kind: str = "call") -> str:
    return "\n".join([HEAD, *(f"{i},a,{kind},outbound,{AT},{AT}" for i in ids)]) + "\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "prospects.csv").write_text(f"prospect_id,created_at,recorded_at\na,{AT},{AT}\n", encoding="utf-8")
    (folder / "touches-2026-01.csv").write_text(touches("1", "2"), encoding="utf-8")
    (folder / "Touches 2026-02.csv").write_text(touches("3"), encoding="utf-8")
    return folder


def mapped(data: Path, kept: Path | None = None) -> tuple[list[str], Parts]:
    """Which touches came of it, and what is told."""
    parts = Parts(kept)
    found = map_source(find("files"), data, parts=parts).checked["touches"].good
    return sorted(found["touch_id"]), parts


def test_files_called_after_a_table_with_a_number_behind_are_its_parts(data: Path) -> None:
    assert mapped(data)[0] == ["1", "2", "3"]
    (data / "touches-made-2026.csv").write_text("x\n1\n", encoding="utf-8")
    assert mapped(data)[0] == ["1", "2", "3"], "the name of another table"


def test_so_are_the_files_of_its_sub_folder_whatever_they_are_called_and_of_each_format(data: Path) -> None:
    for old in data.glob("*ouches*"):
        old.unlink()
    (data / "touches").mkdir()
    (data / "touches" / "north.csv").write_text(touches("7"), encoding="utf-8")
    book = openpyxl.Workbook()
    for line in touches("8").splitlines():
        book.active.append(line.split(","))
    book.save(data / "touches" / "south.xlsx")
    assert mapped(data)[0] == ["7", "8"]


def test_a_file_of_the_very_name_is_the_whole_table(data: Path) -> None:
    (data / "touches.csv").write_text(touches("9"), encoding="utf-8")
    assert mapped(data)[0] == ["9"]


def test_only_new_and_changed_parts_are_parsed_and_one_that_is_gone_is_told(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, parsed = tmp_path / "kept", []
    real = reading._load_file
    monkeypatch.setattr(reading, "_load_file", lambda con, t, most: (parsed.append(t.path.name), real(con, t, most)))

    def again() -> list[str]:
        parsed.clear()
        mapped(data, kept)
        return sorted(p for p in parsed if p != "prospects.csv")

    assert again() == ["Touches 2026-02.csv", "touches-2026-01.csv"]
    assert again() == []
    os.utime(data / "touches-2026-01.csv", (1, 1))
    assert again() == [], "copied again with the same content"
    (data / "touches-2026-01.csv").write_text(touches("1", "2", "4"), encoding="utf-8")
    (data / "touches-2026-03.csv").write_text(touches("5"), encoding="utf-8")
    assert again() == ["touches-2026-01.csv", "touches-2026-03.csv"]
    assert mapped(data, kept)[0] == ["1", "2", "3", "4", "5"]
    (data / "touches-2026-03.csv").unlink()
    found, parts = mapped(data, kept)
    assert found == ["1", "2", "3", "4"]
    assert (
        parts.said == "0 parts new or changed, 2 as before; touches-2026-03.csv is not there any more; its facts stay"
    )


def test_a_torn_note_only_means_that_all_is_looked_at_again(data: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    first, _ = mapped(data, kept)
    (kept / "parts.json").write_text('{"half', encoding="utf-8")
    assert mapped(data, kept)[0] == first


def test_a_part_with_other_columns_is_refused_by_name(data: Path) -> None:
    (data / "touches-2026-03.csv").write_text(touches("5").replace("kind", "what"), encoding="utf-8")
    with pytest.raises(SourceError, match=r"touches-2026-03\.csv: as a part .* lacks kind and has what more than"):
        mapped(data)


def test_a_part_that_is_open_in_excel_or_grows_meanwhile_is_left_for_the_next_time(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (data / "~$Touches 2026-02.csv").write_text("locked", encoding="utf-8")
    found, parts = mapped(data)
    assert found == ["1", "2"]
    assert "Touches 2026-02.csv is open in Excel and left for the next time" in parts.said
    (data / "~$Touches 2026-02.csv").unlink()
    real = reading._load_file

    def growing(con: object, table: reading.RawTable, most: int) -> None:
        real(con, table, most)  # type: ignore[arg-type]
        if table.path.name == "touches-2026-01.csv":
            with table.path.open("a", encoding="utf-8") as file:
                file.write(f"6,a,call,outbound,{AT},{AT}\n")

    monkeypatch.setattr(reading, "_load_file", growing)
    found, parts = mapped(data)
    assert found == ["3"]
    assert "touches-2026-01.csv is still being written" in parts.said


def test_where_no_part_can_be_read_it_says_so(data: Path) -> None:
    for part in ("touches-2026-01.csv", "Touches 2026-02.csv"):
        (data / f"~${part}").write_text("locked", encoding="utf-8")
    with pytest.raises(SourceError, match="no part of the table 'touches' can be read now"):
        mapped(data)


def test_the_same_ingest_twice_changes_nothing_and_a_new_part_adds_its_rows_only(data: Path, tmp_path: Path) -> None:
    home, source = Home(tmp_path / "home"), find("files")

    def ingest() -> dict[str, int]:
        pulling.write(pulling.map_and_check(source, data, home), data, home, source="files", run_id="one")
        return home.lake.versions()

    first = ingest()
    assert ingest() == first
    (data / "touches-2026-03.csv").write_text(touches("3", "5"), encoding="utf-8")
    second = ingest()
    assert {t for t in second if second[t] != first[t]} == {"touches"}
    assert sorted(home.lake.read("touches")["touch_id"]) == ["1", "2", "3", "5"]


def book(path: Path, *lines: tuple[object, ...], hidden: str = "") -> RawTable:
    made = openpyxl.Workbook()
    for line in lines:
        made.active.append(line)
    if hidden:
        made.create_sheet(hidden).sheet_state = "hidden"
    made.save(path)
    return RawTable("deals", path, "Sheet")


def read(table: RawTable) -> tuple[list[tuple[object, ...]], list[str]]:
    parts = Parts()
    with connect() as con:
        names = tuple(reading.load_table(con, table, parts=parts))
        return [names, *con.execute("select * from deals").fetchall()], parts.told


def test_titles_blank_rows_and_a_row_of_totals_are_no_part_of_a_sheet_and_are_told(tmp_path: Path) -> None:
    table = book(
        tmp_path / "deals.xlsx", ("Deals of January",), (), ("Deal", None, "Amount"), ("a", None, 10), (),
        ("b", None, "1.234,50 EUR"), ("Total", None, 1244.5), hidden="old",
    )  # fmt: skip
    assert read(table) == (
        [("Deal", "Amount"), ("a", "10"), ("b", "1.234,50 EUR")],
        [
            "deals.xlsx: 2 rows above the header are titles",
            "deals.xlsx: row 7, 'Total', is left out as a row of totals",
            "deals.xlsx: the hidden sheet 'old' is passed over",
        ],
    )


def test_a_plain_sheet_is_read_as_it_is_and_nothing_is_told(tmp_path: Path) -> None:
    assert read(book(tmp_path / "deals.xlsx", ("Deal", "Amount"), ("a", 10))) == ([("Deal", "Amount"), ("a", "10")], [])
    one = book(tmp_path / "names.xlsx", ("Deal",), ("a",), ("total",))
    assert read(one)[0] == [("Deal",), ("a",)]


def test_a_formula_that_nothing_has_computed_is_refused_by_its_cell(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"cell B2: the formula '=1\+1' has no value.*Open the file in Excel"):
        read(book(tmp_path / "deals.xlsx", ("Deal", "Amount"), ("a", "=1+1")))


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1.234,50 EUR", 1234.5), ("$1,234.50", 1234.5), ("1234.5", 1234.5), ("12,50", 12.5), ("-3 000,00 €", -3000.0),
        ("1.234.567", 1234567.0), ("1,234,567", 1234567.0), ("700", 700.0), ("", None), ("CHF 1'200.00", 1200.0),
    ],
)  # fmt: skip
def test_amounts_are_read_as_people_write_them(text: str, amount: float | None) -> None:
    with connect() as con:
        assert con.execute("select amount(?)", [text]).fetchone() == (amount,)


@pytest.mark.parametrize("text", ["1.234", "1,234", "about 12", "1.23.4", "12,345.6,7"])
def test_an_amount_that_means_two_things_or_none_is_refused(text: str) -> None:
    with connect() as con, pytest.raises(duckdb.Error, match="no amount, or one that can be read in two ways"):
        con.execute("select amount(?)", [text]).fetchone()
