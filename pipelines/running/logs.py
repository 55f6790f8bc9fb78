"""What the parts say: one file each in `logs/`, of bounded size."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

LARGEST: Final = 5_000_000
"""Bytes after which a log begins anew; the one before is kept as `<name>.log.1`."""
FOLDER: Final = "logs"


def log_of(home: Path, name: str) -> Path:
    """Return the place of a log."""
    return home / FOLDER / f"{name}.log"


def bound(log: Path, largest: int = LARGEST) -> bool:
    """Begin a log anew if it has grown too large.

    It is copied and emptied, not renamed: the process that writes it keeps its file open. All parts write to the end of
    the file, so that the next line stands at its beginning. A line written between the copy and the emptying is lost.
    """
    try:
        if log.stat().st_size <= largest:
            return False
    except FileNotFoundError:
        return False
    shutil.copyfile(log, log.with_name(f"{log.name}.1"))
    with log.open("r+b") as told:
        told.truncate(0)
    return True


def last_lines(log: Path, lines: int = 12) -> str:
    """Return the end of a log, for a message; empty where there is none."""
    try:
        with log.open("rb") as told:
            told.seek(max(0, log.stat().st_size - 20_000))
            text = told.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.rstrip().splitlines()[-lines:])
