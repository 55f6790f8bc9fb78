"""The serving store: what was published, run by run, and what is currently known of each prospect.

Rows of `runs`, `receipts`, `call_list`, `left_out`, `boards` and `model_cards` are written once and never changed.
`prospects`, `contacts` and `timeline` hold the last published state. `feedback` is only appended to.
Times are UTC with microseconds; `Run.day` is the date of `as_of` in the company's time zone.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, ForeignKeyConstraint, Index, MetaData, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcTime(TypeDecorator[dt.datetime]):
    """A moment in UTC; a time without its zone is refused, because nobody knows which one was meant."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002
        """Take the zone off, after bringing the moment to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"expected a time with its time zone, got {value!r}")
        return value.astimezone(dt.UTC).replace(tzinfo=None)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002
        """Give the zone back."""
        return None if value is None else value.replace(tzinfo=dt.UTC)


class Base(DeclarativeBase):
    """Names constraints, so that migrations can speak of them, and maps Python's types to columns."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {dt.datetime: UtcTime, dict[str, Any]: JSON, list[dict[str, Any]]: JSON}


class Run(Base):
    """One published run. Of several runs for one day the one published last (`number`) counts."""

    __tablename__ = "runs"
    __table_args__ = (Index(None, "day", "number"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    run_id: Mapped[str] = mapped_column(unique=True)
    day: Mapped[dt.date]
    as_of: Mapped[dt.datetime]
    company: Mapped[str]
    simulated: Mapped[bool]
    horizon_days: Mapped[int]
    currency: Mapped[str]
    timezone: Mapped[str]
    model_version: Mapped[str]
    bundle_fingerprint: Mapped[str]
    definitions_hash: Mapped[str]
    data_version: Mapped[str]
    base_rate: Mapped[float | None]
    summary: Mapped[dict[str, Any]]
    definitions: Mapped[dict[str, Any]]


class ModelCard(Base):
    """What the model of a run predicts, how well, and what to beware of."""

    __tablename__ = "model_cards"

    run: Mapped[int] = mapped_column(ForeignKey("runs.number"), primary_key=True)
    card: Mapped[dict[str, Any]]


class Receipt(Base):
    """One prospect's score in one run; `chance` is None where `state` is not "scored"."""

    __tablename__ = "receipts"

    run: Mapped[int] = mapped_column(ForeignKey("runs.number"), primary_key=True)
    prospect_id: Mapped[str] = mapped_column(primary_key=True, index=True)
    receipt_id: Mapped[str] = mapped_column(index=True)
    state: Mapped[str]
    chance: Mapped[float | None]
    low: Mapped[float | None]
    high: Mapped[float | None]
    like_n: Mapped[int | None]
    like_won: Mapped[int | None]
    margin: Mapped[float | None]
    grade: Mapped[str | None]
    reasons: Mapped[list[dict[str, Any]]]
    trend: Mapped[str | None]
    change: Mapped[str | None]


class Call(Base):
    """One line of a run's call list; `position` orders the whole list, `rank` is the owner's own count.

    `value` is what the call is expected to bring (in the run's currency), a product of the receipt's chance and the
    factors `amount`, `timing` and `reach`; a factor that is not known is missing. `drawn` says whether it was chosen by
    value, by chance (exploration) or by an experiment, and `propensity` how likely that was.
    """

    __tablename__ = "call_list"
    __table_args__ = (
        UniqueConstraint("run", "prospect_id"),
        Index(None, "run", "owner_id", "position"),
        ForeignKeyConstraint(["run", "prospect_id"], ["receipts.run", "receipts.prospect_id"]),
    )

    run: Mapped[int] = mapped_column(ForeignKey("runs.number"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rank: Mapped[int]
    owner_id: Mapped[str | None]
    prospect_id: Mapped[str]
    contact_id: Mapped[str | None]
    channel: Mapped[str | None]
    why_contact: Mapped[str | None]
    value: Mapped[float | None]
    amount: Mapped[float | None]
    timing: Mapped[float | None]
    reach: Mapped[float | None]
    hours: Mapped[str | None]
    offer_id: Mapped[str | None]
    offer_words: Mapped[str | None]
    timing_words: Mapped[str | None]
    worth_words: Mapped[str | None]
    drawn: Mapped[str | None]
    propensity: Mapped[float | None]


class LeftOut(Base):
    """A prospect of the cohort that is not on the list, and why."""

    __tablename__ = "left_out"

    run: Mapped[int] = mapped_column(ForeignKey("runs.number"), primary_key=True)
    prospect_id: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    words: Mapped[str]
    until: Mapped[dt.date | None]


class Board(Base):
    """What one page of a run shows: its figures, tables and sentences, in the shape of `serving.boards`."""

    __tablename__ = "boards"

    run: Mapped[int] = mapped_column(ForeignKey("runs.number"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[dict[str, Any]]


class Prospect(Base):
    """A prospect as last published.

    `stage` is the last one known, `offer_id` and `offer_words` what to offer next, `missing_roles` the words for who
    of the account was not spoken to yet.
    """

    __tablename__ = "prospects"
    __table_args__ = (Index(None, "name"),)

    prospect_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    account_id: Mapped[str | None]
    owner_id: Mapped[str | None]
    territory: Mapped[str | None]
    segment: Mapped[str | None]
    source: Mapped[str | None]
    created_at: Mapped[dt.datetime]
    last_touch_at: Mapped[dt.datetime | None]
    stage: Mapped[str | None]
    offer_id: Mapped[str | None]
    offer_words: Mapped[str | None]
    missing_roles: Mapped[str | None]


class Contact(Base):
    """A person one may speak to about a prospect; the same person may stand with several prospects."""

    __tablename__ = "contacts"

    prospect_id: Mapped[str] = mapped_column(ForeignKey("prospects.prospect_id", ondelete="CASCADE"), primary_key=True)
    contact_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    role: Mapped[str | None]
    seniority: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    timezone: Mapped[str | None]
    do_not_contact: Mapped[bool]


class Moment(Base):
    """One thing that happened with a prospect."""

    __tablename__ = "timeline"
    __table_args__ = (Index(None, "prospect_id", "occurred_at"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    prospect_id: Mapped[str] = mapped_column(ForeignKey("prospects.prospect_id", ondelete="CASCADE"))
    occurred_at: Mapped[dt.datetime]
    recorded_at: Mapped[dt.datetime]
    kind: Mapped[str]
    channel: Mapped[str | None]
    direction: Mapped[str | None]
    result: Mapped[str | None]
    text: Mapped[str | None]


class Feedback(Base):
    """What a person said about a call; appended once per `idempotency_key`, read by the next ingest.

    `until` is the day before which nobody should call, `said_by` who said it, and `undoes` the key of what is taken
    back by this row: nothing is ever changed or deleted here.
    """

    __tablename__ = "feedback"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    prospect_id: Mapped[str] = mapped_column(index=True)
    receipt_id: Mapped[str | None]
    kind: Mapped[str]
    note: Mapped[str | None]
    at: Mapped[dt.datetime]
    contact_id: Mapped[str | None] = mapped_column(index=True)
    channel: Mapped[str | None]
    said_by: Mapped[str | None]
    undoes: Mapped[str | None]
    until: Mapped[dt.date | None]


class Proposal(Base):
    """The card of an experiment that somebody asked for on a page; the next daily run files it, or says why not."""

    __tablename__ = "proposals"

    key: Mapped[str] = mapped_column(primary_key=True)
    card: Mapped[dict[str, Any]]
    said_by: Mapped[str | None]
    at: Mapped[dt.datetime]


class Look(Base):
    """One look of the watch, in the shape of `serving.boards.watch`; appended, never changed."""

    __tablename__ = "looks"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[dt.datetime]
    content: Mapped[dict[str, Any]]
