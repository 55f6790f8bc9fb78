"""Who saw or changed which prospect, when, from where: appended to, and refused to everything else by triggers.

A row names prospects, viewers and addresses, never a person of a prospect, nor what was typed: there is nothing in it
to erase. A view of a list is one row: the run and the places on its list that were shown, such as "1-50,53".
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, insert, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from serving.store.engine import writing
from serving.store.scope import EVERYTHING, Scope
from serving.store.tables import Base, Call, UtcTime

COLUMNS: Final = (
    "at", "who", "role", "how", "address", "action", "what", "prospect_id", "run", "places", "prospects", "change",
    "times",
)  # fmt: skip


class Audit(Base):
    """One thing that somebody saw, changed or was refused.

    `action` is "saw", "changed", "refused" or "deleted"; `what` the route, or what was changed. `places` are those of
    the list of `run`, `prospects` the ids where no list was shown. `times` counts the same view within a second.
    """

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[dt.datetime] = mapped_column(index=True)
    who: Mapped[str]
    role: Mapped[str]
    how: Mapped[str]
    address: Mapped[str]
    action: Mapped[str]
    what: Mapped[str]
    prospect_id: Mapped[str | None] = mapped_column(index=True)
    run: Mapped[int | None] = mapped_column(index=True)
    places: Mapped[str | None]
    prospects: Mapped[str | None]
    change: Mapped[str | None]
    times: Mapped[int]


class AuditRetention(Base):
    """A deletion of old rows of the audit: until when (open end), by whom; rows may be deleted while `running`."""

    __tablename__ = "audit_retention"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    until: Mapped[dt.datetime]
    at: Mapped[dt.datetime]
    who: Mapped[str]
    running: Mapped[bool]


@dataclass(frozen=True)
class By:
    """Who does something: as the viewer is called, in which role, let in how, and from which address."""

    name: str
    role: str
    how: str
    address: str
    scope: Scope = EVERYTHING


def changed(connection: Connection, by: By, *, what: str, change: str = "", prospect_id: str | None = None) -> None:
    """Write a change down in the transaction that makes it: both are kept, or neither."""
    connection.execute(
        insert(Audit).values(
            at=dt.datetime.now(dt.UTC), who=by.name, role=by.role, how=by.how, address=by.address, action="changed",
            what=what, prospect_id=prospect_id, change=change or None, times=1,
        )
    )  # fmt: skip


def who_saw(store: Session, prospect_id: str) -> list[Audit]:
    """Return everything that somebody saw or changed of a prospect, the earliest first."""
    quoted = json.dumps(prospect_id)
    listed = dict(store.execute(select(Call.run, Call.position).where(Call.prospect_id == prospect_id)).tuples().all())
    query = select(Audit).where(
        or_(
            Audit.prospect_id == prospect_id,
            Audit.run.in_(listed) & Audit.places.is_not(None),
            Audit.prospects.contains(quoted, autoescape=True),
        )
    )
    return [row for row in store.scalars(query.order_by(Audit.id)) if _is_about(row, prospect_id, listed)]


def between(store: Session, start: dt.datetime | None, end: dt.datetime | None) -> Iterator[Audit]:
    """Yield the rows of `[start, end)`, the earliest first; None is no bound."""
    query = select(Audit).order_by(Audit.id)
    if start is not None:
        query = query.where(Audit.at >= start)
    if end is not None:
        query = query.where(Audit.at < end)
    yield from store.scalars(query.execution_options(yield_per=1000))


def delete_before(engine: Engine, until: dt.datetime, *, who: str) -> int:
    """Delete the rows before `until`, and write down that it was done; return how many there were."""
    now = dt.datetime.now(dt.UTC)
    with writing(engine) as connection:
        note = insert(AuditRetention).values(until=until, at=now, who=who, running=True)
        number = connection.execute(note.returning(AuditRetention.id)).scalar_one()
        gone = connection.execute(delete(Audit).where(Audit.at < until)).rowcount
        connection.execute(update(AuditRetention).where(AuditRetention.id == number).values(running=False))
        by = By(who, "admin", "command", "")
        changed(connection, by, what="audit retention", change=f"{gone} rows before {until.isoformat()} deleted")
    return gone


def places_of(positions: Iterable[int]) -> str:
    """Write places on a list as ranges, both ends included: 1, 2, 3, 5 is "1-3,5"."""
    ranges: list[list[int]] = []
    for position in sorted(set(positions)):
        if ranges and position == ranges[-1][1] + 1:
            ranges[-1][1] = position
        else:
            ranges.append([position, position])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges)


def is_among(position: int, places: str) -> bool:
    """Say whether a place is in ranges that `places_of` wrote."""
    for part in places.split(",") if places else ():
        first, _, last = part.partition("-")
        if int(first) <= position <= int(last or first):
            return True
    return False


def raw_time(moment: dt.datetime) -> str:
    """Write a moment as SQLAlchemy keeps it in SQLite."""
    bare: Any = UtcTime().process_bind_param(moment, None)  # type: ignore[arg-type]
    return str(bare.isoformat(sep=" ", timespec="microseconds"))


def _is_about(row: Audit, prospect_id: str, listed: dict[int, int]) -> bool:
    if row.prospect_id == prospect_id:
        return True
    if row.places is not None and row.run in listed:
        return is_among(listed[row.run], row.places)
    return row.prospects is not None and prospect_id in json.loads(row.prospects)
