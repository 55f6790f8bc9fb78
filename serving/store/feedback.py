"""What people say about a call: appended once, read by the next ingest and by whoever grades it.

The kinds, with what a row of each brings (`prospect_id`, `at` and `key` always; `contact_id`, `channel`, `receipt_id`
and `said_by` where known):

================ ==================== ======================================================================
kind             brings               what happened, as a touch at the next ingest
================ ==================== ======================================================================
interested       note?                reached, and wants to hear more
meeting_booked   note?                reached, and a meeting is agreed
no_answer        note?                tried, nobody there
not_now          until, note?         reached; nobody should call before the day `until`
wrong_person     note?                reached, but somebody else decides
never_again      note?                asked not to be contacted; holds for the person wherever it is listed
snooze           until, note?         no touch: the salesperson moves the call to the day `until`
skip             note                 no touch: not called today, for the reason in `note`
override_call    note                 no touch: a person would call it although the list does not, because of `note`
override_leave   note                 no touch: a person would not call it although the list does, because of `note`
undo             undoes               nothing happened: the row whose key is `undoes` was said by mistake
================ ==================== ======================================================================

A row of any kind may have `undoes` too: then it stands in the place of that row. `standing` leaves out what was undone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

import pandas as pd
from sqlalchemy import Connection, Engine, insert, literal, select
from sqlalchemy.orm import Session, aliased

from models.decision.overrides import CALL, LEAVE
from serving.errors import AlreadySaid, BadFeedback, NothingToUndo, Unknown
from serving.store.audit import By, changed
from serving.store.engine import writing
from serving.store.migrations import upgrade
from serving.store.scope import owns
from serving.store.tables import Call, Feedback, Receipt, Run

INTERESTED: Final = "interested"
MEETING_BOOKED: Final = "meeting_booked"
NO_ANSWER: Final = "no_answer"
NOT_NOW: Final = "not_now"
WRONG_PERSON: Final = "wrong_person"
NEVER_AGAIN: Final = "never_again"
SNOOZE: Final = "snooze"
SKIP: Final = "skip"
UNDO: Final = "undo"

KINDS: Final[Mapping[str, str]] = {
    INTERESTED: "reached, interested",
    MEETING_BOOKED: "meeting booked",
    NO_ANSWER: "no answer",
    NOT_NOW: "not now",
    WRONG_PERSON: "wrong person",
    NEVER_AGAIN: "never contact again",
    SNOOZE: "put off",
    SKIP: "skipped",
    CALL: "should be called all the same",
    LEAVE: "should not be called",
    UNDO: "taken back",
}
"""Every kind with the words for what was said."""
NEEDS_DAY: Final = (NOT_NOW, SNOOZE)
NEEDS_NOTE: Final = (SKIP, CALL, LEAVE)
LONGEST_NOTE: Final = 2000
SYSTEM: Final = By("takt", "admin", "command", "")
"""Who says something where nobody came in through the server: a command on this machine."""
_STANDING: Final = (
    "prospect_id", "contact_id", "channel", "kind", "note", "until", "said_by", "at", "key", "receipt_id",
)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """One row of feedback; `at` in UTC, `until` the first day on which one may call again."""

    key: str
    prospect_id: str
    kind: str
    at: dt.datetime
    receipt_id: str | None = None
    contact_id: str | None = None
    channel: str | None = None
    note: str | None = None
    until: dt.date | None = None
    said_by: str | None = None
    undoes: str | None = None

    @classmethod
    def of(cls, row: Feedback) -> Said:
        """Return what a row of the table says."""
        values = {f.name: getattr(row, f.name) for f in fields(cls) if f.name != "key"}
        return cls(key=row.idempotency_key, **values)

    @property
    def content(self) -> tuple[Any, ...]:
        """What makes two posts of one key the same thing said twice; when and by whom do not matter."""
        return self.prospect_id, self.kind, self.note, self.until, self.undoes


def keep(engine: Engine, row: Said, by: By = SYSTEM) -> Said:
    """Store a row and return it; where the same is under its key already, store nothing and return what is there.

    That it was said is written to the audit in the same transaction, with who said it.

    Raises
    ------
    AlreadySaid
        The key stands for something else; the error carries it.
    NothingToUndo
        What the row undoes is not there, is of another prospect, was undone before, or is an undo itself.
    Unknown
        The prospect is not one of those that `by` may write about.
    """
    with writing(engine) as connection:
        _check_own(connection, row.prospect_id, by)
        before = _under(connection, row.key)
        if before is not None and not _is_own(connection, before.prospect_id, by):
            raise BadFeedback("This key stands for something else; send it again with another one.", "key")
        if before is not None:
            if before.content != row.content:
                raise AlreadySaid(before, undone=_is_undone(connection, before))
            return before
        if row.undoes is not None:
            _check_undo(connection, row)
        values = asdict(row)
        connection.execute(insert(Feedback).values(idempotency_key=values.pop("key"), **values))
        changed(connection, by, what=f"feedback {row.kind}", change=f"key {row.key}", prospect_id=row.prospect_id)
    return row


def say(
    engine: Engine, *, key: str, receipt: Receipt, kind: str, at: dt.datetime, note: str | None = None
) -> bool:  # fmt: skip
    """Keep what was said about a receipt; False if this `key` was said before, then nothing is stored twice."""
    upgrade(engine)
    row = Said(key, receipt.prospect_id, kind, at, receipt_id=receipt.receipt_id, note=note)
    try:
        return keep(engine, row) is row
    except AlreadySaid:
        return False


def standing(store: Session) -> pd.DataFrame:
    """Return everything said and not undone, in the order in which it was said.

    Columns `prospect_id`, `contact_id`, `channel`, `kind`, `note`, `until` (a date), `said_by`, `at` (UTC), `key`,
    `receipt_id`; what was not given is None. Rows of kind "undo" are not in it, nor what they undid.
    """
    columns = [getattr(Feedback, "idempotency_key" if name == "key" else name) for name in _STANDING]
    rows = list(store.execute(select(*columns).where(*not_undone()).order_by(Feedback.id)))
    frame = pd.DataFrame([tuple(row) for row in rows], columns=list(_STANDING), dtype=object)
    return _utc(frame, "at")


def said(store: Session) -> pd.DataFrame:
    """Return everything said about a receipt and not undone: prospect_id, kind, at, and the receipt's `as_of` (UTC)."""
    query = (
        select(Feedback.prospect_id, Feedback.kind, Feedback.at, Run.as_of)
        .join(Receipt, Receipt.receipt_id == Feedback.receipt_id)
        .join(Run, Run.number == Receipt.run)
        .where(*not_undone())
        .order_by(Feedback.id)
    )
    rows = list(store.execute(query))
    return _utc(pd.DataFrame(rows, columns=["prospect_id", "kind", "at", "as_of"]), "at", "as_of")


def listed(store: Session) -> pd.DataFrame:
    """Return every call of every published list: prospect_id and the list's `as_of` (UTC)."""
    query = select(Call.prospect_id, Run.as_of).join(Run, Run.number == Call.run)
    return _utc(pd.DataFrame(list(store.execute(query)), columns=["prospect_id", "as_of"]), "as_of")


def not_undone() -> tuple[Any, ...]:
    """Return the conditions on `Feedback` that leave what stands: no undo, and nothing that a later row undoes."""
    later = aliased(Feedback)
    # the undoing row is of the same prospect, and that column has an index
    same = (later.prospect_id == Feedback.prospect_id, later.undoes == Feedback.idempotency_key)
    return Feedback.kind != UNDO, ~select(later.id).where(*same).exists()


def _check_own(connection: Connection, prospect_id: str, by: By) -> None:
    if not _is_own(connection, prospect_id, by):
        raise Unknown(
            f"No prospect {prospect_id!r} is known: it was erased since, or never there. Nothing was recorded."
        )


def _is_own(connection: Connection, prospect_id: str, by: By) -> bool:
    owner = by.scope.owner
    return owner is None or bool(connection.scalar(select(owns(literal(prospect_id), owner))))


def _under(connection: Connection, key: str) -> Said | None:
    row = connection.execute(select(Feedback.__table__).where(Feedback.idempotency_key == key)).mappings().first()
    if row is None:
        return None
    return Said(**{("key" if k == "idempotency_key" else k): v for k, v in row.items() if k != "id"})


def _is_undone(connection: Connection, row: Said) -> bool:
    same = (Feedback.prospect_id == row.prospect_id, Feedback.undoes == row.key)
    return connection.scalar(select(Feedback.id).where(*same)) is not None


def _check_undo(connection: Connection, row: Said) -> None:
    before = _under(connection, row.undoes or "")
    if before is None or before.prospect_id != row.prospect_id or before.kind == UNDO:
        raise NothingToUndo(
            f"Nothing was said about {row.prospect_id!r} under the key {row.undoes!r}, so nothing can be taken back; "
            "load the list again."
        )
    if _is_undone(connection, before):
        raise NothingToUndo(f"{KINDS.get(before.kind, before.kind)!r} was taken back before; load the list again.")


def _utc(rows: pd.DataFrame, *columns: str) -> pd.DataFrame:
    times = {name: pd.to_datetime(rows[name], utc=True).astype("datetime64[us, UTC]") for name in columns}
    return rows.assign(**times).astype({"prospect_id": "str"})
