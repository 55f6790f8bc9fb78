"""The features of a few prospects, quickly: the catalogue's plan, kernel and program, kept warm.

A matrix is made for thousands of rows; for one, what is spent goes into tables and plans. Here no table is made
(`score_events`), and plans stay from one request to the next (`score_layout`). What is computed and how is the
catalogue's: `features.algebra.kernel` fills the slots, `features.algebra.program` works the terms out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.algebra import kernel
from features.algebra.program import Program
from features.algebra.terms import Slot
from features.catalog import Catalog
from features.facts.columns import Ints
from serving.routes.score_events import ROW, Event, Events
from serving.routes.score_layout import Layout
from serving.routes.score_rows import Plain

_Word = str | None


@dataclass(frozen=True)
class Few:
    """Features of some prospects.

    Attributes
    ----------
    numbers : float32 array, shape (n_rows, n_numbers)
        In the catalogue's order; missing is NaN.
    words : list of lists, n_categories times n_rows
        The categories in the catalogue's order; missing is None.
    """

    numbers: npt.NDArray[np.float32]
    words: list[list[_Word]]


class FewFeatures:
    """A catalogue, ready to be worked out for the prospects of one request."""

    def __init__(self, catalog: Catalog) -> None:
        declared = catalog.declarations
        numbers = [d.term for d in declared if not d.is_category]
        self._categories = [next(iter(d.term.slots())) for d in declared if d.is_category]
        by_stream: dict[str, list[Slot]] = {}
        for slot in (slot for term in (*numbers, *self._categories) for slot in term.slots()):
            by_stream.setdefault(slot.events.stream, []).append(slot)
        self._layouts = {name: Layout(name, slots) for name, slots in by_stream.items()}
        self._first, self._place, self._width = self._places()
        self._program = Program.of(numbers, self._place)
        self._height = len(numbers)
        asked = by_stream.get("attributes", [])
        self._attributes = tuple(dict.fromkeys((s.events.where[0][1][0], s.of) for s in asked))

    def of(self, plain: Plain, rows: Ints) -> Few:
        """Return the features of some prospects at `plain.as_of`, in the order given.

        Parameters
        ----------
        rows : int array, shape (n_rows,)
            Their positions in the table, ascending.

        Raises
        ------
        NotPlain
            The rows have to go through tables.
        """
        events = Events(plain, self._attributes)
        n, bounds = len(rows), np.searchsorted(rows, np.arange(len(events.place) + 1))
        filled = np.empty((n, self._width), dtype=np.int64)
        as_of = np.full(n, plain.as_of)
        laid: dict[str, list[Event]] = {}
        for name, layout in self._layouts.items():
            first, mine = self._first[name], events.of(name)
            if not mine:
                filled[:, first : first + layout.nothing.shape[1]] = layout.nothing
                continue
            laid[name], arrays, steps = layout.lay_out(mine, len(events.place))
            kernel.sweep(arrays, (bounds, as_of), steps.arrays, filled, first)
        out = np.empty((n, self._height), dtype=np.float32)
        self._program.run(filled, as_of, _numbers(laid.get("attributes", [])), out)
        return Few(
            out, [_words(laid.get(s.events.stream, []), s.of, filled[:, self._place[s]]) for s in self._categories]
        )

    def _places(self) -> tuple[dict[str, int], dict[Slot, int], int]:
        first: dict[str, int] = {}
        place: dict[Slot, int] = {}
        for name, layout in self._layouts.items():
            first[name] = len(place)
            place |= {slot: first[name] + at for slot, at in layout.known.plan.place.items()}
        return first, place, len(place)


def _numbers(attributes: list[Event]) -> npt.NDArray[np.float64]:
    return np.array([e[ROW].get("number", np.nan) for e in attributes], dtype=np.float64)


def _words(events: list[Event], column: str, at: Ints) -> list[_Word]:
    return [events[i][ROW][column] if i >= 0 else None for i in at.tolist()]
