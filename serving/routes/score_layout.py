"""How the events of one stream are laid out for the kernel, with a plan that stays from one request to the next.

A plan is made for the combinations of words that events have (`features.algebra.plan`). Most requests bring only
combinations that were met before, and then there is nothing to plan.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from operator import itemgetter
from threading import Lock
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from features.algebra import kernel
from features.algebra.plan import Plan, plan
from features.algebra.streams import Stream
from features.algebra.terms import ANY, QUANTITIES, Slot
from features.facts.columns import Ints, Words
from serving.routes.score_events import ENTERED, HIDDEN, OCCURRED, ROW, TIE, WHOSE, Event
from serving.routes.score_rows import Row

MOST_COMBINATIONS: Final = 4096
"""Combinations of words that are remembered; beyond, all are forgotten."""
_WHEN: Final = itemgetter(WHOSE, ENTERED, OCCURRED)


class Known(NamedTuple):
    """A plan and what an event's words are called in it; never changed, so that both fit together."""

    plan: Plan
    signature: dict[Any, int]


class Layout:
    """One stream.

    Attributes
    ----------
    known : Known
        For the combinations met so far.
    nothing : int64 array, shape (1, n_slots)
        What the kernel fills in for somebody without events.
    """

    def __init__(self, name: str, slots: Sequence[Slot]) -> None:
        self._slots, self._lock = slots, Lock()
        where = [one for s in slots for one in s.events.where]
        columns = sorted({column for column, _ in where})
        asked = {c: sorted({v for w, values in where if w == c for v in values} - {ANY}) for c in columns}
        # 0 missing, 1 known but not asked about, 2.. the words asked about
        self._asked = [(c, {w: i + 2 for i, w in enumerate(words)}, len(words) + 2) for c, words in asked.items()]
        self._key: Callable[[Row], Any] = itemgetter(*columns) if columns else lambda _row: None
        self._totals = [q for q in QUANTITIES if any(s.kind == "total" and s.of == q for s in slots)]
        # attributes compete with those of their own name only; other events where they say different things
        self._of_a_name = name == "attributes"
        rivals = ["name"] if self._of_a_name else sorted({s.of for s in slots if s.kind == "latest"})
        self._rival: Callable[[Row], Any] | None = None
        if any(s.kind == "latest" for s in slots):
            self._rival = itemgetter(*rivals)
        self._code: dict[Any, int] = {}
        self.known = self._planned()
        self.nothing = np.zeros((1, len(self.known.plan.place)), dtype=np.int64)
        arrays, snapshots = self.arrays([], [], self.known.plan, 1), (np.arange(2), np.zeros(1, dtype=np.int64))
        kernel.sweep(arrays, snapshots, self.known.plan.arrays, self.nothing, 0)

    def lay_out(self, events: list[Event], n: int) -> tuple[list[Event], tuple[Any, ...], Plan]:
        """Return the events of `n` prospects in the kernel's order, its arrays, and the plan that they are made for."""
        events.sort(key=_WHEN)
        if self._rival is not None and self._compete(events, self._rival):
            # as `features.algebra.journeys` orders events of one instant
            text = pd.util.hash_array(np.array([e[TIE] for e in events], dtype=object), categorize=False)
            ties = text.view(np.int64).tolist()
            order = sorted(range(len(events)), key=lambda i: (*_WHEN(events[i]), ties[i]))
            events = [events[i] for i in order]
        keys = [self._key(e[ROW]) for e in events]
        known = self.known
        if not all(key in known.signature for key in keys):
            known = self._learnt(events)
        signature = [known.signature[key] for key in keys]
        return events, self.arrays(events, signature, known.plan, n), known.plan

    def arrays(self, events: list[Event], signature: list[int], steps: Plan, n: int) -> tuple[Any, ...]:
        """Return the kernel's arrays of events in its order."""
        whose, entered, occurred, hidden = (
            np.array([e[at] for e in events], dtype=np.int64) for at in (WHOSE, ENTERED, OCCURRED, HIDDEN)
        )
        start, by_occurred = np.searchsorted(whose, np.arange(n + 1)), np.lexsort((occurred, whose))
        ranks, sizes = _ranks(events, steps.groups, n)
        numbered = np.array(signature, dtype=np.int64)
        return start, occurred, entered, hidden, by_occurred, numbered, self._quantities(events), ranks, sizes

    def _compete(self, events: list[Event], rival: Callable[[Row], Any]) -> bool:
        """Say whether of two events of one instant it matters which is the later one."""
        for _, tied in groupby(events, _WHEN):
            said = [rival(e[ROW]) for e in tied]
            if len(said) > 1 and (len(set(said)) < len(said) if self._of_a_name else len(set(said)) > 1):
                return True
        return False

    def _learnt(self, events: list[Event]) -> Known:
        """Plan for the combinations of these events too."""
        with self._lock:
            new = {self._key(e[ROW]): self._combined(e[ROW]) for e in events}
            self._code = {**self._code, **new} if len(self._code) + len(new) <= MOST_COMBINATIONS else new
            self.known = self._planned()
            return self.known

    def _combined(self, row: Row) -> int:
        code = 0
        for column, place, size in self._asked:
            word = row[column]
            code = code * size + (0 if word is None else place.get(word, 1))
        return code

    def _planned(self) -> Known:
        """Plan for one event of each combination."""
        each = list(dict.fromkeys(self._code.values()))
        words, codes = {}, np.array(each, dtype=np.int64)
        for column, place, size in reversed(self._asked):
            codes, code = np.divmod(codes, size)
            levels = pd.Index([*place, "\0"], dtype=object)  # the last one stands for what is not asked about
            words[column] = Words(np.where(code == 0, -1, np.where(code == 1, len(place), code - 2)), levels)
        none = np.zeros(len(each), dtype=np.int64)
        made = plan(self._slots, Stream(none, none, none, none, lambda rows: rows.astype(object), words, {}))
        number = dict(zip(each, made.signature.tolist(), strict=True))
        return Known(made, {key: number[code] for key, code in self._code.items()})

    def _quantities(self, events: list[Event]) -> Ints:
        out = np.zeros((len(events), len(QUANTITIES)), dtype=np.int64)
        for name in self._totals:
            values = np.array([e[ROW].get(name) or 0.0 for e in events], dtype=np.float64)
            out[:, QUANTITIES.index(name)] = np.rint(values * kernel.SCALE).astype(np.int64)
        return out


def _ranks(events: list[Event], groups: tuple[str, ...], n: int) -> tuple[Ints, Ints]:
    """Give numbers to the different words of each prospect in the columns whose words are counted."""
    ranks = np.empty((len(events), len(groups)), dtype=np.int64)
    sizes = np.empty((n, len(groups)), dtype=np.int64)
    for g, column in enumerate(groups):
        seen: list[dict[str, int]] = [{} for _ in range(n)]
        ranks[:, g] = [
            -1 if (word := e[ROW][column]) is None else (mine := seen[e[WHOSE]]).setdefault(word, len(mine))
            for e in events
        ]
        sizes[:, g] = [len(words) for words in seen]
    return ranks, sizes
