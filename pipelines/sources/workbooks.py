"""XLSX workbooks as salespeople make them: one table per sheet, every column as text, like a CSV.

A cell becomes the text that a CSV would hold: `2026-03-01 09:30:00`, `12.5`, `true`. Excel knows no time zones,
so the .sql must say which clock it was.
"""

from __future__ import annotations

import datetime as dt
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from pipelines.sources.csv_files import header_names
from pipelines.sources.errors import SourceError


def sheets(path: Path) -> list[str]:
    """Name the sheets of a workbook, in their order."""
    with _opened(path) as book:
        return [sheet.title for sheet in book.worksheets]


def columns(path: Path, sheet: str) -> tuple[str, ...]:
    """Return the names in row 1 of a sheet; columns without name and without a value are not there.

    Raises
    ------
    SourceError
        The sheet is empty, or its first row is no header.
    """
    table = list(_texts(path, sheet))
    where = f"{path.name}, sheet {sheet}"
    if not table:
        raise SourceError(f"{where}: the sheet is empty; expected at least a header row.")
    width = max(_width(row) for row in table)
    header = tuple((name or "").strip() for name in table[0])
    return header_names((*header, *[""] * width)[:width], where)


def rows(path: Path, sheet: str) -> Iterator[tuple[int, list[str | None]]]:
    """Yield (row number as Excel shows it, cells) of each row with a value; the header is row 1."""
    for number, row in enumerate(_texts(path, sheet), start=1):
        if number > 1 and _width(row):
            yield number, row


def _texts(path: Path, sheet: str) -> Iterator[list[str | None]]:
    with _opened(path) as book:
        table = book[sheet]
        table.reset_dimensions()  # exporters write a wrong size, and openpyxl would believe it
        for row in table.iter_rows(values_only=True):
            yield [_text(cell) for cell in row]


def _width(row: list[str | None]) -> int:
    return max((i for i, cell in enumerate(row, start=1) if cell is not None), default=0)


def _text(cell: Any) -> str | None:
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with warnings.catch_warnings():
            # styles and drop-downs that openpyxl does not know are of no interest to a table
            warnings.simplefilter("ignore", UserWarning)
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise SourceError(
            f"{path.name}: not a readable .xlsx workbook ({error}). Open it in Excel, take a password off, and "
            "save it as .xlsx, or save the sheet as CSV UTF-8."
        ) from error
    try:
        yield book
    finally:
        book.close()
