"""The list as CSV (RFC 4180): UTF-8 with its mark, lines ended by CR LF.

The mark (BOM) is there because a spreadsheet opened by a double click takes a file without it for the machine's old
code page, and every name with an accent is spoilt; what reads CSV by program skips it ("utf-8-sig"), and programs have
`/v1/call-list`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from serving.exports.rows import COLUMNS, Cell, cells
from serving.exports.tables import csv_bytes
from serving.store.queries import Listed
from serving.store.tables import Run


def csv_file(lines: Iterable[Listed], run: Run) -> bytes:
    """Write one line per call below the headings."""
    rows = ([_written(cell) for cell in cells(line, run)] for line in lines)
    return csv_bytes([column.heading for column in COLUMNS], rows)


def _written(cell: Cell) -> Cell:
    return cell.isoformat(sep=" ", timespec="minutes") if isinstance(cell, dt.datetime) else cell
