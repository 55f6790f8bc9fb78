"""Tables as files: CSV and XLSX that any spreadsheet opens, and in which no text can act.

A name that begins with "=" is a formula to a spreadsheet, and a formula can send the sheet to a stranger. XLSX knows
texts from formulas; in CSV an apostrophe goes before such a text (OWASP, "CSV Injection"). Telephone numbers with a
plus get it too: "+49-30-555" opened in a spreadsheet is a subtraction, and the number is lost.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

Value = str | int | float | bool | dt.date | dt.datetime | None
Sheet = tuple[str, Sequence[str], Iterable[Sequence[Value]]]
"""A sheet of a workbook: its name, its columns, its rows."""
CSV_TYPE: Final = "text/csv; charset=utf-8"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST: Final = 32_767
"""Letters that a cell of XLSX holds."""
_ACTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - full-width signs act too


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> bytes:
    """Write a table as CSV (RFC 4180, UTF-8 with its mark, without which Excel reads another alphabet)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([_harmless(name) for name in columns])
    writer.writerows([_harmless(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def xlsx_bytes(sheets: Sequence[Sheet]) -> bytes:
    """Write tables as the sheets of a workbook; times are written in UTC."""
    from openpyxl import Workbook  # noqa: PLC0415  the server starts without it
    from openpyxl.styles import Font  # noqa: PLC0415

    book = Workbook(write_only=True)
    for name, columns, rows in sheets:
        sheet = book.create_sheet(name[:31])
        sheet.freeze_panes = "A2"
        head = [_cell(sheet, column) for column in columns]
        for cell in head:
            cell.font = Font(bold=True)
        sheet.append(head)
        for row in rows:
            sheet.append([_cell(sheet, value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def file_name(*parts: str, ending: str) -> str:
    """Return a name of ASCII letters for a download, such as `audience-small-2026-11-24.csv`."""
    plain = (re.sub(r"[^A-Za-z0-9-]+", "-", part).strip("-") for part in parts)
    return "-".join(part[:60] for part in plain if part) + f".{ending}"


def _harmless(value: Value) -> object:
    if isinstance(value, str) and value.lstrip(" ").startswith(_ACTS):
        return f"'{value}"
    return "" if value is None else value


def _cell(sheet: Any, value: Value) -> Any:
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415

    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        value = value.astimezone(dt.UTC).replace(tzinfo=None)
    if not isinstance(value, str):
        return WriteOnlyCell(sheet, value)
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value)[:LONGEST])
    cell.data_type = "s"
    return cell
