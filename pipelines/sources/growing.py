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
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

READABLE: Final = (".csv", ".parquet", ".xlsx")
INDEX: Final = "parts.json"


@dataclass
class Parts:
    """Where parsed parts are kept, and what is to be told about them.

    Attributes
    ----------
    kept : Path or None
        Folder of the parsed parts; None: every part is parsed anew.
    told : list of str
        What a person should know of parts that were left out or are gone.
    parsed, unchanged : int
        Parts that were read, and those that were known.
    """

    kept: Path | None = None
    told: list[str] = field(default_factory=list)
    parsed: int = 0
    unchanged: int = 0
    _index: dict[str, dict[str, object]] | None = None

    @property
    def said(self) -> str:
        """All of it in one line; empty where no table has parts."""
        read = f"{self.parsed} parts new or changed, {self.unchanged} as before"
        return "; ".join([*([read] if self.parsed or self.unchanged else []), *self.told])

    def known(self, part: Path) -> Path | None:
        """Return what was parsed of a part that has not changed since, or None."""
        if self.kept is None:
            return None
        stamp = _stamp(part)
        entry = self._entries().get(str(part.absolute()), {})
        if entry.get("stamp") != stamp:
            # touched, or copied again: the content decides
            entry = {"stamp": stamp, "hash": _hash(part)}
        found = self.kept / f"{entry['hash']}.parquet"
        if not found.is_file():
            return None
        self._entries()[str(part.absolute())] = entry
        self.unchanged += 1
        return found

    def place(self, part: Path) -> Path | None:
        """Return where a part that is parsed now is to be kept; None where nothing is."""
        self.parsed += 1
        if self.kept is None:
            return None
        self.kept.mkdir(parents=True, exist_ok=True)
        entry: dict[str, object] = {"stamp": _stamp(part), "hash": _hash(part)}
        self._entries()[str(part.absolute())] = entry
        return self.kept / f"{entry['hash']}.parquet"

    def close(self, data: Path) -> None:
        """Tell which parts of a folder are gone, and write down what is known for the next time."""
        if self.kept is None or self._index is None:
            return
        below = str(data.absolute())
        gone = [p for p in self._index if p.startswith(below) and not Path(p).is_file()]
        for path in gone:
            del self._index[path]
            self.told.append(f"{Path(path).name} is not there any more; its facts stay")
        handle, name = tempfile.mkstemp(dir=self.kept, prefix=f".{INDEX}-")
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(self._index, out, indent=1, sort_keys=True)
        Path(name).replace(self.kept / INDEX)

    def _entries(self) -> dict[str, dict[str, object]]:
        if self._index is not None:
            return self._index
        try:
            found: dict[str, dict[str, object]] = json.loads(((self.kept or Path()) / INDEX).read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            found = {}  # a torn note only means that all parts are looked at again
        self._index = found
        return found


def parts(name: str, data: Path, *, named: Iterator[tuple[Path, str]]) -> list[Path]:
    """Find the files that are parts of a table: those of its sub-folder, or those called after it with a number behind.

    Parameters
    ----------
    named : iterator of (path, name)
        The readable files of the folder, and the SQL name of each.
    """
    folders = [p for p in sorted(data.iterdir()) if p.is_dir() and p.name.lower() == name]
    inside = [p for folder in folders for p in sorted(folder.iterdir())]
    found = [p for p in inside if p.suffix.lower() in READABLE and not p.name.startswith((".", "~$"))]
    # nothing but numbers behind the name: `offers_made-2026` is no part of `offers`
    behind = [path for path, own in named if re.fullmatch(rf"{name}_[0-9_]*[0-9]", own)]
    return [*found, *behind]


def being_written(part: Path) -> bool:
    """Say whether Excel has the file open: its lock file lies beside it."""
    return (part.parent / f"~${part.name}").exists()


def _stamp(part: Path) -> list[int]:
    found = part.stat()
    return [found.st_size, found.st_mtime_ns]


def _hash(part: Path) -> str:
    with part.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]
