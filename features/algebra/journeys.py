"""From facts and snapshots to filled slots: lay out the journeys, run the kernel, read the result.

A journey is all events of one prospect in one stream. `fill` is the only way from facts to numbers, for training in
batches and for one prospect in the real-time API alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.algebra import kernel, reference
from features.algebra.plan import Ints, Plan, plan
from features.algebra.streams import Stream, Words, build
from features.algebra.terms import QUANTITIES, Slot
from features.errors import ContractError
from features.facts.ledger import Facts
from features.time.asof import DAY, Micros, micros

SCALE = 10_000
"""Values are summed as integers of ten-thousandths, which is exact and does not depend on the order."""


@dataclass(frozen=True)
class Journeys:
    """Events of one stream sorted by prospect and entry, ready for the kernel (see `kernel.sweep`)."""

    start: Ints
    occurred: Micros
    entered: Micros
    hidden: Micros
    by_occurred: Ints
    signature: Ints
    quantities: Ints
    group_rank: Ints
    group_size: Ints

    def arrays(self) -> tuple[npt.NDArray[np.int64], ...]:
        """Return the arrays in the kernel's order."""
        return (self.start, self.occurred, self.entered, self.hidden, self.by_occurred,
                self.signature, self.quantities, self.group_rank, self.group_size)  # fmt: skip


@dataclass(frozen=True)
class Filled:
    """The slots of one stream for every snapshot, and where the latest events are to be read."""

    plan: Plan
    stream: Stream
    as_of: Micros
    sums: Ints
    recencies: Ints
    distincts: Ints
    latests: Ints

    def number(self, slot: Slot) -> npt.NDArray[np.float64]:
        """Return a slot as numbers: counts, totals in units, days; missing is NaN."""
        if slot.kind in ("count", "total"):
            column = self.sums[:, self.plan.sums.index(slot)].astype(np.float64)
            return column / SCALE if slot.kind == "total" else column
        if slot.kind == "distinct":
            return self.distincts[:, self.plan.distincts.index(slot)].astype(np.float64)
        if slot.kind == "latest":
            return self._latest(slot, self.stream.quantities["number"])
        seen = self.recencies[:, self.plan.recencies.index(slot)]
        return np.where(seen == kernel.NEVER, np.nan, (self.as_of - seen) / DAY)

    def category(self, slot: Slot) -> pd.Categorical:
        """Return a latest slot as a category of text; missing where nothing was seen."""
        words = self.stream.words[slot.of]
        at = self.latests[:, self.plan.latests.index(slot)]
        found = words.codes[at[at >= 0]]
        seen = words.levels[np.unique(found)].sort_values()
        codes = np.full(len(at), -1, dtype=np.int64)
        codes[at >= 0] = seen.get_indexer(words.levels)[found]
        return pd.Categorical.from_codes(codes, categories=seen)

    def _latest(self, slot: Slot, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        at = self.latests[:, self.plan.latests.index(slot)]
        return np.where(at >= 0, values[at] if len(values) else np.nan, np.nan)


def fill(facts: Facts, keys: pd.DataFrame, slots: Iterable[Slot], *, engine: str = "numba") -> dict[str, Filled]:
    """Fill the slots for every snapshot, stream by stream.

    Parameters
    ----------
    keys : DataFrame, shape (n_snapshots, 2)
        prospect_id and as_of, sorted by both.
    engine : {"numba", "numpy"}
        The kernel, or the plain NumPy second implementation that it is tested against.

    Returns
    -------
    dict of stream name to Filled, rows as in `keys`.
    """
    by_stream: dict[str, list[Slot]] = {}
    for slot in slots:
        by_stream.setdefault(slot.events.stream, []).append(slot)
    prospects, position = _prospects(keys)
    as_of = micros(keys["as_of"])
    bounds = np.searchsorted(position, np.arange(len(prospects) + 1))
    return {
        name: _fill(name, facts, prospects, wanted, snapshots=(bounds, as_of), engine=engine)
        for name, wanted in by_stream.items()
    }


def _prospects(keys: pd.DataFrame) -> tuple[pd.Index, Ints]:
    position, prospects = pd.factorize(keys["prospect_id"])
    as_of = micros(keys["as_of"])
    same = position[1:] == position[:-1]
    if ((position[1:] < position[:-1]) | (same & (as_of[1:] <= as_of[:-1]))).any():
        raise ContractError("keys: must be sorted by prospect_id, then as_of, each pair once.")
    return pd.Index(prospects), position.astype(np.int64)


def _fill(
    name: str,
    facts: Facts,
    prospects: pd.Index,
    slots: list[Slot],
    *,
    snapshots: tuple[Ints, Micros],
    engine: str,
) -> Filled:
    attributes = [(s.events.where[0][1][0], s.of) for s in slots if name == "attributes"]
    stream = _sorted(build(name, facts, prospects, attributes))
    layout = plan(slots, stream)
    journeys = _journeys(stream, layout, len(prospects))
    n = len(snapshots[1])
    out = tuple(
        np.zeros((n, len(part)), dtype=np.int64)
        for part in (layout.sums, layout.recencies, layout.distincts, layout.latests)
    )
    run = kernel.sweep if engine == "numba" else reference.sweep
    run(journeys.arrays(), snapshots, _plan_arrays(layout), out)
    return Filled(layout, stream, snapshots[1], *out)


def _plan_arrays(layout: Plan) -> tuple[Ints, ...]:
    return (
        layout.windows, layout.feeds.start, layout.feeds.items, layout.quantity,
        layout.lasts.start, layout.lasts.items, layout.firsts.start, layout.firsts.items,
        layout.grouped.start, layout.grouped.items, layout.distinct_group, layout.distinct_window,
        layout.newest.start, layout.newest.items,
    )  # fmt: skip


def _sorted(stream: Stream) -> Stream:
    """Sort by prospect, entry, occurrence and tie, so that the order of input rows cannot matter."""
    times = (stream.occurred, stream.entered, stream.prospect)
    order = np.lexsort(times)
    tied = _tied([key[order] for key in times])
    if tied.any():
        tie = np.zeros(len(order), dtype=np.uint64)
        tie[order[tied]] = pd.util.hash_array(stream.tie.iloc[order[tied]].to_numpy(dtype=object))
        order = np.lexsort((tie.view(np.int64), *times))
    return Stream(
        stream.prospect[order], stream.occurred[order], stream.entered[order], stream.hidden[order],
        stream.tie.iloc[order],
        {k: Words(v.codes[order], v.levels) for k, v in stream.words.items()},
        {k: v[order] for k, v in stream.quantities.items()},
    )  # fmt: skip


def _tied(keys: list[Ints]) -> npt.NDArray[np.bool_]:
    """Say of each event of a sorted stream whether a neighbour has the same keys; only there a tie must be broken."""
    same = np.logical_and.reduce([key[1:] == key[:-1] for key in keys])
    tied: npt.NDArray[np.bool_] = np.append(same, False) | np.append(False, same)
    return tied


def _journeys(stream: Stream, layout: Plan, n_prospects: int) -> Journeys:
    n = len(stream.prospect)
    start = np.searchsorted(stream.prospect, np.arange(n_prospects + 1)).astype(np.int64)
    late = bool((np.diff(stream.occurred) < 0).any())
    by_occurred = np.lexsort((stream.occurred, stream.prospect)) if late else np.arange(n)
    ranks, sizes = [], []
    for _, column in layout.groups:
        rank, size = _ranks(stream.prospect, stream.words[column], n_prospects)
        ranks.append(rank)
        sizes.append(size)
    return Journeys(
        start=start,
        occurred=stream.occurred,
        entered=stream.entered,
        hidden=stream.hidden,
        by_occurred=by_occurred.astype(np.int64),
        signature=layout.signature,
        quantities=_integers(stream),
        group_rank=np.column_stack(ranks) if ranks else np.zeros((n, 0), dtype=np.int64),
        group_size=np.column_stack(sizes) if sizes else np.zeros((n_prospects, 0), dtype=np.int64),
    )


def _ranks(prospect: Ints, words: Words, n_prospects: int) -> tuple[Ints, Ints]:
    """Give each word its rank within its prospect (-1 missing) and count the words of each prospect.

    The events are sorted by prospect, so pairs numbered as they appear are numbered prospect by prospect.
    """
    known, n_levels = words.codes >= 0, len(words.levels) + 1
    inverse, unique = pd.factorize((prospect * n_levels + words.codes)[known])
    size = np.bincount(unique // n_levels, minlength=n_prospects).astype(np.int64)
    first = np.cumsum(size) - size
    rank = np.full(len(prospect), -1, dtype=np.int64)
    rank[known] = inverse - first[prospect[known]]
    return rank, size


def _integers(stream: Stream) -> Ints:
    """Quantities in ten-thousandths, missing as 0, checked against overflow of a prospect's total."""
    columns = np.zeros((len(stream.prospect), len(QUANTITIES)), dtype=np.int64)
    for i, name in enumerate(QUANTITIES):
        if name in stream.quantities:
            values = np.nan_to_num(stream.quantities[name], nan=0.0)
            if np.abs(values).sum() * SCALE > 2**62:
                raise ContractError(f"{name}: the values sum to more than {2**62 / SCALE:.3g}; use a larger unit.")
            columns[:, i] = np.rint(values * SCALE).astype(np.int64)
    return columns
