"""A person taken out of plain files and Parquet files below a home, and looked for in the bytes of all of them."""

from __future__ import annotations

import gzip
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.trust.person import Person

FROZEN: Final = ("champion", "artifacts")
"""Folders of bundles, which are named by their bytes: a name in them is told, and goes with the next training."""
SQLITE: Final = b"SQLite format 3\x00"


def every(home: Path) -> list[Path]:
    """Return every file below a home, links left out."""
    return sorted(p for p in home.rglob("*") if p.is_file() and not p.is_symlink())


def starts(place: Path, with_what: bytes) -> bool:
    """Say whether a file begins with these bytes."""
    with place.open("rb") as file:
        return file.read(len(with_what)) == with_what


def from_text(place: Path, person: Person, *, really: bool) -> int:
    """Take the person out of a text file; return the lines changed, 0 where it is no text."""
    raw = place.read_bytes()
    try:
        lines = raw.decode("utf-8").splitlines(keepends=True)
    except UnicodeDecodeError:
        return 0
    less = [person.without(line) for line in lines]
    n = sum(a != b for a, b in zip(lines, less, strict=True))
    if n and really:
        _replaced(place, "".join(less).encode())
    return n


def from_parquet(place: Path, person: Person, *, really: bool) -> int:
    """Take the person out of a Parquet file: the own rows go, other rows lose the id and the texts."""
    rows = pq.read_table(place)
    gone, named = pa.array([False] * len(rows)), pa.array([False] * len(rows))
    columns: dict[str, pa.ChunkedArray] = {}
    for field in rows.schema:
        if not (pa.types.is_string(field.type) or pa.types.is_large_string(field.type)):
            continue
        values = rows[field.name].to_pylist()
        named = pc.or_(named, pa.array([v is not None and person.named_in(v) for v in values]))
        gone = pc.or_(gone, pa.array([v is not None and person.says(v) for v in values]))
        columns[field.name] = pa.array([None if v is None else person.without(v) for v in values], field.type)
    n = pc.sum(pc.or_(gone, named)).as_py() or 0
    if n and really:
        for name, values in columns.items():
            rows = rows.set_column(rows.column_names.index(name), name, values)
        sink = pa.BufferOutputStream()
        pq.write_table(rows.filter(pc.invert(gone)).replace_schema_metadata(), sink, compression="zstd")
        _replaced(place, sink.getvalue().to_pybytes())
    return int(n)


def left(home: Path, person: Person) -> Iterator[str]:
    """Yield the files whose bytes, packed or not, still hold a text of the person."""
    words = [w.encode() for t in person.texts for w in (t, t.lower(), t.upper())]
    words += [i.encode() for i in person.ids if len(i) >= 8]
    for place in every(home):
        raw = place.read_bytes()
        if raw[:4] == b"PAR1":
            raw += "\n".join(str(c) for c in pq.read_table(place).to_pylist()).encode()
        elif raw[:2] == b"\x1f\x8b":
            raw += gzip.decompress(raw)
        if any(word in raw for word in words):
            yield place.relative_to(home).as_posix()


def _replaced(place: Path, content: bytes) -> None:
    mode = place.stat().st_mode & 0o777
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=".erasing-")
    with os.fdopen(handle, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    Path(name).chmod(mode)
    Path(name).replace(place)
