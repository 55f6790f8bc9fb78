"""Which raw tables a sample holds: a file or a sheet each, or the parts of one where the folder grows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from pipelines.sources import growing, workbooks
from pipelines.sources.errors import SourceError
from pipelines.sources.reading import RawTable, locate, raw_files, table_name


def grown(data: Path) -> list[RawTable]:
    """List the tables that have parts: files called alike with a number behind, two at least, and sub-folders.

    Files that are numbered and have other columns are no parts; who loads them finds out.

    Raises
    ------
    SourceError
        A sub-folder cannot be read as one table.
    """
    folders = [table_name(p.name) for p in sorted(data.iterdir()) if p.is_dir() and p.name[0] != "."]
    found = [table for name in folders if name and (table := locate(name, data)) is not None and table.parts]
    taken = {part.path for table in found for part in table.parts}
    for path in raw_files(data):
        table = None if path in taken else _numbered(path, data)
        if table is not None:
            found.append(table)
            taken |= {part.path for part in table.parts}
    return found


def alone(path: Path, data: Path) -> Iterator[RawTable]:
    """List the tables of one file: itself, or each of its sheets."""
    stem = table_name(path.stem)
    names = [stem]
    if path.suffix.lower() == ".xlsx":
        sheets = workbooks.sheets(path)
        names = [stem] if len(sheets) == 1 else [f"{stem}_{table_name(s)}" for s in sheets]
    for name in names:
        table = locate(name, data)
        if table is not None:
            yield table


def in_folder(table: RawTable) -> bool:
    """Whether some of its parts stand in a sub-folder, where they can be nothing else."""
    return any(part.path.parent != table.path for part in table.parts)


def _numbered(path: Path, data: Path) -> RawTable | None:
    """Find the table that a file is a part of beside others: `touches` of `touches-2026-01.csv`."""
    words = table_name(path.stem).split("_")
    name = "_".join(takewhile(lambda word: not any(c.isdigit() for c in word), words))
    named = ((other, table_name(other.stem)) for other in raw_files(data))
    beside = growing.parts(name, data, named=named) if name else []
    if path not in beside or len(beside) == 1:
        return None
    try:
        table = locate(name, data)
    except SourceError:
        return None  # books of several sheets: each sheet is a table of its own
    return table if table is not None and table.parts else None
