"""What somebody says about a prospect, checked against the run that it is said about, before it is kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from features.facts.contract import CHANNELS
from serving.errors import BadFeedback, Unknown
from serving.store.feedback import KINDS, LONGEST_NOTE, NEEDS_DAY, NEEDS_NOTE, UNDO, Said
from serving.store.tables import Call, Contact, Prospect, Receipt, Run

LONGEST_WAIT_DAYS: Final = 731
"""Beyond two years nobody means the day, they mean never."""
LONGEST_TEXT: Final = 200


@dataclass(frozen=True)
class Remark:
    """What came in; `contact_id` and `channel` are those of the list where they are not given."""

    key: str
    prospect_id: str
    kind: str
    note: str | None = None
    until: dt.date | None = None
    undoes: str | None = None
    contact_id: str | None = None
    channel: str | None = None
    said_by: str | None = None


def accepted(store: Session, run: Run, remark: Remark, *, at: dt.datetime) -> Said:
    """Return what is to be kept of a remark; nothing is stored here.

    Raises
    ------
    BadFeedback
        Something in it is missing, too long, no text, or a day that is over or too far away.
    Unknown
        The prospect is not known (any more), or this run did not look at it.
    """
    _check_texts(remark)
    _check_kind(remark)
    _check_day(run, remark)
    if store.get(Prospect, remark.prospect_id) is None:
        raise Unknown(
            f"No prospect {remark.prospect_id!r} is known: it was erased since, or never there. Nothing was recorded."
        )
    receipt = store.get(Receipt, (run.number, remark.prospect_id))
    if receipt is None:
        raise Unknown(
            f"{remark.prospect_id!r} was not looked at for {run.day}: closed by then, or not known yet. "
            "Nothing was recorded."
        )
    contact_id, channel = _whom(store, run, remark)
    note = (remark.note or "").replace("\r\n", "\n").strip() or None
    return Said(
        key=remark.key, prospect_id=remark.prospect_id, kind=remark.kind, at=at, receipt_id=receipt.receipt_id,
        contact_id=contact_id, channel=channel, note=note, until=remark.until, said_by=remark.said_by or None,
        undoes=remark.undoes or None,
    )  # fmt: skip


def _check_texts(remark: Remark) -> None:
    for field in ("key", "prospect_id", "kind", "note", "undoes", "contact_id", "channel", "said_by"):
        text = getattr(remark, field) or ""
        if "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text):
            raise BadFeedback(f"{field} holds characters that are no text; take them out and send it again.", field)
        most = LONGEST_NOTE if field == "note" else LONGEST_TEXT
        # browsers count a line's end as one character in a textarea and send two
        if len(text.replace("\r\n", "\n")) > most:
            raise BadFeedback(f"{field} has {len(text)} characters; at most {most} are kept. Shorten it.", field)
    if not remark.key:
        raise BadFeedback("This came without its key, by which it is stored once only; send it again with one.", "key")


def _check_kind(remark: Remark) -> None:
    kind, says = remark.kind, KINDS.get(remark.kind)
    if says is None:
        raise BadFeedback(f"{kind!r} is not something to say about a call; expected one of {', '.join(KINDS)}.", "kind")
    if kind in NEEDS_NOTE and not (remark.note or "").strip():
        raise BadFeedback("A reason is needed: say in a few words why.", "note")
    if kind == UNDO and not remark.undoes:
        raise BadFeedback("What is to be taken back must be named by its key, in `undoes`.", "undoes")


def _check_day(run: Run, remark: Remark) -> None:
    kind, until = remark.kind, remark.until
    if (until is not None) != (kind in NEEDS_DAY):
        words = "A day is needed: until when?" if until is None else f"{KINDS[kind]!r} holds for no day; leave it away."
        raise BadFeedback(words, "until")
    if until is not None and not 0 < (until - run.day).days <= LONGEST_WAIT_DAYS:
        last = run.day + dt.timedelta(days=LONGEST_WAIT_DAYS)
        raise BadFeedback(f"{until} cannot be: expected a day after {run.day} and not after {last}.", "until")


def _whom(store: Session, run: Run, remark: Remark) -> tuple[str | None, str | None]:
    """Return the person and the channel: those named, else those of the list."""
    if remark.channel and remark.channel not in CHANNELS:
        raise BadFeedback(f"channel {remark.channel!r}: expected one of {', '.join(CHANNELS)}.", "channel")
    if remark.contact_id and store.get(Contact, (remark.prospect_id, remark.contact_id)) is None:
        raise BadFeedback(f"No contact {remark.contact_id!r} is known of {remark.prospect_id!r}.", "contact_id")
    call = store.scalar(select(Call).where(Call.run == run.number, Call.prospect_id == remark.prospect_id))
    listed = (None, None) if call is None else (call.contact_id, call.channel)
    return remark.contact_id or listed[0], remark.channel or listed[1]
