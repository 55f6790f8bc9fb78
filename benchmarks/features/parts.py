"""Where the time of a streamed run goes, by timing the functions that it consists of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pyarrow.parquet as pq

from benchmarks.clock import Took, in_turn, middle, stages
from benchmarks.features.asked import Asked
from benchmarks.features.made import Made
from benchmarks.features.streamed import Stream
from benchmarks.report import Section, seconds
from features.algebra import journeys, kernel, ordering
from features.algebra.filling import Snapshots
from features.algebra.program import Program
from features.facts.columns import Columns

_PARTS: Final[dict[str, tuple[Any, str]]] = {
    "reading Parquet": (pq.ParquetFile, "read_row_groups"),
    "looks": (Snapshots, "of"),
    "no touch twice": (Columns, "unique"),
    "words as codes": (Columns, "words"),
    "times": (Columns, "times"),
    "plan": (journeys, "plan"),
    "sorting": (ordering, "ordered"),
    "by when it happened": (ordering, "by_occurred"),
    "numbering contacts and words": (ordering, "ranks"),
    "laying out the columns, all else of it": (journeys, "_journeys"),
    "kernel": (kernel, "sweep"),
    "program": (Program, "run"),
}
_INSIDE: Final = {"laying out the columns, all else of it": ("by when it happened", "numbering contacts and words")}
"""Functions that call others of the list."""


def section(made: Made, asked: Mapping[str, Asked], *, rounds: int) -> Section:
    """Return the stages of each catalogue side by side."""
    found = {name: _spent(Stream(made, made.weekly, one), rounds=rounds) for name, one in asked.items()}
    head = ("stage", *(f"{name}: {what}" for name in asked for what in ("CPU", "share")))
    rows = [(stage, *_figures(stage, found)) for stage in (*_PARTS, _REST)]
    sums = [cell for spent in found.values() for cell in (seconds(sum(t.cpu for t in spent.values())), "")]
    words = f"Streamed, {made.rows(made.touches):,} touches; CPU of all cores, medians of {rounds} rounds."
    return Section("Features: where the time goes", words, head, [*rows, ("**all**", *sums)])


_REST: Final = "the rest"


def _spent(stream: Stream, *, rounds: int) -> dict[str, Took]:
    each: list[dict[str, Took]] = []
    for _ in range(rounds):
        with stages(_PARTS) as clocked:
            whole = in_turn({"run": stream.run}, rounds=1)["run"]
        spent = {name: clocked[name] for name in _PARTS}
        for outer, inner in _INSIDE.items():
            for name in inner:
                spent[outer] += spent[name].scaled(-1)
        for took in spent.values():
            whole += took.scaled(-1)
        each.append({**spent, _REST: whole})
    return {name: middle([spent[name] for spent in each]) for name in each[0]}


def _figures(stage: str, found: Mapping[str, Mapping[str, Took]]) -> list[str]:
    cells = []
    for spent in found.values():
        share = spent[stage].cpu / sum(took.cpu for took in spent.values())
        cells += [seconds(spent[stage].cpu), f"{share:.0%}"]
    return cells
