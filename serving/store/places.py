"""Where a prospect stands on a day: on whose list, or why on none; and the search for it by name or id."""

from __future__ import annotations

import datetime as dt
import string
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from serving.errors import Unknown
from serving.store import do_not_contact
from serving.store.tables import Call, LeftOut, Prospect, Run

MOST: Final = 50
"""Found prospects shown; beyond that a longer name is the better search."""
_LAST: Final = "\U0010ffff"
_ESCAPE: Final = "\\"


@dataclass(frozen=True)
class Place:
    """One prospect, and its line of the list or its reason; both are None where the run did not look at it."""

    prospect: Prospect
    call: Call | None
    left_out: LeftOut | None

    @property
    def name(self) -> str:
        """What to call it."""
        return self.prospect.name or self.prospect.prospect_id


@dataclass(frozen=True)
class Found:
    """What a search found, at most `MOST`; `more` says that there are others."""

    places: list[Place]
    more: bool


def place(store: Session, run: Run, prospect_id: str) -> Place:
    """Answer where one prospect stands in a run.

    Raises
    ------
    Unknown
        No run ever described it.
    """
    prospect = store.get(Prospect, prospect_id)
    if prospect is None:
        raise Unknown(f"No prospect {prospect_id!r} in any published run.")
    return _places(store, run, [prospect])[0]


def find(store: Session, run: Run, text: str, *, most: int = MOST) -> Found:
    """Answer which prospects have this id, begin with it by name or id, or contain it, in this order.

    Upper and lower case are the same. What begins with the text is found by the indexes. Only where that is less than
    `most`, every name and id is looked at, in the indexes, too.
    """
    text = " ".join(text.split())
    if not text:
        return Found([], more=False)
    exact = _rows(store, Prospect.prospect_id.in_(_writings(text)), most)
    found = {row.prospect_id: row for row in exact}
    for column in (Prospect.name, Prospect.prospect_id):
        if len(found) <= most:
            found |= {row.prospect_id: row for row in _rows(store, _begins(store, column, text), most)}
    for column in (Prospect.name, Prospect.prospect_id):
        if len(found) <= most and not exact:
            # first the values alone: they stand in the index, while the rows lie scattered over the whole table
            values = store.scalars(select(column).distinct().where(_contains(store, column, text)).limit(most + 1))
            found |= {row.prospect_id: row for row in _rows(store, column.in_(list(values)), most)}
    return Found(_places(store, run, list(found.values())[:most]), more=len(found) > most)


def sentence(found: Place, run: Run, *, day: Callable[[dt.date], str] = str) -> str:
    """Say in one sentence why a prospect is not on the list, or where it stands; `day` writes a date."""
    on = day(run.day)
    if found.call is not None:
        whose = f"the list of {found.call.owner_id}" if found.call.owner_id else "the list of the team's pool"
        return f"{found.name} is number {found.call.rank} on {whose} for {on}."
    if found.left_out is None:
        return f"{found.name} was not looked at for {on}: closed or deleted by then, not known yet, or too old."
    back = f" It may be listed again from {day(found.left_out.until)}." if found.left_out.until else ""
    return f"{found.name} is not on the list for {on}: {found.left_out.words} ({found.left_out.reason}).{back}"


def _places(store: Session, run: Run, prospects: Sequence[Prospect]) -> list[Place]:
    ids = [p.prospect_id for p in prospects]
    calls = store.scalars(select(Call).where(Call.run == run.number, Call.prospect_id.in_(ids)))
    left = store.scalars(select(LeftOut).where(LeftOut.run == run.number, LeftOut.prospect_id.in_(ids)))
    listed, not_listed = {c.prospect_id: c for c in calls}, {r.prospect_id: r for r in left}
    for prospect_id, call in list(listed.items()):
        if (refused := do_not_contact.instead(store, call)) is not None:
            del listed[prospect_id]
            not_listed[prospect_id] = refused
    return [Place(p, listed.get(p.prospect_id), not_listed.get(p.prospect_id)) for p in prospects]


def _begins(store: Session, column: InstrumentedAttribute[Any], text: str) -> ColumnElement[bool]:
    """Ask SQLite by ranges, which an index answers; its `like` would read every row, for its index knows case."""
    if store.get_bind().dialect.name != "sqlite":  # whose order of letters is a matter of its locale
        return column.ilike(_pattern(text)[1:], escape=_ESCAPE)
    return or_(*(and_(column >= start, column < start + _LAST) for start in _writings(text)))


def _contains(store: Session, column: InstrumentedAttribute[Any], text: str) -> ColumnElement[bool]:
    """Ask by pattern; SQLite's `like` knows no upper and lower case outside ASCII, so each writing is asked for."""
    if store.get_bind().dialect.name != "sqlite":
        return column.ilike(_pattern(text), escape=_ESCAPE)
    small = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
    return or_(*(column.like(_pattern(w), escape=_ESCAPE) for w in {w.translate(small) for w in _writings(text)}))


def _rows(store: Session, condition: ColumnElement[bool], most: int) -> list[Prospect]:
    query = select(Prospect).where(condition).order_by(Prospect.name, Prospect.prospect_id).limit(most + 1)
    return list(store.scalars(query))


def _writings(text: str) -> list[str]:
    """Return the usual ways to write a name: as typed, small, capital, every word or only the first with a capital."""
    words = text.split(" ")
    capitals = " ".join(word[:1].upper() + word[1:] for word in words)
    ways: Iterable[str] = (text, text.lower(), text.upper(), text.capitalize(), text.title(), capitals)
    return list(dict.fromkeys(ways))


def _pattern(text: str) -> str:
    for special in (_ESCAPE, "%", "_"):
        text = text.replace(special, _ESCAPE + special)
    return f"%{text}%"
