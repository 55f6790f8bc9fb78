"""What the routes and pages ask of the store; every answer comes from one snapshot (`engine.reading`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from serving.errors import NoRun, Unknown
from serving.store import do_not_contact
from serving.store.own_parts import only_own
from serving.store.scope import EVERYBODY
from serving.store.tables import Board, Call, Contact, Feedback, LeftOut, ModelCard, Moment, Prospect, Receipt, Run
from serving.store.workday import mark_refusals

TIMELINE_SHOWN = 100
"""Moments shown of one prospect, the latest first."""
HISTORY_SHOWN = 10


@dataclass(frozen=True)
class Listed:
    """One line of the list with everything shown of it; `contact` is None where nobody is known."""

    call: Call
    receipt: Receipt
    prospect: Prospect
    contact: Contact | None


@dataclass(frozen=True)
class Page:
    """A part of a list; `after` is the position to continue behind, None at the end."""

    items: list[Listed]
    after: int | None


@dataclass(frozen=True)
class Owner:
    """A salesperson with calls today; `owner_id` None is the team's pool."""

    owner_id: str | None
    calls: int


@dataclass(frozen=True)
class Past:
    """What an earlier run said: the last run of its day."""

    day: dt.date
    receipt: Receipt


@dataclass(frozen=True)
class Detail:
    """Everything the store knows of one prospect, seen from one run."""

    prospect: Prospect
    receipt: Receipt | None
    call: Call | None
    left_out: LeftOut | None
    contacts: list[Contact]
    timeline: list[Moment]
    history: list[Past]

    @property
    def suggested(self) -> Contact | None:
        """Whom to ask for, when the prospect is on the list and somebody is known."""
        wanted = None if self.call is None else self.call.contact_id
        return next((c for c in self.contacts if c.contact_id == wanted), None)


def find_run(store: Session, *, day: dt.date | None = None, run_id: str | None = None) -> Run:
    """Return the run that counts: the last one published for `day`, or for the latest day there is.

    Raises
    ------
    NoRun
        Nothing was published (for that day, or under that id); the text says what to type.
    """
    query = select(Run).order_by(Run.day.desc(), Run.number.desc()).limit(1)
    if run_id is not None:
        query = query.where(Run.run_id == run_id)
    if day is not None:
        query = query.where(Run.day == day)
    run = store.scalar(query)
    if run is not None:
        return run
    if day is None and run_id is None:
        raise NoRun(
            "No list has been published yet. Type `takt run`, or `takt demo` for a simulated company, "
            "and load this again."
        )
    latest = store.scalar(select(func.max(Run.day)))
    raise NoRun(f"No list was published for {day or run_id}; the latest is for {latest or 'no day yet'}.")


def version(store: Session) -> tuple[int, int]:
    """Return the last run and the last row of feedback: while both stay, every page of the list stays the same."""
    query = select(select(func.max(Run.number)).scalar_subquery(), func.max(Feedback.id))
    last = store.execute(query, execution_options=EVERYBODY).one()
    return last[0] or 0, last[1] or 0


def call_list(
    store: Session, run: Run, *, owner: str | None, pool: bool, after: int, limit: int, without: Collection[str] = ()
) -> Page:  # fmt: skip
    """Return the lines behind position `after`: of everybody, of one owner, or of the pool without owner.

    `without` are prospects that are not wanted, because their call is done.
    """
    query = _lines(run).where(Call.position > after, Call.prospect_id.not_in(without))
    query = query.order_by(Call.position).limit(limit + 1)
    if pool:
        query = query.where(Call.owner_id.is_(None))
    elif owner is not None:
        query = query.where(Call.owner_id == owner)
    rows = [Listed(*row) for row in store.execute(query)]
    mark_refusals(store, (line.contact for line in rows))
    more = len(rows) > limit
    after_these = rows[limit - 1].call.position if more else None
    shown = do_not_contact.followed(store, rows[:limit], lambda line, person: replace(line, contact=person))
    return Page(shown, after_these)


def lines_of(store: Session, run: Run, prospects: Collection[str]) -> dict[str, Listed]:
    """Return the lines of these prospects, in the order of the list; those not on it are missing."""
    if not prospects:
        return {}
    query = _lines(run).where(Call.prospect_id.in_(prospects)).order_by(Call.position)
    lines = [Listed(*row) for row in store.execute(query)]
    mark_refusals(store, (line.contact for line in lines))
    return {line.call.prospect_id: line for line in lines}


def owners(store: Session, run: Run) -> list[Owner]:
    """Return who has calls in this run, by name, the pool last."""
    query = select(Call.owner_id, func.count()).where(Call.run == run.number).group_by(Call.owner_id)
    found = [Owner(owner_id, calls) for owner_id, calls in store.execute(query)]
    return sorted(found, key=lambda o: (o.owner_id is None, o.owner_id or ""))


def left_out_counts(store: Session, run: Run) -> dict[str, int]:
    """Return how many prospects were left out, by reason, the most frequent first.

    The daily run counted them when it was published; counting a million rows for each reader takes 0.3 s.
    """
    counted = run.summary.get("left_out_by_reason")
    if counted is None:
        query = select(LeftOut.reason, func.count()).where(LeftOut.run == run.number).group_by(LeftOut.reason)
        counted = {reason: n for reason, n in store.execute(query)}
    return dict(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))


def detail(store: Session, run: Run, prospect_id: str) -> Detail:
    """Return one prospect as seen from a run.

    Raises
    ------
    Unknown
        No run ever described it.
    """
    prospect = store.get(Prospect, prospect_id)
    if prospect is None:
        raise Unknown(f"No prospect {prospect_id!r} in any published run.")
    people = select(Contact).where(Contact.prospect_id == prospect_id)
    moments = select(Moment).where(Moment.prospect_id == prospect_id)
    contacts = list(store.scalars(people.order_by(Contact.do_not_contact, Contact.name)))
    mark_refusals(store, contacts)
    call = store.scalar(select(Call).where(Call.run == run.number, Call.prospect_id == prospect_id))
    refused = None if call is None else do_not_contact.instead(store, call)
    return Detail(
        prospect=prospect,
        receipt=store.get(Receipt, (run.number, prospect_id)),
        call=call if refused is None else None,
        left_out=refused or store.get(LeftOut, (run.number, prospect_id)),
        contacts=contacts,
        timeline=list(store.scalars(moments.order_by(Moment.occurred_at.desc()).limit(TIMELINE_SHOWN))),
        history=_history(store, run, prospect_id),
    )


def receipt(store: Session, receipt_id: str) -> tuple[Run, Receipt, bool]:
    """Return a receipt with its run (of several that issued it the first), and whether its prospect was listed.

    Raises
    ------
    Unknown
        No published run has such a receipt.
    """
    query = select(Run, Receipt).join(Receipt, Receipt.run == Run.number).where(Receipt.receipt_id == receipt_id)
    found = store.execute(query.order_by(Run.number).limit(1)).first()
    if found is None:
        raise Unknown(f"No receipt {receipt_id!r} in any published run.")
    run, of_it = found
    listed = store.scalar(select(Call).where(Call.run == run.number, Call.prospect_id == of_it.prospect_id))
    return run, of_it, listed is not None


def receipts_before(store: Session, day: dt.date) -> tuple[Run | None, list[Receipt]]:
    """Return the run that counted on the last day before `day` that had one, with its receipts."""
    query = select(Run).where(Run.day < day).order_by(Run.day.desc(), Run.number.desc()).limit(1)
    run = store.scalar(query)
    if run is None:
        return None, []
    return run, list(store.scalars(select(Receipt).where(Receipt.run == run.number)))


def model_card(store: Session, run: Run) -> dict[str, Any]:
    """Return the card of the model that made this run; it was published with it."""
    return store.get_one(ModelCard, run.number).card


def board(store: Session, run: Run, name: str) -> dict[str, Any] | None:
    """Return what a page of this run shows to this reader, None where the run was published without it.

    A salesperson does not get the parts about other people's prospects and lists; counts of everybody stay.
    """
    found = store.get(Board, (run.number, name))
    return None if found is None else only_own(store, found.content)


def _lines(run: Run) -> Select[tuple[Call, Receipt, Prospect, Contact]]:
    return (
        select(Call, Receipt, Prospect, Contact)
        .join(Receipt, and_(Receipt.run == Call.run, Receipt.prospect_id == Call.prospect_id))
        .join(Prospect, Prospect.prospect_id == Call.prospect_id)
        .join(
            Contact,
            and_(Contact.prospect_id == Call.prospect_id, Contact.contact_id == Call.contact_id),
            isouter=True,
        )
        .where(Call.run == run.number)
    )


def _history(store: Session, run: Run, prospect_id: str) -> list[Past]:
    """Return earlier days, latest first, each by the run that counted."""
    counted = select(func.max(Run.number)).where(Run.day < run.day).group_by(Run.day)
    query = (
        select(Run.day, Receipt)
        .join(Receipt, Receipt.run == Run.number)
        .where(Receipt.prospect_id == prospect_id, Run.number.in_(counted))
        .order_by(Run.day.desc())
        .limit(HISTORY_SHOWN)
    )
    return [Past(day, receipt) for day, receipt in store.execute(query)]
