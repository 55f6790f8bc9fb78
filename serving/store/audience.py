"""The people of a segment who may be written to: open prospects' contacts, without anybody who refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select, true
from sqlalchemy.orm import Session

from serving.boards.offers import ALL, NO_SEGMENT
from serving.errors import Unknown
from serving.store.feedback import NEVER_AGAIN, not_undone
from serving.store.scope import EVERYBODY
from serving.store.tables import Contact, Feedback, Prospect, Receipt, Run


@dataclass(frozen=True)
class Audience:
    """Who may be written to, and how many are not among them.

    Attributes
    ----------
    people : list of (Prospect, Contact)
        The likeliest prospects first; everybody once, by contact and by e-mail address.
    prospects : int
        Open prospects that were looked at.
    refused : int
        People left out because they, or somebody with their address, asked not to be contacted.
    twice : int
        Entries left out because the same person or address is there already.
    nobody : int
        Prospects of which no contact is on record.
    """

    people: list[tuple[Prospect, Contact]]
    prospects: int
    refused: int
    twice: int
    nobody: int

    @property
    def without_email(self) -> int:
        """People of whom no e-mail address is on record."""
        return sum(1 for _, contact in self.people if not contact.email)


def segments(store: Session, run: Run) -> dict[str, int]:
    """Return how many open prospects each segment has, by name; those without one are last, under `NO_SEGMENT`."""
    query = (
        select(Prospect.segment, func.count())
        .join(Receipt, Receipt.prospect_id == Prospect.prospect_id)
        .where(Receipt.run == run.number)
        .group_by(Prospect.segment)
    )
    found = {NO_SEGMENT if name is None else name: n for name, n in store.execute(query)}
    return dict(sorted(found.items(), key=lambda pair: (pair[0] == NO_SEGMENT, pair[0])))


def known_segment(store: Session, run: Run, name: str) -> str:
    """Return the name of a segment.

    Raises
    ------
    Unknown
        No open prospect is in such a segment; the text lists those there are.
    """
    known = segments(store, run)
    if name == ALL or name in known:
        return name
    raise Unknown(f"No open prospect is in a segment {name!r}. There are: {', '.join(known) or 'none'}, or {ALL}.")


def audience(store: Session, run: Run, segment: str, *, offer_id: str | None = None) -> Audience:
    """Collect the people of a segment's open prospects, of all or of those to whom one offer is suggested."""
    rows = list(store.execute(_rows(run, segment, offer_id)))
    refusing, addresses, whole = _refusals(store)
    seen: set[str] = set()
    people: list[tuple[Prospect, Contact]] = []
    refused, twice = set[str](), 0
    for prospect, contact in rows:
        if contact is None:
            continue
        mail = (contact.email or "").strip().casefold()
        if contact.contact_id in refusing or mail in addresses or prospect.prospect_id in whole:
            refused.add(contact.contact_id)
        elif contact.contact_id in seen or (mail and mail in seen):
            twice += 1
        else:
            people.append((prospect, contact))
            seen |= {contact.contact_id, mail}
    looked_at = {p.prospect_id for p, _ in rows}
    nobody = sum(1 for _, contact in rows if contact is None)
    return Audience(people, len(looked_at), len(refused), twice, nobody)


def size(store: Session, run: Run, segment: str) -> int:
    """Return how many contacts a segment's open prospects have, before anybody is left out."""
    return store.scalar(_rows(run, segment, None).with_only_columns(func.count(Contact.contact_id)).order_by(None)) or 0


def _rows(run: Run, segment: str, offer_id: str | None) -> Select[Any]:
    query = (
        select(Prospect, Contact)
        .join(Receipt, and_(Receipt.prospect_id == Prospect.prospect_id, Receipt.run == run.number))
        .join(Contact, Contact.prospect_id == Prospect.prospect_id, isouter=True)
        .where(_in(segment))
        .order_by(Receipt.chance.desc().nulls_last(), Prospect.prospect_id, Contact.contact_id)
    )
    return query if offer_id is None else query.where(Prospect.offer_id == offer_id)


def _in(segment: str) -> ColumnElement[bool]:
    if segment == ALL:
        return true()
    if segment == NO_SEGMENT:
        return Prospect.segment.is_(None) | (Prospect.segment == NO_SEGMENT)
    return Prospect.segment == segment


def _refusals(store: Session) -> tuple[set[str], set[str], set[str]]:
    """Return the contacts who refused, their addresses, and the prospects that nobody of may be contacted.

    What was tapped since the list was made counts at once; of a prospect where no person was named it holds for all.
    """
    said = select(Feedback.contact_id, Feedback.prospect_id).where(Feedback.kind == NEVER_AGAIN, *not_undone())
    tapped = list(store.execute(said, execution_options=EVERYBODY))
    people = {contact_id for contact_id, _ in tapped if contact_id}
    marked = select(Contact.contact_id).where(Contact.do_not_contact)
    people |= set(store.scalars(marked, execution_options=EVERYBODY))
    whole = {prospect_id for contact_id, prospect_id in tapped if not contact_id}
    known = select(Contact.contact_id, Contact.email).where(Contact.email.is_not(None))
    mails = store.execute(known, execution_options=EVERYBODY)
    addresses = {mail.strip().casefold() for contact_id, mail in mails if contact_id in people}
    return people, addresses - {""}, whole
