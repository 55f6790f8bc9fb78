"""A folder that grows: its parts are one table, and only what is new or changed is parsed."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd
import pytest

from pipelines.home import Home
from pipelines.sources import growing, reading
from pipelines.sources.database import connect
from pipelines.sources.errors import SourceError
from pipelines.sources.folders import find
from pipelines.sources.growing import Parts
from pipelines.sources.mapping import map_source
from pipelines.sources.reading import RawTable
from pipelines.steps import pulling
from tests.pipelines.sources.conftest import Make

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


def located(name: str, data: Path) -> list[str]:
    """The parts of a table, by name; the table itself where it is one file."""
    table = reading.locate(name, data)
    return [] if table is None else [part.path.name for part in table.parts or (table,)]


def load(name: str, data: Path, parts: Parts | None = None) -> list[tuple[object, ...]]:
    table = reading.locate(name, data)
    assert table is not None
    with connect() as con:
        reading.load_table(con, table, parts=parts)
        return sorted(con.execute(f"select * from {reading.quoted(name)}").fetchall())


def loaded(data: Path, kept: Path | None = None) -> tuple[list[object], Parts]:
    """Which touches are in the table, and what is told."""
    parts = Parts(kept)
    found = load("touches", data, parts)
    parts.close(data)
    return [row[0] for row in found], parts


def test_files_called_after_a_table_with_a_number_behind_are_its_parts(data: Path) -> None:
    found = map_source(find("files"), data).checked["touches"].good
    assert sorted(found["touch_id"]) == ["1", "2", "3"]


def test_so_are_the_files_of_its_sub_folder_whatever_they_are_called_and_of_each_format(data: Path) -> None:
    for old in data.glob("*ouches*"):
        old.unlink()
    (data / "touches").mkdir()
    (data / "touches" / "north.csv").write_text(touches("7"), encoding="utf-8")
    book = openpyxl.Workbook()
    for line in touches("8").splitlines():
        book.active.append(line.split(","))
    book.save(data / "touches" / "south.xlsx")
    assert loaded(data)[0] == ["7", "8"]


def test_a_file_of_the_very_name_is_the_whole_table(data: Path) -> None:
    (data / "touches.csv").write_text(touches("9"), encoding="utf-8")
    assert loaded(data)[0] == ["9"]


def test_only_new_and_changed_parts_are_parsed_and_one_that_is_gone_is_told(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, parsed = tmp_path / "kept", []
    real = reading._load_file

    def counted(con: duckdb.DuckDBPyConnection, table: RawTable, most: int) -> list[str]:
        parsed.append(table.path.name)
        return real(con, table, most)

    monkeypatch.setattr(reading, "_load_file", counted)

    def again() -> list[str]:
        parsed.clear()
        loaded(data, kept)
        return sorted(parsed)

    assert again() == ["Touches 2026-02.csv", "touches-2026-01.csv"]
    assert again() == []
    os.utime(data / "touches-2026-01.csv", (1, 1))
    assert again() == [], "copied again with the same content"
    (data / "touches-2026-01.csv").write_text(touches("1", "2", "4"), encoding="utf-8")
    (data / "touches-2026-03.csv").write_text(touches("5"), encoding="utf-8")
    assert again() == ["touches-2026-01.csv", "touches-2026-03.csv"]
    assert loaded(data, kept)[0] == ["1", "2", "3", "4", "5"]
    (data / "touches-2026-03.csv").unlink()
    found, parts = loaded(data, kept)
    assert found == ["1", "2", "3", "4"]
    assert (
        parts.said == "0 parts new, 0 changed, 2 as before; touches-2026-03.csv is not there any more; its facts stay"
    )


def test_a_torn_note_only_means_that_all_is_looked_at_again(data: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    first, _ = loaded(data, kept)
    (kept / "parts.json").write_text('{"half', encoding="utf-8")
    assert loaded(data, kept)[0] == first


def test_a_part_with_other_columns_is_refused_by_name(data: Path) -> None:
    (data / "touches-2026-03.csv").write_text(touches("5").replace("kind", "what"), encoding="utf-8")
    with pytest.raises(SourceError, match=r"touches-2026-03\.csv: as a part .* lacks kind and has what more than"):
        loaded(data)


def test_a_part_that_is_open_in_excel_or_grows_meanwhile_is_left_for_the_next_time(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (data / "~$Touches 2026-02.csv").write_text("locked", encoding="utf-8")
    found, parts = loaded(data)
    assert found == ["1", "2"]
    assert "Touches 2026-02.csv is open in Excel and left for the next time" in parts.said
    (data / "~$Touches 2026-02.csv").unlink()
    real = reading._load_file

    def still(con: duckdb.DuckDBPyConnection, table: RawTable, most: int) -> list[str]:
        told = real(con, table, most)
        if table.path.name == "touches-2026-01.csv":
            with table.path.open("a", encoding="utf-8") as file:
                file.write(f"6,a,call,outbound,{AT},{AT}\n")
        return told

    monkeypatch.setattr(reading, "_load_file", still)
    found, parts = loaded(data)
    assert found == ["3"]
    assert "touches-2026-01.csv is still being written" in parts.said


def test_where_no_part_can_be_read_it_says_so(data: Path) -> None:
    for part in ("touches-2026-01.csv", "Touches 2026-02.csv"):
        (data / f"~${part}").write_text("locked", encoding="utf-8")
    with pytest.raises(SourceError, match="no part of the table 'touches' can be read now"):
        loaded(data)


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


@pytest.mark.parametrize(
    ("file", "is_part"),
    [
        ("offers-2026-01.csv", True), ("offers_3.csv", True), ("Offers (2).csv", True), ("offers Q1 2026.csv", True),
        ("offers-March-2026.csv", True), ("offers_2026_north.csv", True), ("offers_made-2026-01.csv", False),
        ("offers-north.csv", False), ("offers-old-2026.csv", False), ("offers_market_1.csv", False),
    ],
)  # fmt: skip
def test_a_part_is_called_after_its_table_and_a_date_or_a_count(tmp_path: Path, file: str, is_part: bool) -> None:
    (tmp_path / file).write_text("id\n1\n", encoding="utf-8")
    assert located("offers", tmp_path) == [file] * is_part


def test_a_sub_folder_is_called_like_a_file_and_hidden_or_kept_ones_are_none(tmp_path: Path) -> None:
    for folder, file in (("Offers made", "a.csv"), (".offers_made", "b.csv"), ("parts", "parts.json")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / file).write_text("id\n1\n", encoding="utf-8")
    (tmp_path / "parts" / "c.csv").write_text("id\n1\n", encoding="utf-8")
    assert (located("offers_made", tmp_path), located("parts", tmp_path)) == (["a.csv"], [])


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")


def test_columns_are_united_by_name_in_any_order_and_case(tmp_path: Path) -> None:
    write(tmp_path, t_1="id,kind\n1,call\n", t_2="Kind,ID\nmail,2\n")
    assert load("t", tmp_path) == [("1", "call"), ("2", "mail")]


def test_a_part_whose_column_is_of_another_kind_is_refused(tmp_path: Path) -> None:
    write(tmp_path, t_1="id,at\n1,2026-01-01\n")
    pd.DataFrame({"id": ["2"], "at": pd.to_datetime(["2026-01-01T00:00Z"])}).to_parquet(tmp_path / "t_2.parquet")
    with pytest.raises(SourceError, match=r"t_2.parquet: .* column at is TIMESTAMP WITH TIME ZONE, in t_1.csv it is V"):
        load("t", tmp_path)


def test_files_beside_the_whole_table_are_told_and_not_read(tmp_path: Path) -> None:
    write(tmp_path, t="id\n1\n", t_2="id\n2\n")
    parts = Parts()
    assert load("t", tmp_path, parts) == [("1",)]
    assert parts.said == "t.csv is the whole table t; no part of it: t_2.csv"


def test_it_is_told_how_many_parts_are_new_changed_and_as_before(tmp_path: Path) -> None:
    data, kept = tmp_path / "data", tmp_path / "kept"
    data.mkdir()

    def again(**files: str) -> str:
        write(data, **files)
        parts = Parts(kept)
        load("t", data, parts)
        parts.close(data)
        return parts.said

    assert again(t_1="id\n1\n", t_2="id\n2\n") == "2 parts new, 0 changed, 0 as before"
    assert again(t_2="id\n2\n22\n", t_3="id\n3\n") == "1 parts new, 1 changed, 1 as before"
    note = (kept / "parts.json").stat().st_mtime_ns
    assert again() == "0 parts new, 0 changed, 3 as before"
    assert (kept / "parts.json").stat().st_mtime_ns == note
    assert len(list(kept.glob("*.parquet"))) == 3, "the former content of t_2 is not kept"
    for torn in kept.glob("*.parquet"):
        torn.write_bytes(b"half")
    assert again() == "0 parts new, 3 changed, 0 as before"
    for part in data.iterdir():
        part.unlink()
    parts = Parts(kept)
    parts.close(data)
    assert [said.split()[0] for said in parts.told] == ["t_1.csv", "t_2.csv", "t_3.csv"]


def test_a_part_that_cannot_be_read_while_it_is_copied_is_left_and_one_that_is_broken_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, t_1="id,n\n1,1\n", t_2='id,n\n2,"op')
    with pytest.raises(SourceError, match=r"t_2.csv: cannot be read as a table"):
        load("t", tmp_path)
    stamps = iter(range(100))
    real = growing.stamp
    monkeypatch.setattr(growing, "stamp", lambda p: [next(stamps)] if p.name == "t_2.csv" else real(p))
    parts = Parts()
    assert load("t", tmp_path, parts) == [("1", "1")]
    assert parts.told == ["t_2.csv is still being written and left for the next time"]


@pytest.mark.parametrize("lock", ["~$t.csv", ".~lock.t.csv#"])
def test_a_table_of_one_file_that_is_open_or_changes_meanwhile_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lock: str
) -> None:
    write(tmp_path, t="id\n1\n")
    (tmp_path / lock).write_text("", encoding="utf-8")
    with pytest.raises(SourceError, match=r"t.csv: open in Excel .* 't' has no other file. Close it"):
        load("t", tmp_path)
    (tmp_path / lock).unlink()
    stamps = iter(range(100))
    monkeypatch.setattr(growing, "stamp", lambda _: [next(stamps)])
    with pytest.raises(SourceError, match=r"t.csv: changed while it was read, .* Wait until it is complete"):
        load("t", tmp_path)


def test_a_value_that_does_not_fit_is_found_in_its_part(data: Path) -> None:
    (data / "touches-2026-03.csv").write_text(touches("5", "6").replace(AT, "soon"), encoding="utf-8")
    with pytest.raises(SourceError, match=r"touches-2026-03\.csv, row 2, column (occurred|recorded)_at: got 'soon'"):
        map_source(find("files"), data)


def test_a_hidden_sheet_that_the_sql_names_is_read(tmp_path: Path) -> None:
    book(tmp_path / "deals.xlsx", ("id",), ("1",), hidden="old")
    assert located("deals_old", tmp_path) == ["deals.xlsx"]


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
        ("1.234.567", 1234567.0), ("1,234,567", 1234567.0), ("700", 700.0), ("", None),
        ("0.125", 0.125), ("1,234.567", 1234.567), ("€ -5", -5.0), ("CHF 1'200.00", 1200.0),
    ],
)  # fmt: skip
def test_amounts_are_read_as_people_write_them(text: str, amount: float | None) -> None:
    with connect() as con:
        assert con.execute("select amount(?)", [text]).fetchone() == (amount,)


@pytest.mark.parametrize("text", ["1.234", "1,234", "about 12", "1.23.4", "12,345.6,7", "12 50", "5 EUR 3", "EUR"])
def test_an_amount_that_means_two_things_or_none_is_refused(text: str) -> None:
    with connect() as con, pytest.raises(duckdb.Error, match="no amount, or one that can be read in two ways"):
        con.execute("select amount(?)", [text]).fetchone()


def test_an_amount_that_means_two_things_is_found_in_its_file(make_source: Make, raw: Path) -> None:
    write(raw, deals_1="id,worth\na,5\n", deals_2="id,worth\nb,1.234\n")
    sql = "select id as prospect_id, amount(worth) as amount, 'won' as result from deals"
    with pytest.raises(
        SourceError, match=r"deals_2.csv, row 2, column worth: got '1.234', expected an amount .*outcomes"
    ):
        map_source(make_source({"outcomes": sql}), raw)
