"""What is asked: the first 130 features that anybody would write, or the whole catalogue; and the columns read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from features.algebra.declaration import feature
from features.algebra.terms import Term, count, days_since, distinct, share, total, touches, trend
from features.catalog import Catalog, catalog
from features.facts.contract import CHANNELS, KINDS
from features.facts.definitions import load
from pipelines.sources.folders import find

WINDOWS: Final = (7, 30, 90, 365)
_SUMMED: Final = frozenset(("value", "duration_s"))


@dataclass(frozen=True)
class Asked:
    """A catalogue, and the columns of touches that it reads; `touch_id` is read to see that no row is there twice."""

    catalog: Catalog
    columns: tuple[str, ...]

    def scan(self, place: Path, *, without: str = "") -> str:
        """Return the query that looks at every value of these columns once."""
        wanted = [name for name in self.columns if name != without]
        parts = ", ".join(f"{'sum' if name in _SUMMED else 'max'}({name})" for name in wanted)
        return f"SELECT {parts} FROM '{place}'"


def first_terms() -> list[Term]:
    """Return counts, totals and recency of each kind, shares of channels, contacts spoken to, trends."""
    terms: list[Term] = []
    for kind in KINDS:
        for days in WINDOWS:
            terms += [count(touches, kind=kind, days=days), total(touches, "value", kind=kind, days=days)]
        terms.append(days_since(touches, kind=kind))
    terms += [share(touches, days=90, channel=channel) for channel in CHANNELS]
    terms += [distinct(touches, "contact", days=days) for days in (30, 90)]
    return terms + [trend(touches, days=30, kind=kind) for kind in KINDS]


def first() -> Asked:
    """Return the first 130 features."""
    declared = [
        feature(f"f_{i}", term, question="time", concept="benchmark", says="{value}")
        for i, term in enumerate(first_terms())
    ]
    columns = ("touch_id", "prospect_id", "contact_id", "kind", "channel", "occurred_at", "recorded_at", "value")
    return Asked(Catalog(tuple(declared)), columns)


def whole() -> Asked:
    """Return the catalogue of the simulated company, which asks about every column."""
    columns = ("touch_id", "prospect_id", "contact_id", "kind", "channel", "direction", "occurred_at", "recorded_at",
               "stage", "result", "value", "duration_s")  # fmt: skip
    return Asked(catalog(load(find("simulated").definitions)), columns)
