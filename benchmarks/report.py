"""Tables of figures as Markdown, with the machine and the versions that they were measured on."""

from __future__ import annotations

import datetime as dt
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

_LIBRARIES = ("numpy", "pandas", "pyarrow", "numba", "duckdb", "lightgbm", "scikit-learn", "deltalake", "prefect")


@dataclass(frozen=True)
class Section:
    """One table: a title, what was measured in words, the head and the rows."""

    title: str
    words: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def markdown(self) -> str:
        """Return the section as text."""
        lines = [self.head, tuple("---" for _ in self.head), *self.rows]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"## {self.title}\n\n{self.words}\n\n{table}"


def page(sections: Sequence[Section], *, command: str) -> str:
    """Return all sections below the machine that they were measured on."""
    head = (
        "# Performance\n\n"
        f"Measured on {dt.datetime.now(dt.UTC):%Y-%m-%d} by `{command}`; nothing in the tests asserts a time. "
        "Trust the ratios, which were taken in one run, one after the other in turn.\n\n"
        f"Machine: {_processor()}, {os.cpu_count()} cores, {_memory()}, {platform.system()}, "
        f"load {os.getloadavg()[0]:.1f} at the end. "
        f"Python {platform.python_version()}; {', '.join(f'{name} {version(name)}' for name in _LIBRARIES)}."
    )
    return "\n\n".join([head, *(section.markdown() for section in sections)])


def seconds(value: float) -> str:
    """Return seconds with about three digits."""
    return f"{value:.3f} s" if value < 1 else f"{value:.2f} s" if value < 10 else f"{value:.0f} s"


def times(value: float) -> str:
    """Return a ratio with about two digits."""
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 20 else f"{value:,.0f}"


def _processor() -> str:
    place = Path("/proc/cpuinfo")
    text = place.read_text(encoding="utf-8") if place.exists() else ""
    names = [line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory() -> str:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return f"{pages / 2**30:.0f} GB"
