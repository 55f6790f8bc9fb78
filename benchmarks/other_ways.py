"""The same features the two ways that people write them: one SQL range join, and vectorised pandas.

Both are generated from the very terms that the kernel computes (counts, totals and recency over the touches), so that
the three must agree; the benchmark says how far they do.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import numpy as np
import pandas as pd

from features.algebra.terms import Events, Slot
from features.catalog import Catalog
from features.time.asof import DAY

Numbers = dict[Slot, np.ndarray]


def simple_slots(catalog: Catalog) -> list[Slot]:
    """Return the counts, totals and recencies over touches that the catalogue's features are made of."""
    slots = dict.fromkeys(slot for d in catalog.declarations for slot in d.term.slots())
    return [s for s in slots if s.events.stream == "touches" and s.kind in ("count", "total", "last", "first")]


def range_join(connection: duckdb.DuckDBPyConnection, slots: Iterable[Slot]) -> Numbers:
    """Join each look with all its prospect's earlier touches and aggregate with filters.

    The connection has the tables `touches` and `looks`; rows come sorted by prospect_id, as_of.
    """
    wanted = list(slots)
    columns = ", ".join(f"{_aggregate(slot)} AS s{i}" for i, slot in enumerate(wanted))
    found = connection.execute(
        f"SELECT k.prospect_id, k.as_of, {columns} FROM looks k LEFT JOIN touches t ON t.prospect_id = k.prospect_id"
        " AND t.recorded_at < k.as_of AND t.occurred_at < k.as_of"
        " GROUP BY k.prospect_id, k.as_of ORDER BY k.prospect_id, k.as_of"
    ).fetchnumpy()
    return {slot: np.ma.filled(found[f"s{i}"].astype("float64"), np.nan) for i, slot in enumerate(wanted)}


def _aggregate(slot: Slot) -> str:
    tests = [f"t.{column} IN ({', '.join(map(repr, words))})" for column, words in slot.events.where]
    if slot.days is not None:
        tests.append(f"t.occurred_at >= k.as_of - INTERVAL {slot.days} DAY")
    kept = f" FILTER (WHERE {' AND '.join(['t.touch_id IS NOT NULL', *tests])})"
    if slot.kind == "count":
        return f"count(*){kept}"
    if slot.kind == "total":
        return f"coalesce(sum(t.{slot.of}){kept}, 0)"
    extreme = "max" if slot.kind == "last" else "min"
    return f"(epoch_us(k.as_of) - {extreme}(epoch_us(t.occurred_at)){kept}) / {DAY}.0"


def cumulative(touches: pd.DataFrame, keys: pd.DataFrame, slots: Iterable[Slot]) -> Numbers:
    """Compute with running sums in pandas and one as-of join per window; needs facts recorded as they happened."""
    wanted = list(slots)
    events = touches.sort_values(["prospect_id", "occurred_at"], kind="stable", ignore_index=True)
    where = {days: _position(events, keys, days) for days in {s.days for s in wanted} | {None}}
    when = events["occurred_at"].astype("int64")
    owner = events["prospect_id"]
    now, as_of = where[None], keys["as_of"].astype("int64").to_numpy()
    out: Numbers = {}
    masks: dict[Events, pd.Series] = {slot.events: _mask(events, slot.events) for slot in wanted}
    for slot in wanted:
        mask = masks[slot.events]
        if slot.kind in ("count", "total"):
            added = mask.astype("float64") if slot.kind == "count" else events[slot.of].fillna(0.0).where(mask, 0.0)
            running = added.groupby(owner, sort=False).cumsum().to_numpy()
            out[slot] = _at(running, now) - (_at(running, where[slot.days]) if slot.days is not None else 0.0)
        else:
            seen = when.where(mask).groupby(owner, sort=False)
            moment = (
                seen.ffill() if slot.kind == "last" else seen.cummin().groupby(owner, sort=False).ffill()
            ).to_numpy()
            out[slot] = (as_of - _at(moment, now, nothing=np.nan)) / DAY
    return out


def _position(events: pd.DataFrame, keys: pd.DataFrame, days: int | None) -> np.ndarray:
    """Return the row of the prospect's last touch before the moment (or before its window began), -1 for none."""
    edge = keys["as_of"] if days is None else keys["as_of"] - pd.Timedelta(days=days)
    asked = keys.assign(as_of=edge.dt.as_unit("us"), look=np.arange(len(keys))).sort_values("as_of", kind="stable")
    by_time = events[["prospect_id", "occurred_at"]].assign(row=np.arange(len(events)))
    by_time = by_time.sort_values("occurred_at", kind="stable")
    found = pd.merge_asof(
        asked, by_time, left_on="as_of", right_on="occurred_at", by="prospect_id", allow_exact_matches=False
    )
    position = np.full(len(keys), -1, dtype=np.int64)
    position[found["look"].to_numpy()] = found["row"].fillna(-1).to_numpy().astype(np.int64)
    return position


def _at(values: np.ndarray, position: np.ndarray, *, nothing: float = 0.0) -> np.ndarray:
    return np.where(position >= 0, values[np.maximum(position, 0)], nothing)


def _mask(events: pd.DataFrame, wanted: Events) -> pd.Series:
    mask = pd.Series(True, index=events.index)
    for column, words in wanted.where:
        mask &= events[column].isin(words)
    return mask
