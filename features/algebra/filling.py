"""From journeys and snapshots to filled slots: run the kernel block by block, read the result.

`blocks` is the only way from facts to numbers, for training in batches and for one prospect in the real-time API
alike. A block is as many neighbouring prospects as have some thousand snapshots together: what the kernel writes then
stays in the processor's cache, and the same memory serves every block.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.algebra import kernel, reference
from features.algebra.journeys import SCALE, Laid, lay_out
from features.algebra.plan import Ints, Plan
from features.algebra.streams import Stream
from features.algebra.terms import Slot
from features.errors import ContractError
from features.facts.ledger import Facts
from features.time.asof import DAY, Micros, micros

BLOCK: Final = 4096
"""Snapshots of a block; a prospect with more has a block of its own."""


@dataclass(frozen=True)
class Filled:
    """The slots of one stream for the snapshots of a block, and where the latest events are to be read.

    The arrays are overwritten by the next block.
    """

    plan: Plan
    stream: Stream
    as_of: Micros
    sums: Ints
    recencies: Ints
    distincts: Ints
    latests: Ints

    def number(self, slot: Slot) -> npt.NDArray[np.float64]:
        """Return a slot as numbers: counts, totals in units, days; missing is NaN."""
        place = self.plan.place[slot]
        if slot.kind in ("count", "total"):
            column = self.sums[:, place].astype(np.float64)
            return column / SCALE if slot.kind == "total" else column
        if slot.kind == "distinct":
            return self.distincts[:, place].astype(np.float64)
        if slot.kind == "latest":
            return self._latest(slot, self.stream.quantities["number"])
        seen = self.recencies[:, place]
        return np.where(seen == kernel.NEVER, np.nan, (self.as_of - seen) / DAY)

    def codes(self, slot: Slot) -> npt.NDArray[np.int64]:
        """Return a latest slot of text as positions in `levels`; -1 where nothing was seen."""
        codes = self.stream.words[slot.of].codes
        at = self.latests[:, self.plan.place[slot]]
        return np.where(at >= 0, codes[at] if len(codes) else -1, -1)

    def levels(self, slot: Slot) -> pd.Index:
        """Return the words that `codes` point at."""
        return self.stream.words[slot.of].levels

    def _latest(self, slot: Slot, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        at = self.latests[:, self.plan.place[slot]]
        return np.where(at >= 0, values[at] if len(values) else np.nan, np.nan)


def category(codes: npt.NDArray[np.int64], levels: pd.Index) -> pd.Categorical:
    """Return codes as a category whose words are those that occur, in their order; -1 is missing."""
    seen = levels[np.unique(codes[codes >= 0])].sort_values()
    place = np.append(seen.get_indexer(levels), -1)
    return pd.Categorical.from_codes(place[codes], categories=seen)


def blocks(
    facts: Facts, keys: pd.DataFrame, slots: Iterable[Slot], *, engine: str = "numba", most: int = BLOCK
) -> Iterator[tuple[slice, dict[str, Filled]]]:
    """Fill the slots for every snapshot, block by block.

    Parameters
    ----------
    keys : DataFrame, shape (n_snapshots, 2)
        prospect_id and as_of, sorted by both.
    engine : {"numba", "numpy"}
        The kernel, or the plain NumPy second implementation that it is tested against.
    most : int
        Snapshots of a block.

    Yields
    ------
    (rows, filled)
        Which rows of `keys`, and by the name of the stream what was filled for them; good until the next block.
    """
    prospects, position = _prospects(keys)
    as_of = micros(keys["as_of"])
    bounds = np.searchsorted(position, np.arange(len(prospects) + 1))
    laid = lay_out(facts, prospects, slots)
    cuts = _cuts(bounds, most)
    largest = max((int(bounds[q] - bounds[p]) for p, q in cuts), default=0)
    room = {name: _room(part.plan, largest) for name, part in laid.items()}
    run = kernel.sweep if engine == "numba" else reference.sweep
    for p, q in cuts:
        rows = slice(int(bounds[p]), int(bounds[q]))
        filled = {}
        for name, part in laid.items():
            out = tuple(array[: rows.stop - rows.start] for array in room[name])
            run(part.journeys.arrays(slice(p, q)), (bounds[p : q + 1], as_of), plan_arrays(part.plan), out)
            filled[name] = Filled(part.plan, part.stream, as_of[rows], *out)
        yield rows, filled


def fill(facts: Facts, keys: pd.DataFrame, slots: Iterable[Slot], *, engine: str = "numba") -> dict[str, Filled]:
    """Fill the slots for every snapshot at once; see `blocks`."""
    wanted = list(slots)
    for _, filled in blocks(facts, keys, wanted, engine=engine, most=max(len(keys), 1)):
        return filled
    return {name: _nothing(part) for name, part in lay_out(facts, pd.Index([], dtype="str"), wanted).items()}


def _nothing(part: Laid) -> Filled:
    return Filled(part.plan, part.stream, np.zeros(0, dtype=np.int64), *_room(part.plan, 0))


def _cuts(bounds: Ints, most: int) -> list[tuple[int, int]]:
    """Cut the prospects into runs of neighbours with at most so many snapshots, one prospect at least."""
    cuts, first, n = [], 0, len(bounds) - 1
    while first < n:
        behind = int(np.searchsorted(bounds, bounds[first] + most, side="right")) - 1
        cuts.append((first, max(behind, first + 1)))
        first = cuts[-1][1]
    return cuts


def _room(layout: Plan, rows: int) -> tuple[Ints, ...]:
    parts = (layout.sums, layout.recencies, layout.distincts, layout.latests)
    return tuple(np.zeros((rows, len(part)), dtype=np.int64) for part in parts)


def _prospects(keys: pd.DataFrame) -> tuple[pd.Index, Ints]:
    position, prospects = pd.factorize(keys["prospect_id"])
    as_of = micros(keys["as_of"])
    same = position[1:] == position[:-1]
    if ((position[1:] < position[:-1]) | (same & (as_of[1:] <= as_of[:-1]))).any():
        raise ContractError("keys: must be sorted by prospect_id, then as_of, each pair once.")
    return pd.Index(prospects), position.astype(np.int64)


def plan_arrays(layout: Plan) -> tuple[Ints, ...]:
    """Return a plan in the kernel's order."""
    return (
        layout.windows, layout.feeds.start, layout.feeds.items, layout.quantity,
        layout.lasts.start, layout.lasts.items, layout.firsts.start, layout.firsts.items,
        layout.grouped.start, layout.grouped.items, layout.distinct_group, layout.distinct_window,
        layout.newest.start, layout.newest.items,
    )  # fmt: skip
