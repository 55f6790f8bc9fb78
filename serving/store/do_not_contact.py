"""Who must not be contacted any more: the published list follows at once, not at the next run.

What was published is never rewritten. A call to somebody who has refused since is handed to the next person of the
prospect who may be contacted, or is not shown, and the prospect then has its reason as if it had been left out. A
refusal is known by a tap (`never_again`, whichever prospect it was said about), by `takt do-not-contact`, or because
the CRM said so at an ingest (`marked`). It holds for everybody with the same e-mail address.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Engine, bindparam, func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from features.facts.tables import SENIORITIES
from serving.errors import Unknown
from serving.store.engine import reading, writing
from serving.store.feedback import NEVER_AGAIN, Said, keep, not_undone
from serving.store.scope import EVERYBODY
from serving.store.tables import Call, Contact, Feedback, LeftOut

REASON: Final = "do_not_contact"
_ORDER: Final = {name: place for place, name in enumerate(SENIORITIES)}


class Line(Protocol):
    """A line of the list: a call, and whom it is to."""

    @property
    def call(self) -> Call:
        """The call as published."""
        ...

    @property
    def contact(self) -> Contact | None:
        """The person it is to."""
        ...


_Line = TypeVar("_Line", bound=Line)


@dataclass(frozen=True)
class Handed:
    """What becomes of a call: to whom it goes (None: nobody is known), or the words why it is not made."""

    contact: Contact | None
    refused: str = ""


def handed(store: Session, calls: Sequence[Call]) -> dict[str, Handed]:
    """Answer which of these calls are no longer to be made as published, by prospect; the others are missing."""
    ids = [call.prospect_id for call in calls]
    whole = _whole(store, ids)
    people = list(store.scalars(select(Contact).where(Contact.prospect_id.in_(ids)).order_by(Contact.contact_id)))
    refusing = _refusing(store, people)
    of: dict[str, list[Contact]] = {}
    for person in people:
        of.setdefault(person.prospect_id, []).append(person)
    found = {}
    for call in calls:
        there = of.get(call.prospect_id, [])
        if call.prospect_id in whole:
            found[call.prospect_id] = Handed(None, "nobody of it may be contacted: that was asked for since")
        elif call.contact_id in refusing:
            found[call.prospect_id] = _next(call, [p for p in there if p.contact_id not in refusing])
    return found


def followed(store: Session, lines: Sequence[_Line], to: Callable[[_Line, Contact], _Line]) -> list[_Line]:
    """Return the lines that are still to be called; `to` gives a line another person.

    The caller only reads the rows: they are changed in memory, never in the store.
    """
    changes, kept = handed(store, [line.call for line in lines]), list[_Line]()
    for line in lines:
        change = changes.get(line.call.prospect_id)
        if _take(line.call, change):
            kept.append(line if change is None or change.contact is None else to(line, change.contact))
    return kept


def instead(store: Session, call: Call) -> LeftOut | None:
    """Return why a published call is not made any more; None where it is, to whomever."""
    change = handed(store, [call]).get(call.prospect_id)
    if _take(call, change) or change is None:
        return None
    return LeftOut(run=call.run, prospect_id=call.prospect_id, reason=REASON, words=change.refused, until=None)


def refuse(engine: Engine, contact_id: str, *, at: dt.datetime, said_by: str | None, note: str | None = None) -> int:
    """Keep that a person asked not to be contacted, once for each prospect it stands with; return how many those are.

    Raises
    ------
    Unknown
        No published prospect has such a contact.
    """
    with reading(engine) as store:
        where = list(store.scalars(select(Contact.prospect_id).where(Contact.contact_id == contact_id)))
    if not where:
        raise Unknown(f"No contact {contact_id!r} is known of any published prospect; nothing was recorded.")
    for prospect_id in where:
        key = hashlib.sha256(f"{contact_id}\x1f{prospect_id}\x1f{at.isoformat()}".encode()).hexdigest()[:24]
        keep(engine, Said(key, prospect_id, NEVER_AGAIN, at, contact_id=contact_id, note=note, said_by=said_by))
    return len(where)


def marked(engine: Engine, contact_ids: Collection[str]) -> int:
    """Mark contacts of whom the CRM says that they refuse; return how many rows were not marked before."""
    rows = update(Contact).where(Contact.contact_id == bindparam("who"), Contact.do_not_contact.is_(False))
    with writing(engine) as connection:
        known = set(connection.scalars(select(Contact.contact_id).where(Contact.do_not_contact.is_(False))))
        fresh = sorted(known & set(contact_ids))
        for who in fresh:
            connection.execute(rows.values(do_not_contact=True), {"who": who})
    return len(fresh)


def _take(call: Call, change: Handed | None) -> bool:
    """Let a call name whom it goes to now; False where it is not made."""
    if change is None:
        return True
    if change.contact is None:
        return False
    set_committed_value(call, "contact_id", change.contact.contact_id)
    mail_only = not change.contact.phone and bool(change.contact.email)
    set_committed_value(call, "channel", "email" if mail_only else call.channel)
    who = change.contact.name or f"contact {change.contact.contact_id}"
    set_committed_value(call, "why_contact", f"the person named first asked not to be contacted; {who} may be")
    return True


def _next(call: Call, willing: Iterable[Contact]) -> Handed:
    """Choose who else may be called: whoever can be reached, the most senior first."""
    able = [p for p in willing if p.phone or p.email]
    if not able:
        return Handed(None, f"{_whom(call)} asked not to be contacted, and nobody else who can be reached is known")
    return Handed(min(able, key=lambda p: (_ORDER.get(p.seniority or "", len(_ORDER)), p.contact_id)))


def _whom(call: Call) -> str:
    return f"contact {call.contact_id}"


def _whole(store: Session, ids: Collection[str]) -> set[str]:
    said = select(Feedback.prospect_id).where(
        Feedback.prospect_id.in_(ids), Feedback.kind == NEVER_AGAIN, Feedback.contact_id.is_(None), *not_undone()
    )
    return set(store.scalars(said, execution_options=EVERYBODY)) if ids else set()


def _refusing(store: Session, people: Sequence[Contact]) -> set[str]:
    """Return who of these refuses: by the row, by what was said, or because somebody with the same address does."""
    mails = {m for p in people if (m := _mail(p.email))}
    alike: list[Any] = []
    if mails:
        same = func.lower(func.trim(Contact.email)).in_(mails)
        alike = list(
            store.execute(
                select(Contact.contact_id, Contact.email, Contact.do_not_contact).where(same),
                execution_options=EVERYBODY,
            )
        )
    ids = {p.contact_id for p in people} | {row.contact_id for row in alike}
    said = select(Feedback.contact_id).where(
        Feedback.contact_id.in_(ids), Feedback.kind == NEVER_AGAIN, *not_undone()
    )  # fmt: skip
    refusing = {who for who in store.scalars(said, execution_options=EVERYBODY) if who} if ids else set()
    refusing |= {p.contact_id for p in people if p.do_not_contact}
    refusing |= {row.contact_id for row in alike if row.do_not_contact}
    closed = {_mail(row.email) for row in alike if row.contact_id in refusing}
    return refusing | {p.contact_id for p in people if _mail(p.email) in closed and _mail(p.email)}


def _mail(address: str | None) -> str:
    return (address or "").strip().lower()
