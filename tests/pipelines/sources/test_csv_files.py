"""What a CSV file must be, and how a bad one is named."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources.csv_files import CsvShape, inspect, rows
from pipelines.sources.errors import SourceError


def write(folder: Path, content: bytes) -> Path:
    path = folder / "leads.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "columns", "delimiter"),
    [
        (b"id,created\n1,2\n", ("id", "created"), ","),
        (b"id;created\r\n1;2,5\r\n", ("id", "created"), ";"),
        (b"id\tcreated\n", ("id", "created"), "\t"),
        (b"\xef\xbb\xbfid|created", ("id", "created"), "|"),
        (b'id,"a;b;c;d"\n', ("id", "a;b;c;d"), ","),
        (b"id\n1\n", ("id",), ","),
        ("größe;ort\n".encode(), ("größe", "ort"), ";"),
    ],
    ids=["comma", "semicolon", "tab", "bar and byte order mark", "quoted", "one column", "umlauts"],
)
def test_header_and_delimiter_are_read_from_the_first_row(tmp_path, content, columns, delimiter):
    shape = inspect(write(tmp_path, content))
    assert (shape.columns, shape.delimiter) == (columns, delimiter)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"leads.csv: the file is empty \(0 bytes\)"),
        (b"\n", r"expected a name for each column in row 1, got \[\]"),
        (b"id,,x\n", r"expected a name for each column in row 1"),
        (b"id,ID\n", r"column\(s\) \['id'\] stand twice"),
        (b"17,2026\n", r"row 1 has \['17', '2026'\].*Put a header row on top"),
        (b"id,name\n1,ok\n2,M\xfcller\n", r"leads.csv, row 3: not UTF-8 text \(byte 0xfc\).*CSV UTF-8"),
        (b"id,name\n1,ok\n2,M\xc3", r"leads.csv, row 3: not UTF-8 text \(byte 0xc3\)"),
        ("id,name\n".encode("utf-16"), r"leads.csv, row 1: not UTF-8 text"),
    ],
)
def test_a_file_that_is_no_csv_in_utf8_is_refused_with_its_row(tmp_path, content, message):
    with pytest.raises(SourceError, match=message):
        inspect(write(tmp_path, content))


def test_a_line_over_the_limit_is_refused_with_its_row(tmp_path):
    path = write(tmp_path, b"id,name\n1,short\n2," + b"x" * 200 + b"\n")
    with pytest.raises(SourceError, match=r"leads.csv, row 3: the line is longer than 100 bytes"):
        inspect(path, max_line_bytes=100)


def test_a_line_of_half_a_gigabyte_is_refused_without_reading_it_to_memory(tmp_path):
    path = write(tmp_path, b"id,name\n")
    with path.open("r+b") as file:
        file.truncate(500_000_000)  # sparse: zeros without an end of line
    tracemalloc.start()
    with pytest.raises(SourceError, match=r"row 2: the line is longer than 33,554,432 bytes"):
        inspect(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


@given(st.lists(st.integers(0, 40), max_size=30), st.integers(40, 90), st.booleans())
def test_no_line_within_the_limit_is_refused(tmp_path_factory, lengths, limit, last_end):
    path = tmp_path_factory.mktemp("csv") / "leads.csv"
    path.write_bytes(b"id\n" + b"\n".join(b"x" * n for n in lengths) + b"\n" * last_end)
    shape = inspect(path, max_line_bytes=limit)
    assert max([2, *lengths]) <= shape.longest_line <= limit


@given(st.lists(st.integers(0, 40), max_size=10), st.integers(41, 200))
def test_a_longer_line_is_always_found(tmp_path_factory, before, length):
    path = tmp_path_factory.mktemp("csv") / "leads.csv"
    path.write_bytes(b"id\n" + b"".join(b"x" * n + b"\n" for n in before) + b"x" * length + b"\nx\n")
    with pytest.raises(SourceError, match=f"row {len(before) + 2}: the line is longer than 40 bytes"):
        inspect(path, max_line_bytes=40)


def test_rows_are_numbered_as_an_editor_shows_them(tmp_path):
    path = write(tmp_path, b'id;note\n1;"two\nlines"\n\n2;x\n')
    assert [(n, row) for n, row in rows(path) if row] == [(3, ["1", "two\nlines"]), (5, ["2", "x"])]


def test_the_shape_is_a_plain_value(tmp_path):
    assert inspect(write(tmp_path, b"a,b\n12,3\n")) == CsvShape(("a", "b"), ",", 5)
