"""Pictures on a page: an Altair chart as SVG that follows the page's colours, with its numbers as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

INK: Final = "#1c2320"
SOFT: Final = "#58625c"
LINE: Final = "#e3e0d7"
ACCENT: Final = "#0f6b57"
FAINT: Final = "#dcece6"
"""Colours that become the page's own, in light, dark and print."""


@dataclass(frozen=True)
class Picture:
    """A picture and its numbers; `words` says in a sentence what is to be seen."""

    title: str
    words: str
    svg: Markup
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def draw(
    chart: Any, *, title: str, words: str, columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> Picture:  # fmt: skip
    """Turn an Altair chart into a picture."""
    svg = Markup(chart.to_dict())
    return Picture(title, words, svg, tuple(columns), tuple(tuple(row) for row in rows))
