"""Which accumulators the kernel needs for a set of terms, and which event feeds which of them.

Events of a stream differ only in a few words (kind, channel, ...). Each distinct combination of the words that any
term asks about is a *signature*; for a signature and a window the plan lists the accumulators to feed, so that the
kernel compares no text and evaluates no filter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.algebra.streams import Stream, Words
from features.algebra.terms import ANY, QUANTITIES, Events, Slot
from features.time.asof import DAY

Ints = npt.NDArray[np.int64]
Signatures = dict[str, npt.NDArray[np.object_]]
"""For each column that is asked about the word of each signature: "" missing, `ANY` known but not asked about."""


@dataclass(frozen=True)
class Pointers:
    """A ragged table: row `i` holds `items[start[i]:start[i + 1]]`."""

    start: Ints
    items: Ints

    @classmethod
    def of(cls, rows: Iterable[Iterable[int]]) -> Pointers:
        """Build from lists."""
        lists = [list(row) for row in rows]
        lengths = [0, *(len(row) for row in lists)]
        return cls(np.cumsum(lengths, dtype=np.int64), np.array([x for row in lists for x in row], dtype=np.int64))


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
    lasts, firsts, grouped, newest : Pointers, rows signature
        Positions in `recencies` (last or first seen), `groups` and `latests` that such an event moves.
    groups : tuple of (events, column)
        Whose distinct values are tracked; a distinct slot is a group and a window.
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
    groups: tuple[tuple[Events, str], ...]
    grouped: Pointers
    distincts: tuple[Slot, ...]
    distinct_group: Ints
    distinct_window: Ints
    latests: tuple[Slot, ...]
    newest: Pointers

    @cached_property
    def place(self) -> Mapping[Slot, int]:
        """Where among the kernel's outputs of its kind each slot lies."""
        kinds = (self.sums, self.recencies, self.distincts, self.latests)
        return {slot: i for kind in kinds for i, slot in enumerate(kind)}


def plan(slots: Iterable[Slot], stream: Stream) -> Plan:
    """Lay out the accumulators for the slots of one stream."""
    wanted = tuple(dict.fromkeys(slots))
    days = sorted({s.days for s in wanted if s.days is not None})
    window_of = {d: i for i, d in enumerate(days)} | {None: len(days)}
    signature, table = _signatures(wanted, stream)
    n_signatures = int(signature.max()) + 1 if len(signature) else 0
    match = {events: _matches(events, table, n_signatures) for events in {s.events for s in wanted}}

    sums = tuple(s for s in wanted if s.kind in ("count", "total"))
    recencies = tuple(s for s in wanted if s.kind in ("last", "first"))
    latests = tuple(s for s in wanted if s.kind == "latest")
    distincts = tuple(s for s in wanted if s.kind == "distinct")
    groups = tuple(dict.fromkeys((s.events, s.of) for s in distincts))

    def per_signature(items: Iterable[tuple[int, Events]]) -> Pointers:
        listed = list(items)
        return Pointers.of([i for i, events in listed if match[events][g]] for g in range(n_signatures))

    by_window = [[(i, s.events) for i, s in enumerate(sums) if window_of[s.days] == w] for w in range(len(days) + 1)]
    feeds = Pointers.of(
        [i for i, events in listed if match[events][g]] for g in range(n_signatures) for listed in by_window
    )
    return Plan(
        slots=wanted,
        windows=np.array(days, dtype=np.int64) * DAY,
        signature=signature,
        sums=sums,
        feeds=feeds,
        quantity=np.array([QUANTITIES.index(s.of) if s.kind == "total" else -1 for s in sums], dtype=np.int64),
        recencies=recencies,
        lasts=per_signature((i, s.events) for i, s in enumerate(recencies) if s.kind == "last"),
        firsts=per_signature((i, s.events) for i, s in enumerate(recencies) if s.kind == "first"),
        groups=groups,
        grouped=per_signature((i, events) for i, (events, _) in enumerate(groups)),
        distincts=distincts,
        distinct_group=np.array([groups.index((s.events, s.of)) for s in distincts], dtype=np.int64),
        distinct_window=np.array([window_of[s.days] for s in distincts], dtype=np.int64),
        latests=latests,
        newest=per_signature((i, s.events) for i, s in enumerate(latests)),
    )


def _signatures(slots: tuple[Slot, ...], stream: Stream) -> tuple[Ints, Signatures]:
    """Find the distinct combinations of the words asked about; return each event's number and the table."""
    columns = sorted({column for s in slots for column, _ in s.events.where})
    combined = np.zeros(len(stream.prospect), dtype=np.int64)
    levels: dict[str, list[str]] = {}
    for column in columns:
        asked = {v for s in slots for c, values in s.events.where if c == column for v in values} - {ANY}
        codes, levels[column] = _codes(stream.words[column], asked)
        combined = combined * (len(levels[column]) + 2) + codes
    signature, numbers = pd.factorize(combined, sort=True)
    table: Signatures = {}
    for column in reversed(columns):
        numbers, codes = np.divmod(numbers, len(levels[column]) + 2)
        table[column] = np.array(["", ANY, *levels[column]], dtype=object)[codes]
    return signature.astype(np.int64), table


def _codes(words: Words, asked: set[str]) -> tuple[Ints, list[str]]:
    """Encode the words: 0 missing, 1 known but not asked about, 2.. the words asked about."""
    levels = sorted(asked)
    place = {word: i + 2 for i, word in enumerate(levels)}
    known = [place.get(word, 1) for word in words.levels]
    return np.array([*known, 0], dtype=np.int64)[words.codes], levels


def _matches(events: Events, table: Signatures, n_signatures: int) -> list[bool]:
    """Say for each signature whether its events pass the filter."""
    passed = [True] * n_signatures
    for column, allowed in events.where:
        words = [word != "" if ANY in allowed else word in allowed for word in table[column]]
        passed = [one and other for one, other in zip(passed, words, strict=True)]
    return passed
