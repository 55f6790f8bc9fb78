"""A day's work on a list: which calls are done, what was said of them, and who asked not to be called meanwhile."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from models.decision.overrides import CALL
from serving.store.feedback import NEVER_AGAIN, Said, not_undone
from serving.store.scope import EVERYBODY
from serving.store.tables import Call, Contact, Feedback, Receipt, Run


def done(store: Session, run: Run, prospects: Sequence[str] | None = None) -> dict[str, Said]:
    """Answer what was last said, and stands, of the calls of a run, in the order in which it was said.

    It counts what was said about a receipt of any run of the same day: a list that is made again at noon does not ask
    for the calls of the morning again. With `prospects` only these are looked at. That a call should be made all the
    same is no call made.
    """
    called = select(Feedback).join(Call, Call.prospect_id == Feedback.prospect_id).where(Call.run == run.number)
    if prospects is not None:
        called = select(Feedback).where(Feedback.prospect_id.in_(prospects))
    rows = list(store.scalars(called.where(*not_undone(), Feedback.kind != CALL).order_by(Feedback.id)))
    of_day = (
        select(Receipt.receipt_id)
        .join(Run, Run.number == Receipt.run)
        .where(Receipt.receipt_id.in_({row.receipt_id for row in rows if row.receipt_id}), Run.day == run.day)
    )
    receipts = set(store.scalars(of_day)) if rows else set()
    last = {row.prospect_id: row for row in rows if row.receipt_id in receipts}
    return {prospect_id: Said.of(row) for prospect_id, row in sorted(last.items(), key=lambda item: item[1].id)}


def next_keys(store: Session, run: Run, prospects: Sequence[str]) -> dict[str, str]:
    """Return the key under which the next thing said of each prospect is kept.

    It is made from the run, the prospect and how much was said of it so far: a post that is sent twice has the same
    key twice, and a page has the same bytes until something is said.
    """
    query = select(Feedback.prospect_id, func.count()).where(Feedback.prospect_id.in_(prospects))
    said = {prospect_id: n for prospect_id, n in store.execute(query.group_by(Feedback.prospect_id))}
    return {who: key_of(run.run_id, who, said.get(who, 0)) for who in prospects}


def key_of(run_id: str, prospect_id: str, said: int) -> str:
    """Write the key of what is said as number `said` (from 0) of a prospect."""
    return hashlib.sha256("\x1f".join((run_id, prospect_id, str(said))).encode()).hexdigest()[:24]


def mark_refusals(store: Session, contacts: Iterable[Contact | None]) -> None:
    """Let contacts who asked since the list was published show it, whichever prospect they said it about.

    The rows themselves are not changed: the next run publishes them with what was said.
    """
    people = [c for c in contacts if c is not None]
    ids = {c.contact_id for c in people}
    query = select(Feedback.contact_id).where(
        Feedback.contact_id.in_(ids), Feedback.kind == NEVER_AGAIN, *not_undone()
    )  # fmt: skip
    refusing = set(store.scalars(query, execution_options=EVERYBODY)) if ids else set()
    for contact in people:
        if contact.contact_id in refusing:
            set_committed_value(contact, "do_not_contact", True)
