"""Which cells of a sheet are its table: titles, header, rows, totals; and what makes that open, said in words.

A sheet is a grid of texts. Where two readings are possible (two tables, a total between rows) it is refused: a wrong
reading would become facts that nobody ever wrote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from openpyxl.utils import get_column_letter

from pipelines.sources.csv_files import header_names
from pipelines.sources.errors import SourceError

Grid = list[list[str | None]]

TOTALS: Final = ("total", "totals", "grand total", "sum", "summe", "gesamt", "gesamtsumme")
_FIGURE: Final = re.compile(r"[-+(]?[€$£\s]*\d[\d.,:'\s/TZ+-]*(%|€|\$|£|[A-Z]{3})?\)?")
"""A number, an amount, a date or a time, as a text: what stands in rows and not in a header."""
_TOTAL_OF: Final = re.compile(r"(sub|zwischen|gesamt)?(total|sum|summe|gesamt)\b", re.IGNORECASE)
"""`Total North`, `Zwischensumme`: a total only where the numbers prove it."""
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}")
_CENT: Final = 0.005


@dataclass(frozen=True)
class Layout:
    """Positions (from 0) of what belongs to the table of a sheet.

    Attributes
    ----------
    header : int
        The row of the header.
    names : tuple of str
        The names in it.
    columns, body : tuple of int
        Columns with a name, and rows with a value.
    totals : int or None
        The row of totals at the end.
    """

    header: int
    names: tuple[str, ...]
    columns: tuple[int, ...]
    body: tuple[int, ...]
    totals: int | None


def lay_out(grid: Grid, where: str) -> Layout:
    """Find the table in a sheet.

    Raises
    ------
    SourceError
        There is none, or more than one way to read it; the text names the row or the column and what to do.
    """
    if not any(map(_filled, grid)):
        raise SourceError(f"{where}: the sheet is empty; expected at least a header row.")
    header = _header(grid)
    columns = _columns(grid[header:])
    rows = [i for i in range(header + 1, len(grid)) if _filled(grid[i])]
    totals = _totals(grid, rows, columns, where)
    body = [i for i in rows if i != totals]
    _refuse_side_by_side(grid, body, columns, where)
    names = header_names(tuple((cell(grid[header], i) or "").strip() for i in columns), where, row=header + 1)
    _refuse_repeated_header(grid, body, columns, (names, where))
    _refuse_one_below(grid, body, columns, where)
    _refuse_total_between(grid, rows, columns, where)
    return Layout(header, names, tuple(columns), tuple(body), totals)


def cell(row: list[str | None], column: int) -> str | None:
    """Return the text of a cell, None where the row ends before it."""
    return row[column] if column < len(row) else None


def first(row: list[str | None]) -> str:
    """Return the first text of a row, empty where it has none."""
    return next((text for text in row if text is not None), "")


def _filled(row: list[str | None]) -> list[str]:
    return [text for text in row if text is not None]


def _header(grid: Grid) -> int:
    """Return the position of the header: the first row with two words or more, at least half as wide as the table.

    Rows above it with a single cell are titles, and a row of data must follow. Anything else means that the first row
    is the header.
    """
    filled = [_filled(row) for row in grid]
    widest = max(map(len, filled), default=0)
    for position, cells in enumerate(filled):
        if len(cells) > 1:
            named = len(set(cells)) == len(cells) and not any(_is_number(text) for text in cells)
            followed = position == 0 or any(filled[position + 1 :])
            return position if named and followed and 2 * len(cells) >= widest else 0
    return 0


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).replace("-", "", 1).isdigit()


def _columns(below: Grid) -> list[int]:
    """Return the positions of the columns with a name or a value, from the header down."""
    return [i for i in range(max(map(len, below), default=0)) if any(cell(row, i) is not None for row in below)]


def _totals(grid: Grid, rows: list[int], columns: list[int], where: str) -> int | None:
    """Return the last row where it calls itself a total, or has no id and nothing but the sums of what is above."""
    if not rows:
        return None
    last, above = rows[-1], rows[:-1]
    if says_total(grid[last]):
        words = [text for text in _filled(grid[last])[1:] if not _is_amount(text)]
        if not words:
            return last
        if len(_filled(grid[last])) < len(columns):
            raise SourceError(
                f"{where}, row {last + 1}: begins with {first(grid[last])!r} like a row of totals, but has "
                f"{words[0]!r} too. Delete the row if it is one, or fill it like the others if it is a record."
            )
        return None
    nameless = cell(grid[last], columns[0]) is None or _TOTAL_OF.match(first(grid[last]))
    return last if nameless and len(above) > 1 and _sums(grid, last, above, columns) else None


def says_total(row: list[str | None]) -> bool:
    """Say whether the first text of a row is a word for a total."""
    return first(row).strip().lower().rstrip(":") in TOTALS


def _sums(grid: Grid, row: int, above: list[int], columns: list[int]) -> bool:
    """Say whether a row has numbers only, each the sum of those in its column above, and not all 0."""
    beside = [i for i in columns if cell(grid[row], i) is not None and not _TOTAL_OF.match(cell(grid[row], i) or "")]
    found = [_sum(grid, row, above, column) for column in beside]
    return bool(found) and None not in found and any(found)


def _sum(grid: Grid, row: int, above: list[int], column: int) -> float | None:
    """Return the number in a cell if it is the sum of those above it; None where it is not, or they are no numbers."""
    number, parts = _number(cell(grid[row], column)), [_number(cell(grid[i], column) or "0") for i in above]
    known = [part for part in parts if part is not None]
    return number if number is not None and len(known) == len(parts) and abs(number - sum(known)) <= _CENT else None


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def _refuse_total_between(grid: Grid, rows: list[int], columns: list[int], where: str) -> None:
    """Refuse a row that says total and has nothing but what may be sums of the rows above it, with rows below."""
    for i, row in enumerate(rows[:-1]):
        beside = [column for column in columns if cell(grid[row], column) not in (None, first(grid[row]))]
        may = says_total(grid[row]) and beside and all(_may_sum(grid, row, rows[:i], c) for c in beside)
        proven = i > 1 and _TOTAL_OF.match(first(grid[row])) and _sums(grid, row, rows[:i], columns)
        if i and (may or proven):
            raise SourceError(
                f"{where}, row {row + 1}: {first(grid[row])!r} is a row of totals, but rows follow it. Delete it, and "
                "what is below if that is no record; one table per sheet."
            )


def _may_sum(grid: Grid, row: int, above: list[int], column: int) -> bool:
    """Say whether a cell is the sum of those above it, or an amount such as `30,00 EUR` of which it cannot be told."""
    text = cell(grid[row], column) or ""
    if _number(text) is not None:
        return _sum(grid, row, above, column) is not None
    return _is_amount(text)


def _is_amount(text: str) -> bool:
    return bool(_FIGURE.fullmatch(text)) and not _DATE.match(text)


def _refuse_side_by_side(grid: Grid, body: list[int], columns: list[int], where: str) -> None:
    """Refuse blank columns between two headers where each could be a table of its own."""
    breaks = [i for i, (a, b) in enumerate(pairwise(columns), start=1) if b > a + 1]
    edges = [0, *breaks, len(columns)]
    blocks = [columns[a:b] for a, b in pairwise(edges)]
    wide = sum(len(block) > 1 for block in blocks) > 1
    alone = [row for row in body if blocks[1:] and all(cell(grid[row], i) is None for i in blocks[0])]
    if wide or alone:
        left, right = blocks[0], blocks[1]
        seen = f"; row {alone[0] + 1} has values only on the right" if alone else ""
        raise SourceError(
            f"{where}: column {get_column_letter(left[-1] + 2)} is blank between two headers, "
            f"{_span(left)} and {_span(right)}{seen}. Two tables side by side? Put each in a sheet of its own; "
            "if it is one table, delete the blank column."
        )


def _span(block: list[int]) -> str:
    begin, end = get_column_letter(block[0] + 1), get_column_letter(block[-1] + 1)
    return begin if begin == end else f"{begin} to {end}"


def _refuse_repeated_header(
    grid: Grid, body: list[int], columns: list[int], named: tuple[tuple[str, ...], str]
) -> None:
    names, where = named
    for row in body:
        if len(columns) > 1 and tuple((cell(grid[row], i) or "").strip() for i in columns) == names:
            raise SourceError(
                f"{where}, row {row + 1}: the header stands here again. Delete the row if both are one table, or put "
                "the second in a sheet of its own."
            )


def _refuse_one_below(grid: Grid, body: list[int], columns: list[int], where: str) -> None:
    """Refuse what looks like a second title or header below a blank row, with rows of its own."""
    begins = [0, *(i for i, (a, b) in enumerate(pairwise(body), start=1) if b > a + 1), len(body)]
    for begin, end in [*pairwise(begins)][1:]:
        rows = body[begin:end]
        titles = next((i for i, row in enumerate(rows) if len(_filled(grid[row])) > 1), len(rows))
        below = rows[titles:]
        titled = titles == 1 and len(columns) > 2 and bool(below)  # a blank row, one cell, and rows under it
        if titled or (len(below) > 1 and _is_second_header(grid, body[:begin], below, columns)):
            row, what = (rows[0], "title") if titled else (below[0], "header")
            raise SourceError(
                f"{where}, row {row + 1}: {', '.join(_filled(grid[row]))} looks like the {what} of a second table "
                "below the first. Put each table in a sheet of its own; if it is one table, delete the blank row "
                "above, and this row if it is no record."
            )


def _is_second_header(grid: Grid, above: list[int], below: list[int], columns: list[int]) -> bool:
    """Say whether a row has words in a column that has figures above it, and in one that has figures below it."""
    cells = [cell(grid[below[0]], i) for i in columns]
    words = [text for text in cells if text is not None]
    if len(set(words)) < len(words) or any(_FIGURE.fullmatch(text) for text in words):
        return False

    def figures(rows: list[int], column: int) -> bool:
        texts = [text for row in rows if (text := cell(grid[row], column)) is not None]
        return bool(texts) and all(_FIGURE.fullmatch(text) for text in texts)

    worded = [i for i, text in zip(columns, cells, strict=True) if text is not None]
    return any(figures(above, i) for i in worded) and any(figures(below[1:2], i) for i in worded)
