"""The features in vectorised pandas: running sums per prospect, and one as-of join per window.

It knows one time of a touch, when it happened, and no distinct contacts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from benchmarks.features.made import Ints, Made
from benchmarks.features.terms import Numbers, slots_of, work_out
from features.algebra.terms import Events, Slot, Term
from features.facts.arrow import from_arrow
from features.time.asof import DAY

_COLUMNS = ["prospect_id", "kind", "channel", "occurred_at", "value"]


def work_out_by_pandas(made: Made, terms: Sequence[Term]) -> list[Numbers]:
    """Read the touches and looks and compute the terms for each look."""
    events = from_arrow(pq.read_table(made.touches, columns=_COLUMNS))  # sorted by prospect, then time
    looks = from_arrow(pq.read_table(made.weekly))
    wanted = slots_of(terms)
    where = {days: _position(events, looks, days) for days in {slot.days for slot in wanted} | {None}}
    masks = {slot.events: _mask(events, slot.events) for slot in wanted}
    as_of = looks["as_of"].astype("int64").to_numpy()
    sums: dict[tuple[Events, str], Numbers] = {}
    filled: dict[Slot, Numbers] = {}
    for slot in wanted:
        mask = masks[slot.events]
        if slot.kind in ("count", "total"):
            if (slot.events, slot.of) not in sums:
                sums[slot.events, slot.of] = _running(events, slot, mask)
            running = sums[slot.events, slot.of]
            filled[slot] = _at(running, where[None]) - _at(running, where[slot.days])
        else:
            seen = events["occurred_at"].astype("int64").where(mask).groupby(events["prospect_id"], sort=False)
            filled[slot] = (as_of - _at(seen.ffill().to_numpy(), where[None], nothing=np.nan)) / DAY
    return [work_out(term, filled) for term in terms]


def _running(events: pd.DataFrame, slot: Slot, mask: pd.Series) -> Numbers:
    added = mask.astype("float64") if slot.kind == "count" else events[slot.of].fillna(0.0).where(mask, 0.0)
    found: Numbers = added.groupby(events["prospect_id"], sort=False).cumsum().to_numpy()
    return found


def _position(events: pd.DataFrame, looks: pd.DataFrame, days: int | None) -> Ints:
    """Return the row of the prospect's last touch before the moment (or before its window began), -1 for none."""
    edge = looks["as_of"] if days is None else looks["as_of"] - pd.Timedelta(days=days)
    asked = looks.assign(as_of=edge.dt.as_unit("us"), look=np.arange(len(looks))).sort_values("as_of", kind="stable")
    by_time = events[["prospect_id", "occurred_at"]].assign(row=np.arange(len(events)))
    by_time = by_time.sort_values("occurred_at", kind="stable")
    found = pd.merge_asof(
        asked, by_time, left_on="as_of", right_on="occurred_at", by="prospect_id", allow_exact_matches=False
    )
    position = np.full(len(looks), -1, dtype=np.int64)
    position[found["look"].to_numpy()] = found["row"].fillna(-1).to_numpy().astype(np.int64)
    return position


def _at(values: Numbers, position: Ints, *, nothing: float = 0.0) -> Numbers:
    return np.where(position >= 0, values[np.maximum(position, 0)], nothing)


def _mask(events: pd.DataFrame, wanted: Events) -> pd.Series:
    mask = pd.Series(True, index=events.index)
    for column, words in wanted.where:
        mask &= events[column].isin(words)
    return mask
