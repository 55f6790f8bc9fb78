"""The nine tables that a source may deliver: their columns, keys, words and ranges, as data.

Times are UTC with microseconds. Every fact has `occurred_at` (when it happened) and `recorded_at` (when the
company knew). What is done with a row that breaks a rule stands in `features.facts.contract`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import pandas as pd

Type = Literal["id", "text", "time", "number"]

KINDS: Final = (
    "call", "email", "meeting", "demo", "visit", "download",
    "form", "message", "event", "proposal", "task", "stage",
)  # fmt: skip
INTERNAL: Final = ("task", "stage")
"""Kinds that reach nobody: work of our own, and moves in the CRM."""
CHANNELS: Final = ("phone", "email", "web", "in_person", "chat", "social", "post", "partner")
DIRECTIONS: Final = ("inbound", "outbound")
POSITIVE: Final = ("interested", "meeting_booked")
ANSWERED: Final = (*POSITIVE, "answered", "not_now", "not_interested", "wrong_person", "do_not_contact")
RESULTS: Final = (*ANSWERED, "no_answer", "left_message", "bounced", "completed")
RESPONSES: Final = ("accepted", "interested", "declined", "cancelled")
SENIORITIES: Final = ("executive", "manager", "staff")
WITHDRAWALS: Final = "withdrawals"
WITHDRAWN_AS: Final = ("deleted", "merged")

CLOCK_SKEW: Final = pd.Timedelta(minutes=5)
"""A fact may be recorded this much before it happened (two clocks), not more."""
LARGEST_VALUE: Final = 1e10
"""Values and amounts beyond this are refused: the kernel sums them exactly, in ten-thousandths."""
TIME_TYPE: Final = "datetime64[us, UTC]"


@dataclass(frozen=True)
class Column:
    """One column of a contract table; `among` lists the allowed values, `low`/`high` the closed range."""

    type: Type
    nullable: bool = False
    among: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Table:
    """One table of the contract. `attributes` says whether further columns are kept as attributes."""

    name: str
    key: tuple[str, ...]
    columns: Mapping[str, Column]
    attributes: bool = False


def _id(nullable: bool = False) -> Column:
    return Column("id", nullable)


def _text(*among: str, nullable: bool = True) -> Column:
    return Column("text", nullable, among)


def _time(nullable: bool = False) -> Column:
    return Column("time", nullable)


_money = Column("number", True, low=-LARGEST_VALUE, high=LARGEST_VALUE)

TABLES: Final[Mapping[str, Table]] = {
    table.name: table
    for table in (
        Table(
            "prospects",
            ("prospect_id",),
            {
                "prospect_id": _id(), "account_id": _id(True), "created_at": _time(),
                "recorded_at": _time(), "owner_id": _id(True),
                "territory": _text(), "segment": _text(), "source": _text(),
            },
            attributes=True,
        ),
        Table(
            "accounts",
            ("account_id",),
            {"account_id": _id(), "recorded_at": _time(), "name": _text()},
            attributes=True,
        ),
        Table(
            "contacts",
            ("contact_id",),
            {
                "contact_id": _id(), "account_id": _id(True), "prospect_id": _id(True),
                "recorded_at": _time(), "name": _text(),
                "role": _text(), "seniority": _text(*SENIORITIES), "email": _text(),
                "phone": _text(), "timezone": _text(), "do_not_contact_since": _time(True),
            },
        ),
        Table(
            "attribute_changes",
            ("entity", "id", "name", "occurred_at"),
            {
                "entity": _text("prospect", "account", nullable=False), "id": _id(),
                "name": _text(nullable=False),
                "occurred_at": _time(), "recorded_at": _time(), "value": _text(),
            },
        ),
        Table(
            "touches",
            ("touch_id",),
            {
                "touch_id": _id(), "prospect_id": _id(), "contact_id": _id(True),
                "kind": _text(*KINDS, nullable=False), "channel": _text(*CHANNELS),
                "direction": _text(*DIRECTIONS, nullable=False),
                "occurred_at": _time(), "recorded_at": _time(),
                "stage": _text(), "result": _text(*RESULTS), "value": _money,
                "duration_s": Column("number", True, low=0, high=LARGEST_VALUE),
            },
        ),
        Table(
            "offers",
            ("offer_id",),
            {
                "offer_id": _id(), "name": _text(nullable=False), "valid_from": _time(True),
                "valid_to": _time(True), "stages": _text(), "segments": _text(), "description": _text(),
            },
        ),
        Table(
            "offers_made",
            ("prospect_id", "offer_id", "occurred_at"),
            {
                "prospect_id": _id(), "offer_id": _id(), "occurred_at": _time(), "recorded_at": _time(),
                "contact_id": _id(True), "channel": _text(*CHANNELS),
                "propensity": Column("number", True, low=1e-9, high=1.0), "response": _text(*RESPONSES),
                "responded_at": _time(True),
            },
        ),
        Table(
            "outcomes",
            ("prospect_id", "occurred_at"),
            {
                "prospect_id": _id(), "occurred_at": _time(), "result": _text("won", "lost", nullable=False),
                "recorded_at": _time(), "amount": _money, "reason": _text(), "offer_id": _id(True),
            },
        ),
        Table(
            WITHDRAWALS,
            ("table", "id", "happened_at", "name"),
            {
                "table": _text(
                    "prospects", "accounts", "contacts", "attribute_changes", "touches", "offers_made", "outcomes",
                    nullable=False,
                ),
                "id": _id(), "happened_at": _time(True), "name": _text(), "recorded_at": _time(),
                "reason": _text(*WITHDRAWN_AS, nullable=False),
            },
        ),
    )
}  # fmt: skip

NAMED: Final[Mapping[str, tuple[str, str, str]]] = {
    "prospects": ("prospect_id", "", ""),
    "accounts": ("account_id", "", ""),
    "contacts": ("contact_id", "", ""),
    "attribute_changes": ("id", "occurred_at", "name"),
    "touches": ("touch_id", "", ""),
    "offers_made": ("prospect_id", "occurred_at", "offer_id"),
    "outcomes": ("prospect_id", "occurred_at", ""),
}
"""The columns of a table that `id`, `happened_at` and `name` of a withdrawal speak of; "": the table has none."""

DTYPES: Final[Mapping[Type, str]] = {"id": "str", "text": "str", "time": TIME_TYPE, "number": "float64"}


def empty(name: str) -> pd.DataFrame:
    """Return the named table without rows, every contract column present and typed."""
    columns = TABLES[name].columns
    return pd.DataFrame({c: pd.Series([], dtype=DTYPES[spec.type]) for c, spec in columns.items()})
