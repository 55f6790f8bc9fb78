"""Which accumulators the kernel needs for a set of terms, and which event feeds which of them.

Events of a stream differ only in a few words (kind, channel, ...). Each distinct combination of the words that any
term asks about is a *signature*; for a signature and a window the plan lists the accumulators to feed, so that the
kernel compares no text and evaluates no filter.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numba
import numpy as np
import pandas as pd

from features.algebra.kernel import NEVER
from features.algebra.streams import Stream
from features.algebra.terms import ANY, QUANTITIES, Events, Slot
from features.facts.columns import Ints, Words
from features.time.asof import DAY

_MANY: Final = 1 << 20
"""So many possible combinations of words are numbered by looking each up; more are sorted."""


@dataclass(frozen=True)
class Pointers:
    """A ragged table: row `i` holds `items[start[i]:start[i + 1]]`."""

    start: Ints
    items: Ints

    @classmethod
    def of(cls, pairs: Iterable[tuple[Ints, int]], n_rows: int) -> Pointers:
        """Build from items and the rows in which each stands; a row keeps the order in which its items were given."""
        listed = list(pairs)
        rows = np.concatenate([np.zeros(0, dtype=np.int64), *(rows for rows, _ in listed)])
        items = np.repeat([item for _, item in listed], [len(rows) for rows, _ in listed]).astype(np.int64)
        start = np.append(0, np.cumsum(np.bincount(rows, minlength=n_rows))).astype(np.int64)
        return cls(start, items[np.argsort(rows, kind="stable")])


@dataclass(frozen=True)
class Plan:
    """What to compute for one stream; the order of `slots` within a kind is the order of the kernel's outputs.

    Attributes
    ----------
    windows : array, shape (n_windows,)
        Microseconds, ascending; the whole past is the pseudo-window `n_windows`.
    signature : array, shape (n_events,)
        The signature of each event.
    feeds : Pointers, rows (signature, window)
        Positions in `sums` that such an event adds to; `quantity` says what it adds: -1 one, else a quantity.
    unlike : Pointers, rows (signature, window)
        Positions in `distincts` that such an event counts for.
    lasts, firsts, newest : Pointers, rows signature
        Positions in `recencies` (last or first seen) and `latests` that such an event moves.
    groups : tuple of str
        The columns whose distinct values are counted; `distinct_group` says which one each distinct slot counts.
    """

    slots: tuple[Slot, ...]
    windows: Ints
    signature: Ints
    sums: tuple[Slot, ...]
    feeds: Pointers
    quantity: Ints
    recencies: tuple[Slot, ...]
    lasts: Pointers
    firsts: Pointers
    groups: tuple[str, ...]
    distincts: tuple[Slot, ...]
    distinct_group: Ints
    unlike: Pointers
    latests: tuple[Slot, ...]
    newest: Pointers

    @cached_property
    def place(self) -> Mapping[Slot, int]:
        """Where among the kernel's outputs each slot lies."""
        slots = (*self.sums, *self.recencies, *self.distincts, *self.latests)
        return {slot: i for i, slot in enumerate(slots)}

    @cached_property
    def arrays(self) -> tuple[Any, ...]:
        """The plan in the kernel's order."""
        return (
            self.windows, self.feeds.start, self.feeds.items, self.quantity,
            self.lasts.start, self.lasts.items, self.firsts.start, self.firsts.items,
            self.unlike.start, self.unlike.items, self.distinct_group, self.newest.start, self.newest.items,
            len(self.recencies), len(self.latests),
        )  # fmt: skip

    def nothing(self, out: Ints) -> None:
        """Write what the kernel writes for somebody of whom there is no event."""
        widths = (len(self.sums), len(self.recencies), len(self.distincts), len(self.latests))
        row = np.repeat(np.array([0, NEVER, 0, -1]), widths)
        out[:, : len(row)] = row


def plan(slots: Iterable[Slot], stream: Stream) -> Plan:
    """Lay out the accumulators for the slots of one stream."""
    wanted = tuple(dict.fromkeys(slots))
    days = sorted({s.days for s in wanted if s.days is not None})
    window_of = {d: i for i, d in enumerate(days)} | {None: len(days)}
    signature, table = _signatures(wanted, stream)
    match = {events: table.matches(events) for events in {s.events for s in wanted}}

    sums = tuple(s for s in wanted if s.kind in ("count", "total"))
    recencies = tuple(s for s in wanted if s.kind in ("last", "first"))
    latests = tuple(s for s in wanted if s.kind == "latest")
    distincts = tuple(s for s in wanted if s.kind == "distinct")
    groups = tuple(dict.fromkeys(s.of for s in distincts))

    def per_signature(items: Iterable[tuple[int, Slot]]) -> Pointers:
        return Pointers.of(((match[s.events], i) for i, s in items), table.size)

    def per_window(slots: tuple[Slot, ...]) -> Pointers:
        width = len(days) + 1
        fed = ((match[s.events] * width + window_of[s.days], i) for i, s in enumerate(slots))
        return Pointers.of(fed, table.size * width)

    return Plan(
        slots=wanted,
        windows=np.array(days, dtype=np.int64) * DAY,
        signature=signature,
        sums=sums,
        feeds=per_window(sums),
        quantity=np.array([QUANTITIES.index(s.of) if s.kind == "total" else -1 for s in sums], dtype=np.int64),
        recencies=recencies,
        lasts=per_signature((i, s) for i, s in enumerate(recencies) if s.kind == "last"),
        firsts=per_signature((i, s) for i, s in enumerate(recencies) if s.kind == "first"),
        groups=groups,
        distincts=distincts,
        distinct_group=np.array([groups.index(s.of) for s in distincts], dtype=np.int64),
        unlike=per_window(distincts),
        latests=latests,
        newest=per_signature(enumerate(latests)),
    )


@dataclass(frozen=True)
class Signatures:
    """What the events of each signature say in the columns that are asked about.

    A code is 0 for a missing word, 1 for one that is not asked about, 2 and more for those in `place`.
    """

    size: int
    codes: Mapping[str, Ints]
    place: Mapping[str, Mapping[str, int]]

    def matches(self, events: Events) -> Ints:
        """Return the signatures whose events pass the filter, ascending."""
        passed = np.ones(self.size, dtype=bool)
        for column, allowed in events.where:
            place = self.place[column]
            by_code = np.zeros(len(place) + 2, dtype=bool)
            by_code[[place[word] for word in allowed if word != ANY]] = True
            by_code[1:] |= ANY in allowed
            passed &= by_code[self.codes[column]]
        return np.flatnonzero(passed)


def _signatures(slots: tuple[Slot, ...], stream: Stream) -> tuple[Ints, Signatures]:
    """Find the distinct combinations of the words asked about; return each event's number and what they are."""
    asked: dict[str, set[str]] = {}
    for slot in slots:
        for column, words in slot.events.where:
            asked.setdefault(column, set()).update(words)
    combined = np.zeros(len(stream.prospect), dtype=np.int64)
    place = {c: {word: i + 2 for i, word in enumerate(sorted(asked[c] - {ANY}))} for c in sorted(asked)}
    for column, known in place.items():
        _combine(combined, stream.words[column].codes, _codes(stream.words[column], known), len(known) + 2)
    signature, numbers = _numbered(combined, math.prod(len(known) + 2 for known in place.values()))
    codes = {}
    for column in reversed(place):
        numbers, codes[column] = np.divmod(numbers, len(place[column]) + 2)
    return signature, Signatures(len(numbers), codes, place)


def _codes(words: Words, place: Mapping[str, int]) -> Ints:
    """Return the code of each word of a stream, that of a missing one last."""
    return np.array([*(place.get(word, 1) for word in words.levels), 0], dtype=np.int64)


def _numbered(combined: Ints, size: int) -> tuple[Ints, Ints]:
    """Give the combinations that occur a number, ascending; `size` is how many there might be."""
    if size > _MANY:
        signature, numbers = pd.factorize(combined, sort=True)
        return signature.astype(np.int64), numbers
    occurs = np.zeros(size, dtype=bool)
    occurs[combined] = True
    return (np.cumsum(occurs) - 1)[combined], np.flatnonzero(occurs)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _combine(combined: Ints, codes: Ints, code_of: Ints, width: int) -> None:
    """Append a digit to the number of each event."""
    for i in range(len(combined)):
        combined[i] = combined[i] * width + code_of[codes[i]]
