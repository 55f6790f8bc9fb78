"""From facts to journeys: all events of one prospect in one stream, in the order in which they became visible.

They are laid out once for all prospects of a matrix; `filling` runs the kernel over them, block by block.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt
import pandas as pd

from features.algebra import ordering
from features.algebra.kernel import SCALE
from features.algebra.plan import Plan, plan
from features.algebra.streams import Stream, build
from features.algebra.terms import QUANTITIES, Slot
from features.errors import ContractError
from features.facts.columns import Ints
from features.facts.ledger import Facts
from features.time.asof import Micros


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
    """One stream laid out for all prospects of a matrix; event `i` of the journeys is `order[i]` of the stream."""

    plan: Plan
    stream: Stream
    order: Ints
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
    stream = build(name, facts, prospects, slots)
    layout = plan(slots, stream)
    start, order = ordering.ordered(stream.prospect, stream.occurred, stream.entered, len(prospects))
    if layout.latests:
        _break_ties(stream, start, order)
    return Laid(layout, stream, order, _journeys(stream, layout, start, order))


def _break_ties(stream: Stream, start: Ints, order: Ints) -> None:
    """Order events of one instant by their text, so that the order of input rows cannot matter; `order` is changed."""
    at = np.flatnonzero(ordering.tied(start, order, stream.occurred, stream.entered))
    if len(at):
        events = order[at]
        text = pd.util.hash_array(stream.tie(events)).view(np.int64)
        keys = (text, stream.occurred[events], stream.entered[events], stream.prospect[events])
        order[at] = events[np.lexsort(keys)]


def _journeys(stream: Stream, layout: Plan, start: Ints, order: Ints) -> Journeys:
    occurred = stream.occurred[order]
    numbered = [ordering.ranks(start, order, w.codes, len(w.levels)) for w in (stream.words[g] for g in layout.groups)]
    return Journeys(
        start=start,
        occurred=occurred,
        entered=stream.entered[order],
        hidden=stream.hidden[order],
        by_occurred=ordering.by_occurred(start, occurred),
        signature=layout.signature[order],
        quantities=_integers(stream, order),
        group_rank=_side_by_side([rank for rank, _ in numbered], len(order)),
        group_size=_side_by_side([size for _, size in numbered], len(start) - 1),
    )


def _side_by_side(columns: list[Ints], height: int) -> Ints:
    return np.column_stack(columns) if columns else np.zeros((height, 0), dtype=np.int64)


def _integers(stream: Stream, order: Ints) -> Ints:
    """Quantities in ten-thousandths, missing as 0, checked against overflow of a total."""
    columns = np.zeros((len(order), len(QUANTITIES)), dtype=np.int64)
    for i, name in enumerate(QUANTITIES):
        if name in stream.quantities and not _put(columns[:, i], stream.quantities[name], order):
            raise ContractError(f"{name}: the values sum to more than {2**62 / SCALE:.3g}; use a larger unit.")
    return columns


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _put(column: Ints, values: npt.NDArray[np.float64], order: Ints) -> bool:
    """Round the values to whole ten-thousandths; stop where their sum leaves the integers."""
    largest, sum_ = 2.0**62 / SCALE, 0.0
    for k in range(len(order)):
        value = values[order[k]]
        if not np.isnan(value):
            sum_ += abs(value)
            if sum_ > largest:
                return False
            column[k] = np.int64(np.rint(value * SCALE))
    return True
