"""XLSX workbooks as salespeople make them: one table per sheet, every column as text, like a CSV.

A cell becomes the text that a CSV would hold: `2026-03-01 09:30:00`, `12.5`, `true`. Excel knows no time zones,
so the .sql must say which clock it was. Titles above the header, blank rows and columns, a row of totals at the end
and hidden sheets are no part of the table. Merged cells, a formula that Excel has not computed and an error in a cell
are refused: each would become a missing or a wrong value in silence.
"""

from __future__ import annotations

import datetime as dt
import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import openpyxl
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from pipelines.sources.errors import SourceError
from pipelines.sources.grids import Grid, Layout, cell, first, lay_out, says_total

_ERRORS: Final = {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"}
_CHUNK: Final = 1024 * 1024
_MARKS: Final = {"merged": rb"<(?:\w+:)?mergeCell\s", "formula": rb"<(?:\w+:)?f[\s/>]"}


@dataclass(frozen=True)
class Sheet:
    """A sheet that was read: its cells as text, and which of them are its table."""

    path: Path
    title: str
    grid: Grid
    layout: Layout

    @property
    def rows(self) -> Iterator[tuple[int, list[str | None]]]:
        """Row number as Excel shows it, and cells, of each row of the table below the header."""
        for i in self.layout.body:
            yield i + 1, [cell(self.grid[i], column) for column in self.layout.columns]

    @property
    def notes(self) -> list[str]:
        """What of the sheet is not taken as a part of its table."""
        name, above, totals = self.path.name, self.layout.header, self.layout.totals
        titles = [f"{name}: {above} rows above the header are titles"] if above else []
        if totals is None:
            return titles
        said = repr(first(self.grid[totals]))
        return [*titles, f"{name}: row {totals + 1}, {said}, is left out as a row of totals"]


def sheets(path: Path, *, hidden: bool = False) -> list[str]:
    """Name the sheets of a workbook that people see, in their order; all of them where all are hidden, or if asked."""
    with _opened(path) as book:
        shown = [sheet.title for sheet in book.worksheets if hidden or sheet.sheet_state == "visible"]
        return shown or [sheet.title for sheet in book.worksheets]


def read(path: Path, title: str) -> Sheet:
    """Read a sheet as the one table that it holds.

    Raises
    ------
    SourceError
        The file is no workbook; the sheet is empty, has no header or more than one table; cells of the table are
        merged, hold an error, or a formula without a value. The text names file, sheet and cell.
    """
    where = f"{path.name}, sheet {title}"
    with _opened(path) as book, _warnings_off():
        sheet = book[title]
        sheet.reset_dimensions()  # exporters write a wrong size, and openpyxl would believe it
        grid = [[_text(value) for value in row] for row in sheet.iter_rows(values_only=True)]
    marks = _marks(path)
    if "merged" in marks:
        _refuse_merged(path, title, grid)
    layout = lay_out(grid, where)
    if "formula" in marks:
        _refuse_uncomputed(path, title)
    _refuse_errors(grid, layout, where)
    return Sheet(path, title, grid, layout)


def columns(path: Path, sheet: str) -> tuple[str, ...]:
    """Return the names in the header of a sheet; columns without name and without a value are not there.

    Raises
    ------
    SourceError
        See `read`.
    """
    return read(path, sheet).layout.names


def rows(path: Path, sheet: str) -> Iterator[tuple[int, list[str | None]]]:
    """Yield (row number as Excel shows it, cells) of each row of the table with a value, without the header."""
    yield from read(path, sheet).rows


def unseen(path: Path, sheet: str) -> list[str]:
    """Say which other sheets of the workbook nobody sees, and are therefore not read as its table."""
    with _opened(path) as book:
        hidden = [other.title for other in book.worksheets if other.sheet_state != "visible" and other.title != sheet]
    return [f"{path.name}: the hidden sheet {name!r} is passed over" for name in hidden]


def _marks(path: Path) -> set[str]:
    """Say whether any sheet has merged cells or formulas: looking for them again, cell by cell, takes time."""
    found: set[str] = set()
    with zipfile.ZipFile(path) as book:
        for name in (n for n in book.namelist() if n.startswith("xl/worksheets/") and n.endswith(".xml")):
            with book.open(name) as file:
                end = b""
                while piece := file.read(_CHUNK):
                    found |= {mark for mark, tag in _MARKS.items() if re.search(tag, end + piece)}
                    end = piece[-64:]
    return found


def _refuse_merged(path: Path, sheet: str, grid: Grid) -> None:
    """Refuse cells merged in header or rows; titles above it, totals and blank cells may be."""
    with _warnings_off():
        merged = openpyxl.load_workbook(path)[sheet].merged_cells.ranges  # the quick way to read does not tell them
    last = max((i for i, row in enumerate(grid, start=1) if any(row)), default=0)
    for place in sorted(merged, key=lambda r: (r.min_row, r.min_col)):
        row = grid[place.min_row - 1] if place.min_row <= len(grid) else []
        text = cell(row, place.min_col - 1)
        if text is None or (place.min_row == place.max_row == last and says_total(row)):
            continue
        if place.min_col == place.max_col or any(sum(map(bool, above)) > 1 for above in grid[: place.max_row]):
            raise SourceError(
                f"{path.name}, sheet {sheet}, cells {place.coord}: merged, and {text!r} stands in the first of them "
                "only; the others would be missing. Unmerge them (Home, Merge & Center), write the value into each "
                "cell that it holds for, and run again."
            )


def _refuse_uncomputed(path: Path, sheet: str) -> None:
    with _opened(path) as values, _opened(path, formulas=True) as formulas, _warnings_off():
        for book in (values, formulas):
            book[sheet].reset_dimensions()
        for seen, written in zip(values[sheet].iter_rows(), formulas[sheet].iter_rows(), strict=True):
            for value, formula in zip(seen, written, strict=True):
                # a formula that gives an empty text is computed: Excel then says that the type of the cell is text
                if formula.data_type == "f" and value.value is None and value.data_type == "n":
                    said = getattr(formula.value, "text", formula.value)
                    raise SourceError(
                        f"{path.name}, sheet {sheet}, cell {formula.coordinate}: the formula {said!r} has no "
                        "value, because no program has computed it. Open the file in Excel, save it, and run again."
                    )


def _refuse_errors(grid: Grid, layout: Layout, where: str) -> None:
    for row in (layout.header, *layout.body):
        for column in layout.columns:
            text = cell(grid[row], column)
            if text in _ERRORS:
                raise SourceError(
                    f"{where}, cell {get_column_letter(column + 1)}{row + 1}: holds the error {text}, which is no "
                    "value. Correct the formula, or clear the cell if the value is not known, and run again."
                )


def _text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


@contextmanager
def _warnings_off() -> Iterator[None]:
    with warnings.catch_warnings():
        # styles and drop-downs that openpyxl does not know are of no interest to a table
        warnings.simplefilter("ignore", UserWarning)
        yield


@contextmanager
def _opened(path: Path, *, formulas: bool = False) -> Iterator[Any]:
    try:
        with _warnings_off():
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
