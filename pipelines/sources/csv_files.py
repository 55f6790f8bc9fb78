"""CSV files, read strictly: UTF-8, one header row, bounded lines, every column as text.

Types are not guessed: a guess turns the id `00123` into 123 and the second half of a column into nothing. The
.sql says `cast(... as double)`, and a value that does not fit is then shown with its row.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.sources.errors import SourceError

MAX_LINE_BYTES: Final = 32 * 1024 * 1024
"""A longer line is a broken file (a quote that never closes, no line ends, a binary); it is refused unread."""
_CHUNK: Final = 1024 * 1024
_DELIMITERS: Final = ",;\t|"


@dataclass(frozen=True)
class CsvShape:
    """What was seen of a CSV file before it is loaded; `longest_line` is an upper bound in bytes."""

    columns: tuple[str, ...]
    delimiter: str
    longest_line: int


def inspect(path: Path, *, max_line_bytes: int = MAX_LINE_BYTES) -> CsvShape:
    """Read the header and make sure that the rest is text that can be loaded.

    The file is read once in pieces of at most 1 MB, so that neither its size nor a line without end matters.

    Raises
    ------
    SourceError
        The file is empty, is not UTF-8 (the row is named), has a line over `max_line_bytes`, or its first row
        is no header.
    """
    if path.stat().st_size == 0:
        raise SourceError(f"{path.name}: the file is empty (0 bytes); expected at least a header row.")
    longest = _longest_line(path, max_line_bytes)
    columns, delimiter = _header(path)
    return CsvShape(columns, delimiter, longest)


def rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (line as an editor shows it, cells) of each data row; the header is line 1."""
    _, delimiter = _header(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        next(reader, None)
        for row in reader:
            yield reader.line_num, row


def _longest_line(path: Path, limit: int) -> int:
    """Return an upper bound of the longest line in bytes, or refuse the file."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    row, begun, longest = 1, 0, 0
    with path.open("rb") as file:
        while piece := file.read(min(limit, _CHUNK)):
            _refuse_other_encodings(path, decoder, piece, row)
            first, last = piece.find(b"\n"), piece.rfind(b"\n")
            longest = max(longest, last - first, begun + (len(piece) if first < 0 else first))
            if longest > limit:
                raise SourceError(_too_long(path, row, limit))
            begun = begun + len(piece) if first < 0 else len(piece) - last - 1
            row += piece.count(b"\n")
    _refuse_other_encodings(path, decoder, b"", row)
    return max(longest, begun)


def _refuse_other_encodings(path: Path, decoder: codecs.IncrementalDecoder, piece: bytes, row: int) -> None:
    """Decode the next piece; an empty one is the file's end, where no character may be left half read."""
    try:
        decoder.decode(piece, final=not piece)
    except UnicodeDecodeError as error:
        row += error.object[: error.start].count(b"\n")
        raise SourceError(
            f"{path.name}, row {row}: not UTF-8 text (byte 0x{error.object[error.start]:02x}). "
            "Save the file as UTF-8 (in Excel: Save as, CSV UTF-8) and run again."
        ) from None


def _too_long(path: Path, row: int, limit: int) -> str:
    return (
        f"{path.name}, row {row}: the line is longer than {limit:,} bytes. Expected one record per line: look "
        "for a quote that is never closed, or for a file that is no CSV."
    )


def _header(path: Path) -> tuple[tuple[str, ...], str]:
    """Return the names of the columns and the delimiter that stands between them."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = re.sub(r'"[^"]*"', "", file.readline())
        delimiter = max(_DELIMITERS, key=first.count)
        file.seek(0)
        names = tuple(name.strip() for name in next(csv.reader(file, delimiter=delimiter), []))
    return header_names(names, path.name), delimiter


def header_names(names: tuple[str, ...], where: str, *, row: int = 1) -> tuple[str, ...]:
    """Return the names of a header row, or say why the row is none; case does not tell two columns apart."""
    folded = [name.lower() for name in names]
    twice = sorted({name for name in folded if folded.count(name) > 1})
    if not names or "" in names:
        raise SourceError(f"{where}: expected a name for each column in row {row}, got {list(names)}.")
    if twice:
        raise SourceError(f"{where}: the column(s) {twice} stand twice in row {row}; rename one of each.")
    numbers = [name for name in names if re.fullmatch(r"[-+]?[\d.,]+", name)]
    if numbers:
        raise SourceError(
            f"{where}: row {row} has {numbers} where names of columns were expected. Put a header row on top."
        )
    return names
