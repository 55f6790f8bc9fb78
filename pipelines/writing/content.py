"""What Takt has to say about each prospect of a published run, and which calls of the day are tasks for whom.

What is written rests on the store alone: the run that counts, and what was tapped since. Nobody is told to call whom
the list does not name: of a prospect that is not listed (beyond the day's capacity, or held out by lot) the chance
and its reasons are written, and no action. So nobody can see from the CRM who is held out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from pipelines.writing import words
from pipelines.writing.fields import EMPTY
from pipelines.writing.target import Item, Value
from serving.pages.pages import address
from serving.pages.words import NO_CHANCE
from serving.store.feedback import NEVER_AGAIN, not_undone
from serving.store.tables import Call, Contact, Feedback, LeftOut, Prospect, Receipt, Run
from serving.store.workday import done, mark_refusals

DUE: Final = dt.time(17, 0)
"""When a call of the day is due, in the company's zone: it can be made until then."""
LEAST: Final = 0.001
"""Nobody is certain: a chance is written between this and one minus this, to three digits."""
REFUSED: Final = "Do not contact: they asked for it"


@dataclass(frozen=True)
class Content:
    """All rows that should stand in the CRM, and for how many calls there is nobody whose task they could be."""

    fields: list[Item]
    tasks: list[Item]
    without_owner: int


class _Row(NamedTuple):
    receipt: Receipt
    prospect: Prospect
    call: Call | None
    left_out: LeftOut | None
    contact: Contact | None


def content(store: Session, run: Run, *, url: str, gone: Collection[str] = ()) -> Content:
    """Return what should stand in the CRM after a run.

    Parameters
    ----------
    url : str
        Where the app is opened; empty for no links.
    gone : collection of str
        Prospects that were withdrawn since: nothing is said of them.
    """
    rows = [row for row in _rows(store, run) if row.prospect.prospect_id not in gone]
    mark_refusals(store, (row.contact for row in rows))
    refusing, settled = _refusing(store), set(done(store, run))
    fields, tasks, pool = [], [], 0
    for row in rows:
        refuses = row.prospect.prospect_id in refusing or _refused(row)
        fields.append(_fields(row, run, url, refuses=refuses))
        if row.call is None or refuses or row.prospect.prospect_id in settled:
            continue
        if row.call.owner_id is None:
            pool += 1
            continue
        tasks.append(_task(row, row.call, run, fields[-1]))
    return Content(fields, tasks, pool)


def _rows(store: Session, run: Run) -> Iterator[_Row]:
    this = Receipt.run == run.number
    query = (
        select(Receipt, Prospect, Call, LeftOut, Contact)
        .join(Prospect, Prospect.prospect_id == Receipt.prospect_id)
        .outerjoin(Call, and_(Call.run == Receipt.run, Call.prospect_id == Receipt.prospect_id))
        .outerjoin(LeftOut, and_(LeftOut.run == Receipt.run, LeftOut.prospect_id == Receipt.prospect_id))
        .outerjoin(Contact, and_(Contact.prospect_id == Call.prospect_id, Contact.contact_id == Call.contact_id))
        .where(this)
        .order_by(Receipt.prospect_id)
    )
    return (_Row(*row) for row in store.execute(query))


def _refusing(store: Session) -> set[str]:
    """Return prospects that were said, since the list was made, to want no contact by anybody."""
    query = select(Feedback.prospect_id).where(
        Feedback.kind == NEVER_AGAIN, Feedback.contact_id.is_(None), *not_undone()
    )
    return set(store.scalars(query))


def _refused(row: _Row) -> bool:
    asked = row.contact is not None and row.contact.do_not_contact
    return asked or (row.left_out is not None and row.left_out.reason == "do_not_contact")


def _fields(row: _Row, run: Run, url: str, *, refuses: bool) -> Item:
    receipt, of = row.receipt, row.prospect.prospect_id
    page = f"{url.rstrip('/')}{address('/prospects/', of)}" if url else None
    values: dict[str, Value] = dict(EMPTY) | {
        "score": None if receipt.chance is None else _share(receipt.chance),
        "state": "scored" if receipt.chance is not None else _unscored(receipt.state),
        "grade": receipt.grade,
        "reasons": words.reasons(receipt.reasons) if receipt.chance is not None else None,
        "link": page,
        "versions": _versions(run, receipt),
    }
    return Item("fields", of, of, values | _next(row, run, refuses=refuses))


def _next(row: _Row, run: Run, *, refuses: bool) -> dict[str, Value]:
    """Return what to do next; of a prospect that is not listed only when it may be, where a day is known."""
    if refuses:
        return {"next_action": REFUSED}
    if row.call is None:
        until = None if row.left_out is None else row.left_out.until
        return {"next_action": None if until is None else f"Not before {words.day(until)}"}
    call, asked = row.call, words.who(row.contact)
    when = words.hours(call.hours, row.contact)
    told = [words.action(call.channel, asked), when, call.offer_words]
    return {
        "next_action": "; ".join(part for part in told if part),
        "person": asked if row.contact is not None else None,
        "channel": words.channel(call.channel),
        "hours": when,
        "offer": call.offer_words,
        "list_day": run.day.isoformat(),
    }


def _task(row: _Row, call: Call, run: Run, fields: Item) -> Item:
    said, name = fields.values, row.prospect.name or row.prospect.prospect_id
    title = f"{words.action(call.channel, words.who(row.contact))} ({name})"
    due = dt.datetime.combine(run.day, DUE, ZoneInfo(run.timezone)).astimezone(dt.UTC)
    chance = None if row.receipt.chance is None else f"Chance {row.receipt.chance:.0%}, grade {row.receipt.grade}"
    lines = (f"Number {call.rank} of your calls for {words.day(run.day)}", chance, said["hours"], said["offer"],
             call.why_contact, said["reasons"], said["link"])  # fmt: skip
    values: dict[str, Value] = {
        "title": title,
        "body": "\n".join(str(line) for line in lines if line),
        "due_on": run.day.isoformat(),
        "due_at": due.isoformat(),
        "channel": call.channel,
        "owner_id": call.owner_id,
        "contact_id": call.contact_id,
    }
    return Item("task", f"{run.day.isoformat()}/{fields.key}", fields.key, values)


def _share(chance: float) -> float:
    return round(min(max(chance, LEAST), 1 - LEAST), 3)


def _unscored(state: str) -> str:
    return f"{state}: {NO_CHANCE[state]}" if state in NO_CHANCE else state.replace("_", " ")


def _versions(run: Run, receipt: Receipt) -> str:
    model = f"model {run.model_version} {run.bundle_fingerprint[:12]}"
    given = f"definitions {run.definitions_hash[:12]}, data {run.data_version[:12]}"
    return f"{model}, {given}, receipt {receipt.receipt_id}"
