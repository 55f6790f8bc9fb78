"""Where the events of a stream come from: rows of one contract table, perhaps joined with what else is known of them.

Touches are the many rows of a company. They are read column by column and joined by codes, never as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.algebra.links import creations
from features.facts.columns import NO_TIME, Columns, Ints, Words
from features.facts.ledger import Facts
from features.time.asof import DAY, Micros

NEVER_HIDDEN: Final = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Origin:
    """Rows of a table as events.

    Attributes
    ----------
    table : Columns
        With `prospect_id`, a column to break ties by, and the stream's columns.
    occurred, recorded, hidden : int64, shape (n_events,)
        Microseconds; hidden is NEVER_HIDDEN where the row stands.
    rows : int64, shape (n_events,), optional
        Which row of the table each event is; all in turn where not given.
    named : mapping
        The stream's names of columns that the table calls differently.
    more : mapping
        Columns of the stream that are not the table's.
    """

    table: Columns
    occurred: Micros
    recorded: Micros
    hidden: Micros
    rows: Ints | None = None
    named: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Words] = field(default_factory=dict)

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Origin:
        """Take a DataFrame that has the stream's columns under their own names."""
        table = Columns(frame)
        return cls(table, table.times("occurred_at"), table.times("recorded_at"), _hidden(table))

    def words(self, name: str) -> Words:
        """Return a column of words of the events; one that the table does not have is missing everywhere."""
        if name in self.more:
            return self.more[name]
        if name == "day":
            return _days(self.occurred)
        column = self.named.get(name, name)
        if column not in self.table:
            return Words(np.full(len(self.occurred), -1), pd.Index([], dtype="str"))
        found = self.table.words(column)
        return found if self.rows is None else Words(found.codes[self.rows], found.levels)

    def numbers(self, name: str) -> npt.NDArray[np.float64]:
        """Return a column of numbers of the events; one that the table does not have is missing everywhere."""
        if name not in self.table:
            return np.full(len(self.occurred), np.nan)
        found = self.table.numbers(name)
        return found if self.rows is None else found[self.rows]

    def ties(self, events: Ints) -> npt.NDArray[np.object_]:
        """Return the text that orders some events among those of the same instant."""
        return self.table.texts(self.named.get("tie", "tie"), events if self.rows is None else self.rows[events])


def touches(facts: Facts) -> Origin:
    """Return the touches as recorded."""
    return _recorded(facts.columns("touches"), "occurred_at", _TOUCH)


def people(facts: Facts) -> Origin:
    """Return touches together with the role of their contact, known once both are recorded, while both stand.

    A contact that was recorded several times gives an event for each version.
    """
    own, who = touches(facts), facts.columns("contacts")
    rows, whose = _joined(own.words("contact"), who.words("contact_id"))
    picked = {name: who.words(name) for name in ("role", "seniority")}
    return Origin(
        own.table, own.occurred[rows], np.maximum(own.recorded[rows], who.times("recorded_at")[whose]),
        np.minimum(own.hidden[rows], _hidden(who)[whose]),
        rows=rows, named=_TOUCH, more={n: Words(w.codes[whose], w.levels) for n, w in picked.items()},
    )  # fmt: skip


def offers(facts: Facts) -> Origin:
    """Return the offers made as recorded."""
    return _recorded(facts.columns("offers_made"), "occurred_at", _OFFER)


def answers(facts: Facts) -> Origin:
    """Return the responses to offers: they happened when given, and are known with their record."""
    table = facts.columns("offers_made")
    given, times = table.words("response").codes >= 0, table.times("responded_at")
    rows = np.flatnonzero(given & (times != NO_TIME))
    return _recorded(table, "responded_at", _OFFER, rows=rows)


def creation(facts: Facts) -> Origin:
    """Return when each prospect was created, by the version that was recorded first."""
    table = facts.columns("prospects")
    return _recorded(Columns(creations(facts)) if "hidden_at" in table else table, "created_at", _PROSPECT)


def _recorded(table: Columns, when: str, named: Mapping[str, str], *, rows: Ints | None = None) -> Origin:
    occurred, recorded, hidden = table.times(when), table.times("recorded_at"), _hidden(table)
    if rows is not None:
        occurred, recorded, hidden = occurred[rows], recorded[rows], hidden[rows]
    return Origin(table, occurred, recorded, hidden, rows=rows, named=named)


_TOUCH: Final = {"contact": "contact_id", "tie": "touch_id"}
_OFFER: Final = {"offer": "offer_id", "tie": "offer_id"}
_PROSPECT: Final = {"tie": "prospect_id"}


def _joined(left: Words, right: Words) -> tuple[Ints, Ints]:
    """Return the rows of both sides of an inner join, in the order of the left side."""
    n = len(left.levels)
    place = left.levels.get_indexer(right.levels)[right.codes]
    order = np.argsort(place, kind="stable")
    first = np.searchsorted(place[order], np.arange(n + 1))
    many = np.append(np.diff(first), 0)[left.codes]
    rows = np.repeat(np.arange(len(left.codes)), many)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(many) - many, many)
    return rows, order[first[left.codes[rows]] + within]


def _hidden(table: Columns) -> Micros:
    if "hidden_at" not in table:
        return np.full(len(table), NEVER_HIDDEN)
    times = table.times("hidden_at")
    return np.where(times == NO_TIME, NEVER_HIDDEN, times)


def _days(occurred: Micros) -> Words:
    """Return the day (UTC) of each event as a word."""
    day = occurred // DAY
    first, last = (int(day.min()), int(day.max())) if len(day) else (0, 0)
    if last - first > len(day) + 100_000:  # days centuries apart
        return Words.of(pd.Series(day))
    return Words(day - first, pd.RangeIndex(first, last + 1))


_NONE: Final = np.zeros(0, dtype=np.int64)
NOTHING: Final = Origin(Columns(pd.DataFrame({"prospect_id": pd.Series([], dtype="str")})), _NONE, _NONE, _NONE)
"""No events."""
