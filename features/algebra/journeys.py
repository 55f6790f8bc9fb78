"""From facts to journeys: all events of one prospect in one stream, in the order in which they became visible.

They are laid out once for all prospects of a matrix; `filling` runs the kernel over them, block by block.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.algebra.plan import Ints, Plan, plan
from features.algebra.streams import Stream, Words, build
from features.algebra.terms import QUANTITIES, Slot
from features.errors import ContractError
from features.facts.ledger import Facts
from features.time.asof import Micros

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

    def arrays(self, prospects: slice) -> tuple[npt.NDArray[np.int64], ...]:
        """Return the arrays of some neighbouring prospects in the kernel's order; positions stay those of the whole."""
        start = self.start[prospects.start : prospects.stop + 1]
        return (start, self.occurred, self.entered, self.hidden, self.by_occurred,
                self.signature, self.quantities, self.group_rank, self.group_size[prospects])  # fmt: skip


@dataclass(frozen=True)
class Laid:
    """One stream laid out for all prospects of a matrix."""

    plan: Plan
    stream: Stream
    journeys: Journeys


def lay_out(facts: Facts, prospects: pd.Index, slots: Iterable[Slot]) -> dict[str, Laid]:
    """Return the events that the slots ask about, stream by stream, sorted and numbered for the kernel.

    Parameters
    ----------
    prospects : Index, shape (n_prospects,)
        Unique prospect ids, in the order in which the journeys are to lie.
    """
    by_stream: dict[str, list[Slot]] = {}
    for slot in slots:
        by_stream.setdefault(slot.events.stream, []).append(slot)
    return {name: _laid(name, facts, prospects, wanted) for name, wanted in by_stream.items()}


def _laid(name: str, facts: Facts, prospects: pd.Index, slots: list[Slot]) -> Laid:
    attributes = [(s.events.where[0][1][0], s.of) for s in slots if name == "attributes"]
    stream = _sorted(build(name, facts, prospects, attributes))
    layout = plan(slots, stream)
    return Laid(layout, stream, _journeys(stream, layout, len(prospects)))


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
