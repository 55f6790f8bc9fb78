"""What one pull brought: rows read, rows new, rows in all, per raw table; kept beside the raw files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import pandas as pd

FILE: Final = "landed.json"


@dataclass(frozen=True)
class Landed:
    """What one pull brought.

    Attributes
    ----------
    source : str
        Name of the source.
    read, new, kept : mapping of str to int
        Rows that the system sent in this pull, versions that were not known before, and versions in all, per raw table.
        Reading a little twice is meant: the moment at which the last pull ended is always read again.
    cut : mapping of str to int
        Values that were longer than is kept.
    """

    source: str
    read: Mapping[str, int]
    new: Mapping[str, int]
    kept: Mapping[str, int]
    cut: Mapping[str, int]

    @classmethod
    def of(
        cls,
        source: str,
        *,
        read: Mapping[str, int],
        new: Mapping[str, int],
        kept: Mapping[str, int],
        cut: Mapping[str, int],
    ) -> Landed:
        """Build it with a figure for every table."""
        return cls(source, *({n: int(part.get(n, 0)) for n in kept} for part in (read, new, kept, cut)))

    def summary(self) -> pd.DataFrame:
        """Return a row for each raw table: `raw_table`, `read`, `new`, `kept`, `cut`."""
        parts = {"read": self.read, "new": self.new, "kept": self.kept, "cut": self.cut}
        return pd.DataFrame(
            {"raw_table": list(self.kept), **{name: [p[t] for t in self.kept] for name, p in parts.items()}}
        )

    def write(self, raw: Path) -> None:
        """Keep it as `raw/landed.json`, whole or not at all."""
        new = raw / f".{FILE}.new"
        new.write_text(json.dumps(asdict(self), indent=1, sort_keys=True), encoding="utf-8")
        new.replace(raw / FILE)


def last(raw: Path) -> Landed | None:
    """Return what the last complete pull into this folder brought; None where no pull has kept it."""
    path = raw / FILE
    return Landed(**json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None


def said(raw: Path) -> str:
    """Say in one line what the last complete pull brought; empty where none has kept it."""
    pulled = last(raw)
    if pulled is None:
        return ""
    cut = sum(pulled.cut.values())
    shortened = f", {cut:,} values cut to what is kept" if cut else ""
    return f"{sum(pulled.read.values()):,} rows read, {sum(pulled.new.values()):,} versions new{shortened}"
