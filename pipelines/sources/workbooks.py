"""XLSX workbooks as salespeople make them: one table per sheet, every column as text, like a CSV.

A cell becomes the text that a CSV would hold: `2026-03-01 09:30:00`, `12.5`, `true`. Excel knows no time zones,
so the .sql must say which clock it was. Titles above the header, blank rows and columns, a row of totals at the end
and hidden sheets are no part of the table; a formula that Excel has not computed is refused.
"""

from __future__ import annotations

import datetime as dt
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from pipelines.sources.csv_files import header_names
from pipelines.sources.errors import SourceError

TOTALS: Final = ("total", "totals", "grand total", "sum", "summe", "gesamt", "gesamtsumme")


def sheets(path: Path) -> list[str]:
    """Name the sheets of a workbook that people see, in their order; all of them where all are hidden."""
    with _opened(path) as book:
        shown = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
        return shown or [sheet.title for sheet in book.worksheets]


def columns(path: Path, sheet: str) -> tuple[str, ...]:
    """Return the names in the header of a sheet; columns without name and without a value are not there.

    Raises
    ------
    SourceError
        The sheet is empty, or its first row (below titles) is no header.
    """
    table = list(_texts(path, sheet))
    where = f"{path.name}, sheet {sheet}"
    if not table:
        raise SourceError(f"{where}: the sheet is empty; expected at least a header row.")
    first = _header_row(table)
    header = [(_cell(table[first], i) or "").strip() for i in _columns(table)]
    return header_names(tuple(header), where)


def rows(path: Path, sheet: str) -> Iterator[tuple[int, list[str | None]]]:
    """Yield (row number as Excel shows it, cells) of each row of the table with a value, without the header."""
    table = list(_texts(path, sheet))
    if not table:
        return
    first, totals, kept = _header_row(table), _totals_row(table), _columns(table)
    for number, row in enumerate(table, start=1):
        if number > first + 1 and _width(row) and number - 1 != totals:
            yield number, [_cell(row, i) for i in kept]


def notes(path: Path, sheet: str) -> list[str]:
    """Say what of a sheet is not taken as a part of its table, and which sheets nobody sees.

    Raises
    ------
    SourceError
        A formula has no value: a program wrote it, and Excel has not computed it yet.
    """
    _refuse_uncomputed(path, sheet)
    table, told = list(_texts(path, sheet)), []
    first, totals = (_header_row(table), _totals_row(table)) if table else (0, None)
    if first:
        told.append(f"{path.name}: {first} rows above the header are titles")
    if totals is not None:
        told.append(f"{path.name}: row {totals + 1}, {_first(table[totals])!r}, is left out as a row of totals")
    with _opened(path) as book:
        hidden = [other.title for other in book.worksheets if other.sheet_state != "visible" and other.title != sheet]
    return [*told, *(f"{path.name}: the hidden sheet {name!r} is passed over" for name in hidden)]


def _header_row(table: list[list[str | None]]) -> int:
    """Return the position of the header: the first row with two words or more, at least half as wide as the table.

    Rows above it with a single cell are titles; anything else there means that the first row is the header.
    """
    filled = [[cell for cell in row if cell is not None] for row in table]
    widest = max(map(len, filled), default=0)
    for position, cells in enumerate(filled):
        if len(cells) > 1:
            named = len(set(cells)) == len(cells) and not any(_is_number(cell) for cell in cells)
            return position if named and 2 * len(cells) >= widest else 0
    return 0


def _is_number(cell: str) -> bool:
    return cell.replace(".", "", 1).replace("-", "", 1).isdigit()


def _columns(table: list[list[str | None]]) -> list[int]:
    """Return the positions of the columns with a name or a value, from the header down."""
    below = table[_header_row(table) :]
    return [i for i in range(max(map(_width, below), default=0)) if any(_cell(row, i) is not None for row in below)]


def _cell(row: list[str | None], i: int) -> str | None:
    return row[i] if i < len(row) else None


def _totals_row(table: list[list[str | None]]) -> int | None:
    """Return the position of the last row with a value where it calls itself a total; None otherwise."""
    last = max((i for i, row in enumerate(table) if _width(row)), default=0)
    said = (_first(table[last]) or "").strip().lower().rstrip(":") if last > _header_row(table) else ""
    return last if said in TOTALS else None


def _first(row: list[str | None]) -> str | None:
    return next((cell for cell in row if cell is not None), None)


def _refuse_uncomputed(path: Path, sheet: str) -> None:
    with _opened(path) as values, _opened(path, formulas=True) as formulas:
        for seen, written in zip(values[sheet].iter_rows(), formulas[sheet].iter_rows(), strict=False):
            for value, formula in zip(seen, written, strict=False):
                if value.value is None and isinstance(formula.value, str) and formula.value.startswith("="):
                    raise SourceError(
                        f"{path.name}, sheet {sheet}, cell {formula.coordinate}: the formula {formula.value!r} has no "
                        "value, because no program has computed it. Open the file in Excel, save it, and run again."
                    )


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
def _opened(path: Path, *, formulas: bool = False) -> Iterator[Any]:
    try:
        with warnings.catch_warnings():
            # styles and drop-downs that openpyxl does not know are of no interest to a table
            warnings.simplefilter("ignore", UserWarning)
            book = openpyxl.load_workbook(path, read_only=True, data_only=not formulas)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise SourceError(
            f"{path.name}: not a readable .xlsx workbook ({error}). Open it in Excel, take a password off, and "
            "save it as .xlsx, or save the sheet as CSV UTF-8."
        ) from error
    try:
        yield book
    finally:
        book.close()
