"""The tables of sizes: Takt beside one scan of the same columns, how both grow, and the memory."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.clock import Took
from benchmarks.features.asked import Asked
from benchmarks.report import Section, seconds, times

MILLION: Final = 1_000_000
_HEAD: Final = (
    "touches", "way", "looks", "time", "CPU", "times the scan (CPU)", "goal", "times the scan (time)", "looks a CPU s",
)  # fmt: skip


@dataclass(frozen=True)
class Sized:
    """What was measured at one size; `written` and `read` are bytes of the features and of the touches in Parquet."""

    touches: int
    looks: int
    prospects: int
    took: dict[str, Took]
    written: int
    read: int
    memory: int

    def text(self) -> str:
        """Return the size in words."""
        return f"{self.touches / MILLION:,.3g} M"


def streams(sizes: Sequence[Sized], basic: Asked, catalogue: Asked) -> Section:
    """Return all ways at all sizes beside the scan at that size."""
    few, many = len(basic.catalog.names), len(catalogue.catalog.names)
    words = (
        f"Gamma-skewed journeys of 50 touches on average, a look a week over each, {len(basic.columns)} columns read "
        f"for {few} features (counts and totals of 12 kinds in 7, 30, 90 and 365 days, recency, shares of channels, "
        "contacts, trends). 5 % of the touches were recorded late. The floor is one DuckDB query that looks at every "
        "value of the same columns of the same Parquet file once; for the whole catalogue, of all columns. "
        "Takt reads the touches and the looks shard by shard, checks that no touch is there twice, and keeps nothing "
        "but the block that it works on. The scan uses all cores, Takt one (but for reading) where no threads are "
        "named; CPU is the seconds of all cores, and the goal is the most times the scan that issue 6 allows. "
        "What is written is Arrow IPC of float32. Above 11 M touches only the scans of the columns and the features "
        "kept nowhere run in every round, the rest once."
    )
    rows = [row for size in sizes for row in _rows(size, few, many)]
    return Section("Features: streamed, beside one scan of the same columns", words, _HEAD, rows)


def _rows(size: Sized, few: int, many: int) -> list[tuple[str, ...]]:
    took, looks, people = size.took, size.looks, size.prospects
    scan, all_ = took["scan"], took["scan of all"]
    written = f"Takt, {few} features, written ({size.written / 1e6:,.0f} MB)"
    lines = [  # the key, who is looked at, the floor, the most times it that is the goal
        ("DuckDB scan of the columns", "scan", 0, scan, ""),
        ("the same without touch_id", "scan without ids", 0, scan, ""),
        (f"Takt, {few} features", "first", looks, scan, "4"),
        (f"the same, shards on {os.cpu_count()} threads", "threads", looks, scan, "4"),
        (written, "written", looks, scan, "10"),
        (f"Takt, {few} features, today only", "today", people, scan, "4"),
        ("DuckDB scan of all columns", "scan of all", 0, all_, ""),
        (f"Takt, whole catalogue of {many}", "whole", looks, all_, "4"),
    ]
    return [
        (
            size.text(), name, f"{n:,}" if n else "", seconds(took[key].wall), seconds(took[key].cpu),
            times(took[key].cpu / floor.cpu), goal, times(took[key].wall / floor.wall),
            f"{n / took[key].cpu:,.0f}" if n else "",
        )
        for name, key, n, floor, goal in lines
        if key in took
    ]  # fmt: skip


def growth(sizes: Sequence[Sized]) -> Section:
    """Return how CPU grows from size to size, and the memory at each."""
    words = (
        "Growth is the exponent of CPU over touches, from the size of the line above and from the smallest. Memory is "
        "the peak of a streamed run in a fresh process above what that had once all was imported; the input is the "
        "Parquet file of touches, of which nothing else is kept. Goals: growth at most 1.05, memory at most 2,000 MB."
    )
    head = ("touches", "input", "memory above imports", "Takt: growth", "from the smallest", "scan: growth", "today")
    rows = []
    for number, size in enumerate(sizes):
        below, least = sizes[max(number - 1, 0)], sizes[0]
        figures = [
            _exponent(below, size, "first"), _exponent(least, size, "first"),
            _exponent(below, size, "scan"), _exponent(below, size, "today"),
        ]  # fmt: skip
        rows.append((size.text(), f"{size.read / 1e6:,.0f} MB", f"{size.memory / 1e6:,.0f} MB", *figures))
    return Section("Features: growth and memory", words, head, rows)


def _exponent(small: Sized, large: Sized, way: str) -> str:
    if large.touches == small.touches:
        return ""
    return f"{math.log(large.took[way].cpu / small.took[way].cpu) / math.log(large.touches / small.touches):.2f}"
