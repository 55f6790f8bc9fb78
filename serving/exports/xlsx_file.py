"""The list as a workbook: real numbers and dates, a frozen heading, no formula. The same run, the same bytes."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterable
from typing import Any, Final

from serving.exports.rows import COLUMNS, Cell, cells
from serving.store.queries import Listed
from serving.store.tables import Run

_UNWRITABLE: Final = str.maketrans(
    dict.fromkeys((*(chr(c) for c in range(32) if c not in (9, 10, 13)), "\ufffe", "\uffff"), "\ufffd")
)
"""Characters that XML has no way to write; they show as replaced."""
LONGEST: Final = 32_767
"""Letters of a cell, by the format."""
_LIKE_A_FORMULA: Final = ("=", "+", "-", "@")
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)


def xlsx_file(lines: Iterable[Listed], run: Run) -> bytes:
    """Write one sheet with one line per call."""
    from openpyxl import Workbook  # noqa: PLC0415  the server starts without it
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    book = Workbook()
    sheet = book.active
    sheet.title = f"Calls {run.day.isoformat()}"
    _fill(sheet, lines, run)
    for number, column in enumerate(COLUMNS, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = column.width
    sheet.freeze_panes = "E2"  # the prospect's name stays in sight, too
    sheet.auto_filter.ref = sheet.dimensions
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    book.properties.creator, book.properties.title = "Takt", f"{run.company}: calls for {run.day.isoformat()}"
    book.properties.created = run.as_of.replace(tzinfo=None)
    raw = io.BytesIO()
    book.save(raw)
    return _settled(raw.getvalue(), book, run.as_of.replace(tzinfo=None, microsecond=0))


def _fill(sheet: Any, lines: Iterable[Listed], run: Run) -> None:
    from openpyxl.styles import Alignment, Font  # noqa: PLC0415

    for number, column in enumerate(COLUMNS, start=1):
        heading = sheet.cell(1, number, column.heading)
        heading.font, heading.alignment = Font(bold=True), Alignment(vertical="top", wrap_text=True)
    for row, line in enumerate(lines, start=2):
        for number, (column, value) in enumerate(zip(COLUMNS, cells(line, run), strict=True), start=1):
            if value is not None:
                cell = sheet.cell(row, number)
                _put(cell, value)
                cell.number_format = column.form
                cell.alignment = Alignment(vertical="top", wrap_text=column.width > 30)


def _put(cell: Any, value: Cell) -> None:
    if not isinstance(value, str):
        cell.value = value
        return
    text = value.translate(_UNWRITABLE)
    if len(text) > LONGEST:
        text = text[: LONGEST - 1] + "…"
    cell.value = text
    cell.data_type = "s"  # what begins with "=" would else be kept as a formula
    if text.startswith(_LIKE_A_FORMULA):
        cell.quotePrefix = True  # stays text when somebody edits the cell


def _settled(raw: bytes, book: Any, moment: dt.datetime) -> bytes:
    """Take the moment of writing out of a workbook: it is the list's own that counts, and the tag of the answer."""
    from openpyxl.xml.functions import tostring  # noqa: PLC0415

    book.properties.modified = moment
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as given, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as settled:
        for name in given.namelist():
            content = tostring(book.properties.to_tree()) if name == "docProps/core.xml" else given.read(name)
            settled.writestr(zipfile.ZipInfo(name, _EARLIEST), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
