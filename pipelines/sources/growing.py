"""A folder that grows: several files are the parts of one raw table, and only new and changed ones are parsed.

`touches-2026-01.csv` and `touches-2026-02.xlsx` are parts of the table `touches` where no file is called just that, and
so are all files of a sub-folder `touches`. What was parsed is kept as Parquet under the hash of the file's content.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pipelines.sources.errors import SourceError

READABLE: Final = (".csv", ".parquet", ".xlsx")
INDEX: Final = "parts.json"
READING: Final = 2
"""Counted up when CSV or XLSX are read otherwise than before: what was kept is then parsed again."""
_MONTHS: Final = (
    "jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|maerz|apr(?:il)?|may|mai|june?|juni|july?|juli|aug(?:ust)?|"
    "sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?"
)
_BEHIND: Final = re.compile(rf"(?:(?:q|h|w|kw|v)?\d|(?:{_MONTHS})_?\d).*")
_NUMBERS: Final = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE"}
Columns = tuple[str, Mapping[str, str]]
"""Where columns stand, in words, and the type of each."""


@dataclass(frozen=True)
class Look:
    """A part before it is read: size and time of change, and where its parsed form is or will be kept."""

    stamp: list[int]
    place: Path | None = None

    @property
    def known(self) -> bool:
        """Whether this very content was parsed before."""
        return self.place is not None and self.place.is_file()


@dataclass
class Parts:
    """Where parsed parts are kept, and what is to be told about them.

    Attributes
    ----------
    kept : Path or None
        Folder of the parsed parts; None: every part is parsed anew.
    told : list of str
        What a person should know of parts that were left out or are gone.
    new, changed, unchanged : int
        Parts that were not there before, those with other content, and those that were not parsed again.
    """

    kept: Path | None = None
    told: list[str] = field(default_factory=list)
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    _index: dict[str, dict[str, object]] | None = None

    @property
    def said(self) -> str:
        """All of it in one line; empty where no table has parts."""
        counts = f"{self.new} parts new, {self.changed} changed, {self.unchanged} as before"
        read = counts if self.kept else f"{self.new} parts"
        return "; ".join([*([read] if self.new or self.changed or self.unchanged else []), *self.told])

    def look(self, part: Path) -> Look:
        """Look at a part before it is read: first at size and time, at the content where these are other ones."""
        seen = stamp(part)
        if self.kept is None:
            return Look(seen)
        entry = self._entries().get(str(part.absolute()), {})
        known = entry["hash"] if entry.get("stamp") == seen else _hash(part)
        return Look(seen, self.kept / f"{known}.parquet")

    def took(self, part: Path, look: Look, *, parsed: bool) -> None:
        """Count a part that is in the table now, and note under which content."""
        if look.place is None:
            self.new += 1
            return
        before = self._entries().get(str(part.absolute()))
        self.unchanged += not parsed
        self.changed += parsed and before is not None
        self.new += parsed and before is None
        self._entries()[str(part.absolute())] = {"stamp": look.stamp, "hash": look.place.stem}

    def close(self, data: Path) -> None:
        """Tell which parts of a folder are gone, and write down what is known for the next time."""
        if self.kept is None or not self.kept.is_dir():
            return
        index, below = self._entries(), data.absolute()
        gone = [p for p in index if Path(p).is_relative_to(below) and not Path(p).is_file()]
        for path in gone:
            del index[path]
            self.told.append(f"{Path(path).name} is not there any more; its facts stay")
        text, note = json.dumps(index, indent=1, sort_keys=True), self.kept / INDEX
        if not note.is_file() or note.read_text("utf-8") != text:
            handle, name = tempfile.mkstemp(dir=self.kept, prefix=f".{INDEX}-")
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(text)
            Path(name).replace(note)
        used = {str(entry["hash"]) for entry in index.values()}
        for old in self.kept.glob("*.parquet"):
            if old.stem not in used:
                old.unlink()

    def _entries(self) -> dict[str, dict[str, object]]:
        if self._index is not None:
            return self._index
        try:
            found: dict[str, dict[str, object]] = json.loads(((self.kept or Path()) / INDEX).read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            found = {}  # a torn note only means that all parts are looked at again
        self._index = found
        return found


def parts(name: str, data: Path, *, named: Iterable[tuple[Path, str]]) -> list[Path]:
    """Find the files that are parts of a table: those of its sub-folder, or those called after it with a number behind.

    A number is a date, a count, or what is numbered: `-2026-01`, `_3`, `-Q1`, `-v2`, `-March-2026`.

    Parameters
    ----------
    named : iterable of (path, name)
        The readable files of the folder, and the SQL name of each.
    """
    folders = [p for p in sorted(data.iterdir()) if p.is_dir() and p.name[0] != "." and _plain(p.name) == name]
    inside = [p for folder in folders if not (folder / INDEX).is_file() for p in sorted(folder.iterdir())]
    found = [p for p in inside if p.suffix.lower() in READABLE and not p.name.startswith((".", "~$"))]
    behind = [p for p, own in named if own.startswith(f"{name}_") and _BEHIND.fullmatch(own[len(name) + 1 :])]
    return [*found, *behind]


def refuse_other_columns(table: str, given: Columns, first: Columns) -> None:
    """Refuse a part of a table whose columns are called otherwise than those of the first, or are of another kind.

    Raises
    ------
    SourceError
        The text names both parts and each column in which they differ; upper and lower case make no difference.
    """
    (part, types), (before, expected) = given, first
    here, there = ({c.lower(): c for c in names} for names in (types, expected))
    lacking, further = [there[c] for c in sorted({*there} - {*here})], [here[c] for c in sorted({*here} - {*there})]
    if lacking or further:
        said = [f"lacks {', '.join(lacking)}"] * bool(lacking) + [f"has {', '.join(further)} more"] * bool(further)
        raise SourceError(
            f"{part}: as a part of the table {table!r} it {' and '.join(said)} than {before}. "
            "A column that is called otherwise would be missing in silence: give all parts the same columns."
        )
    for column, name in here.items():
        got, wanted = types[name], expected[there[column]]
        if got != wanted and not {got, wanted} <= _NUMBERS:
            raise SourceError(
                f"{part}: as a part of the table {table!r} its column {name} is {got}, in {before} it is {wanted}. "
                "Save both in one format (CSV and XLSX give text), or the Parquet with the same types."
            )


def being_written(part: Path) -> bool:
    """Say whether Excel or LibreOffice has the file open: its lock file lies beside it."""
    return any((part.parent / lock).exists() for lock in (f"~${part.name}", f".~lock.{part.name}#"))


def stamp(part: Path) -> list[int]:
    """Return what changes when a file is written: its size and its time of change."""
    try:
        found = part.stat()
    except FileNotFoundError:
        return []
    return [READING, found.st_size, found.st_mtime_ns]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _hash(part: Path) -> str:
    begun = hashlib.sha256(f"{READING}{part.suffix.lower()}".encode())
    with part.open("rb") as file:
        return hashlib.file_digest(file, lambda: begun).hexdigest()[:32]
