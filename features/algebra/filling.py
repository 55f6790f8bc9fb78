"""From facts and snapshots to features: lay the events out, run the kernel block by block, work the terms out.

This is the only way from facts to numbers, for training in batches and for one prospect in the real-time API alike. A
block is as many neighbouring prospects as have some hundred snapshots together: what is written then stays in the
processor's cache, and the same memory serves every block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.algebra import kernel, reference
from features.algebra.journeys import Laid, lay_out
from features.algebra.program import Block, Program
from features.algebra.terms import Slot, Term
from features.errors import ContractError
from features.facts.columns import Ints, Words
from features.facts.ledger import Facts
from features.time.asof import Micros, micros

BLOCK: Final = 1024
"""Snapshots of a block; a prospect with more has a block of its own."""


@dataclass(frozen=True)
class Snapshots:
    """Who is looked at and when.

    Attributes
    ----------
    prospects : Index, shape (n_prospects,)
        Unique ids, in the order in which their snapshots come.
    bounds : int64, shape (n_prospects + 1,)
        The snapshots of prospect `i` are `bounds[i]` to `bounds[i + 1]`.
    as_of : int64, shape (n_snapshots,)
        Microseconds, ascending within a prospect.
    """

    prospects: pd.Index
    bounds: Ints
    as_of: Micros

    @classmethod
    def of(cls, keys: pd.DataFrame) -> Snapshots:
        """Read `prospect_id` and `as_of`, sorted by both, each pair once.

        Raises
        ------
        ContractError
            They are not sorted so.
        """
        who = Words.of(keys["prospect_id"])
        position, as_of = who.codes, micros(keys["as_of"])
        same = position[1:] == position[:-1]
        if ((position[1:] < position[:-1]) | (same & (as_of[1:] <= as_of[:-1]))).any():
            raise ContractError("keys: must be sorted by prospect_id, then as_of, each pair once.")
        return cls(who.levels, np.searchsorted(position, np.arange(len(who.levels) + 1)), as_of)

    def cuts(self, most: int) -> list[tuple[int, int]]:
        """Cut the prospects into runs of neighbours with at most so many snapshots, one prospect at least."""
        cuts, first, n = [], 0, len(self.prospects)
        while first < n:
            behind = int(np.searchsorted(self.bounds, self.bounds[first] + most, side="right")) - 1
            cuts.append((first, max(behind, first + 1)))
            first = cuts[-1][1]
        return cuts


@dataclass(frozen=True)
class Filled:
    """What was worked out for the snapshots of a block; the arrays are overwritten by the next one.

    Attributes
    ----------
    rows : slice
        Which of the snapshots.
    numbers : float32, shape (n_rows, n_numbers)
        Missing is NaN.
    words : tuple of int64 arrays, shape (n_rows,)
        Positions in `Filling.levels`; -1 where nothing was seen.
    """

    rows: slice
    numbers: Block
    words: tuple[Ints, ...]


class Filling:
    """Terms asked of some facts at some moments, laid out and ready to be run.

    Parameters
    ----------
    numbers : sequence of Term
        What is to be worked out as numbers.
    words : sequence of Slot
        Latest slots of text.
    engine : {"numba", "numpy"}
        The kernel, or the plain NumPy second implementation that it is tested against.
    """

    def __init__(
        self, facts: Facts, snapshots: Snapshots, *, numbers: Sequence[Term], words: Sequence[Slot] = (),
        engine: str = "numba",
    ) -> None:  # fmt: skip
        self._snapshots, self._words = snapshots, words
        slots = [slot for term in (*numbers, *words) for slot in term.slots()]
        self._laid = lay_out(facts, snapshots.prospects, slots)
        self._first, self._place, width = _places(self._laid)
        self._program = Program.of(numbers, self._place)
        self._sweep = kernel.sweep if engine == "numba" else reference.sweep
        self._width, self._height = width, len(numbers)
        self.levels = tuple(self._laid[slot.events.stream].stream.words[slot.of].levels for slot in words)

    def blocks(self, most: int = BLOCK, *, dtype: type[np.floating] = np.float32) -> Iterator[Filled]:
        """Yield the features block by block, each good until the next; of float64 when exact sums are wanted."""
        bounds, as_of = self._snapshots.bounds, self._snapshots.as_of
        cuts = self._snapshots.cuts(most)
        largest = max((int(bounds[q] - bounds[p]) for p, q in cuts), default=0)
        room = np.empty((largest, self._width), dtype=np.int64)
        out = np.empty((largest, self._height), dtype=dtype)
        for name, part in self._laid.items():
            part.plan.nothing(room[:, self._first[name] :])
        busy = {name: part for name, part in self._laid.items() if len(part.order)}
        numbers = self._numbers()
        for p, q in cuts:
            rows = slice(int(bounds[p]), int(bounds[q]))
            filled, done = room[: rows.stop - rows.start], out[: rows.stop - rows.start]
            for name, part in busy.items():
                events = part.journeys.arrays(slice(p, q))
                self._sweep(events, (bounds[p : q + 1], as_of), part.plan.arrays, filled, self._first[name])
            self._program.run(filled, as_of[rows], numbers, done)
            yield Filled(rows, done, tuple(self._codes(slot, filled) for slot in self._words))

    def _numbers(self) -> npt.NDArray[np.float64]:
        if (part := self._laid.get("attributes")) is None:
            return np.zeros(0)
        return part.stream.quantities["number"][part.order] if "number" in part.stream.quantities else np.zeros(0)

    def _codes(self, slot: Slot, filled: Ints) -> Ints:
        part, at = self._laid[slot.events.stream], filled[:, self._place[slot]]
        codes = part.stream.words[slot.of].codes
        return np.where(at >= 0, codes[part.order[at]], -1) if len(part.order) else np.full(len(at), -1)


def category(codes: Ints, levels: pd.Index) -> pd.Categorical:
    """Return codes as a category whose words are those that occur, in their order; -1 is missing."""
    seen = levels[np.unique(codes[codes >= 0])].sort_values()
    place = np.append(seen.get_indexer(levels), -1)
    return pd.Categorical.from_codes(place[codes], categories=seen)


def _places(laid: dict[str, Laid]) -> tuple[dict[str, int], dict[Slot, int], int]:
    """Put the slots of all streams side by side: where each stream begins, where each slot lies, how many there are."""
    first: dict[str, int] = {}
    place: dict[Slot, int] = {}
    width = 0
    for name, part in laid.items():
        first[name] = width
        place |= {slot: width + at for slot, at in part.plan.place.items()}
        width += len(part.plan.place)
    return first, place, width
