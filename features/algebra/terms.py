"""The words features are made of: events, windows, counts, recency, shares, trends, attributes.

A term is a value: it says what to compute and computes nothing. `features.algebra.plan` collects the slots of all
terms, the kernel fills them in one pass over the events, and `features.algebra.program` works the terms out.

>>> meetings = count(touches, kind="meeting", days=30)
>>> meetings
Slot(kind='count', events=Events(stream='touches', where=(('kind', ('meeting',)),)), days=30, of='')
>>> [slot.days for slot in trend(touches, kind="meeting", days=30).slots()]
[30, 60, 30]
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from features.errors import CatalogError

Filter = str | tuple[str, ...]

STREAMS: Final = {
    "touches": ("kind", "channel", "direction", "result", "stage", "contact", "day"),
    "people": ("role", "seniority", "direction", "result", "contact"),
    "known_contacts": ("role", "seniority", "contact"),
    "offers": ("channel", "offer"),
    "answers": ("response", "offer"),
    "siblings": ("result",),
    "creation": (),
    "attributes": ("name",),
}
"""Each stream of events with the columns it can be filtered by; `features.algebra.streams` says what they are."""

QUANTITIES: Final = ("value", "duration_s")
"""What can be totalled; a stream without the column totals to zero."""

ANY: Final = "*"
"""The filter that allows anything known (not missing)."""


class Term(ABC):
    """Something computed for each snapshot. Arithmetic between terms is a term; a division by zero is missing."""

    @abstractmethod
    def slots(self) -> Iterator[Slot]:
        """Yield what the kernel must provide."""

    def windows(self) -> tuple[int | None, ...]:
        """Return the windows in days that the term looks back over; None is the whole past."""
        return tuple(sorted({s.days for s in self.slots()}, key=lambda days: (days is None, days)))

    def __add__(self, other: Term) -> Term:
        return Arithmetic("+", self, other)

    def __sub__(self, other: Term) -> Term:
        return Arithmetic("-", self, other)

    def __truediv__(self, other: Term) -> Term:
        return Arithmetic("/", self, other)


@dataclass(frozen=True)
class Events:
    """A stream of events, kept where each named column has one of the allowed values."""

    stream: str
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def only(self, **filters: Filter) -> Events:
        """Keep the events whose columns have one of the given values.

        Raises
        ------
        CatalogError
            The stream has no such column.
        """
        columns = STREAMS[self.stream]
        unknown = sorted(set(filters) - set(columns))
        if unknown:
            raise CatalogError(f"the stream {self.stream} has no column {unknown}; it has {list(columns)}.")
        added = {name: (v,) if isinstance(v, str) else tuple(sorted(v)) for name, v in filters.items()}
        return Events(self.stream, tuple(sorted({**dict(self.where), **added}.items())))


@dataclass(frozen=True)
class Slot(Term):
    """One number per snapshot that the kernel fills.

    `kind` is count, total, last, first, distinct or latest. `of` is the quantity that is totalled, the column that
    is counted distinctly, or the column whose latest value is wanted. `last` and `first` are days before `as_of`.
    """

    kind: str
    events: Events
    days: int | None = None
    of: str = ""

    def __post_init__(self) -> None:
        if self.days is not None and (isinstance(self.days, bool) or self.days < 1):
            raise CatalogError(f"a window must be at least one day, got {self.days!r}.")

    def slots(self) -> Iterator[Slot]:
        """Yield itself."""
        yield self


@dataclass(frozen=True)
class Arithmetic(Term):
    """`left op right`, elementwise; `/` by zero is missing."""

    op: str
    left: Term
    right: Term

    def slots(self) -> Iterator[Slot]:
        """Yield the slots of both sides."""
        yield from self.left.slots()
        yield from self.right.slots()


touches = Events("touches")
people = Events("people")
known_contacts = Events("known_contacts")
offers = Events("offers")
answers = Events("answers")
siblings = Events("siblings")
creation = Events("creation")


def count(events: Events, *, days: int | None = None, **filters: Filter) -> Term:
    """Count events in `[as_of - days, as_of)`; never missing."""
    return Slot("count", events.only(**filters), days)


def total(events: Events, of: str, *, days: int | None = None, **filters: Filter) -> Term:
    """Sum `value` (currency) or `duration_s` (seconds) of events in the window; missing values add nothing."""
    if of not in QUANTITIES:
        raise CatalogError(f"total of {of!r}: can total {list(QUANTITIES)}.")
    return Slot("total", events.only(**filters), days, of)


def distinct(events: Events, of: str, *, days: int | None = None, **filters: Filter) -> Term:
    """Count the distinct known values of a column in the window, for example people spoken to."""
    if of not in STREAMS[events.stream]:
        raise CatalogError(f"distinct {of!r}: the stream {events.stream} has {list(STREAMS[events.stream])}.")
    return Slot("distinct", events.only(**filters), days, of)


def days_since(events: Events, **filters: Filter) -> Term:
    """Days from the last such event to `as_of`; missing where there was none."""
    return Slot("last", events.only(**filters))


def days_since_first(events: Events, **filters: Filter) -> Term:
    """Days from the first such event to `as_of`; missing where there was none."""
    return Slot("first", events.only(**filters))


def share(events: Events, *, days: int | None = None, **filters: Filter) -> Term:
    """Share of the events in the window that pass the filters; missing where there is no event."""
    return count(events, days=days, **filters) / count(events, days=days)


def trend(events: Events, *, days: int, **filters: Filter) -> Term:
    """Count in this window minus the count in the window before it, `[as_of - 2 days, as_of - days)`."""
    this = count(events, days=days, **filters)
    return this - (count(events, days=2 * days, **filters) - this)


def latest(events: Events, of: str, **filters: Filter) -> Term:
    """Take the known value of a column in the last event, as a category; missing where there was none."""
    if of not in STREAMS[events.stream]:
        raise CatalogError(f"latest {of!r}: the stream {events.stream} has {list(STREAMS[events.stream])}.")
    return Slot("latest", events.only(**{of: ANY, **filters}), None, of)


def attribute(name: str, type: str) -> Term:
    """Take the last visible value of an attribute of the prospect or its account, a number or a category."""
    if type not in ("number", "category"):
        raise CatalogError(f"attribute {name}: type is number or category, got {type!r}.")
    return Slot("latest", Events("attributes", (("name", (name,)),)), None, type)
