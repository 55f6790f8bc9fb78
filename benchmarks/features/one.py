"""One prospect through the same kernel, as the real-time API asks for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.features.asked import Asked
from benchmarks.features.made import PER_PROSPECT, Made
from benchmarks.report import Section
from features.algebra.filling import Filled, Filling, Snapshots
from features.facts.arrow import from_arrow
from features.facts.columns import Columns
from features.facts.ledger import Facts
from features.matrix import asked


def section(made: Made, wanted: Asked, *, calls: int) -> Section:
    """Time the call in three depths."""
    touches, looks = _prospect(made, wanted.columns)

    def facts() -> Facts:
        return Facts.of({"touches": Columns(touches)})

    def block(facts: Facts) -> Filled:
        return _block(asked(facts, snapshots, wanted.catalog))

    snapshots = Snapshots.of(looks)
    ready = asked(facts(), snapshots, wanted.catalog)
    fresh = [facts() for _ in range(calls + 1)]  # what a table was asked once it keeps
    rows = [
        ("tables as they come: facts, layout, kernel, program", _micros(lambda _: block(facts()), range(calls + 1))),
        ("facts given: layout, kernel, program", _micros(block, fresh)),
        ("laid out: kernel and program", _micros(lambda _: _block(ready), range(calls + 1))),
    ]
    words = (
        f"{len(wanted.catalog.names)} features of one prospect with {len(touches)} touches at one as-of moment, "
        f"{calls:,} calls each; text comes as text and is read anew in each call. The issue asks for under 1,000."
    )
    head = ("from", "p50, microseconds", "p99, microseconds")
    return Section("Features: one prospect", words, head, [(name, f"{a:,.0f}", f"{b:,.0f}") for name, (a, b) in rows])


def _block(filling: Filling) -> Filled:
    return next(iter(filling.blocks()))


def _micros(call: Callable[..., object], given: Sequence[object]) -> tuple[float, float]:
    """Call once for nothing, then once for each; return the median and the 99th percentile."""
    call(given[0])
    spent = []
    for one in given[1:]:
        began = time.perf_counter()
        call(one)
        spent.append(time.perf_counter() - began)
    middle, slow = np.percentile(spent, [50, 99]) * 1e6
    return float(middle), float(slow)


def _prospect(made: Made, columns: Sequence[str]) -> tuple[pa.Table, pd.DataFrame]:
    """Return the touches and the last look of the prospect whose journey is nearest to the usual length."""
    table = pq.ParquetFile(made.touches).read_row_group(0, columns=list(columns))
    counts = table.column("prospect_id").value_counts().to_pylist()
    who = min(counts, key=lambda one: abs(one["counts"] - PER_PROSPECT))["values"]
    looks = pq.ParquetFile(made.weekly).read_row_group(0)
    mine = [each.filter(pc.field("prospect_id") == who) for each in (table, looks)]
    return mine[0].combine_chunks(), from_arrow(mine[1]).tail(1).reset_index(drop=True)
