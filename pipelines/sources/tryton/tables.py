"""What is read of Tryton: one entry per raw table, with the fields asked for and the columns they become.

Every raw table has `id`, `changed_at` (the two are its key), `created_at` and `deleted`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipelines.sources.connected.landing import Type
from pipelines.sources.tryton.rest import Record
from pipelines.sources.tryton.values import decoded

STAMPS: Final = ("create_date", "write_date")
LOG: Final[Mapping[str, Type]] = {
    "id": "bigint", "changed_at": "timestamp", "created_at": "timestamp", "deleted": "bool"
}  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """One raw table.

    Attributes
    ----------
    table, model : str
        Name of the raw table; name of Tryton's model.
    columns : mapping of str to (field, Type)
        Column -> the field of the model whose value it takes.
    beside : mapping of str to sequence of str
        Related records that are part of this one (field -> their fields): it has changed when one of them has.
    named : tuple of str
        Fields of related records that only say what is meant; a change of those is no change of this one.
    also : callable or None
        Further columns from the whole record, with their types in `made`.
    """

    table: str
    model: str
    columns: Mapping[str, tuple[str, Type]]
    beside: Mapping[str, tuple[str, ...]] | None = None
    named: tuple[str, ...] = ()
    also: Callable[[Record], Record] | None = None
    made: Mapping[str, Type] | None = None

    @property
    def fields(self) -> list[str]:
        """Fields to ask for."""
        related = [f"{name}.{f}" for name, fs in (self.beside or {}).items() for f in (*fs, *STAMPS)]
        return [*STAMPS, *(field for field, _ in self.columns.values()), *related, *self.named]

    @property
    def types(self) -> dict[str, Type]:
        """Columns of the raw table."""
        return {**LOG, **{name: type_ for name, (_, type_) in self.columns.items()}, **(self.made or {})}

    def row(self, record: Record) -> Record:
        """Return the row of one version."""
        related = [r for name in self.beside or {} for r in _many(record.get(name))]
        return {
            "id": record["id"],
            "changed_at": max(changed(r) for r in (record, *related)),
            "created_at": decoded(record["create_date"]),
            "deleted": False,
            **{column: decoded(_at(record, field)) for column, (field, _) in self.columns.items()},
            **(self.also(record) if self.also else {}),
        }


def changed(record: Record) -> dt.datetime:
    """Return when a record last changed: `write_date` is empty until the first change after creation."""
    moment: dt.datetime = decoded(record.get("write_date") or record["create_date"])
    return moment


def _at(record: Record, path: str) -> Any:
    """Follow `a.b` through related records; None where one is not there."""
    value: Any = record
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _many(value: Any) -> Iterator[Record]:
    if isinstance(value, dict):
        yield value
    if isinstance(value, list):
        yield from (v for v in value if isinstance(v, dict))


def _party(record: Record) -> Record:
    """Take the first address's place, and the first category by name."""
    addresses = sorted(_many(record["addresses"]), key=lambda a: a["id"])
    categories = sorted(str(c["name"]) for c in _many(record["categories"]))
    countries = [_at(a, "country.code") for a in addresses]
    cities = [a.get("city") for a in addresses]
    return {
        "country": next((c for c in countries if c), None),
        "city": next((c for c in cities if c), None),
        "category": next(iter(categories), None),
    }


OPPORTUNITIES: Final = Kind(
    "opportunities",
    "sale.opportunity",
    {
        "number": ("number", "text"), "state": ("state", "text"), "party": ("party", "bigint"),
        "contact": ("contact", "bigint"), "employee": ("employee", "bigint"), "company": ("company", "bigint"),
        "currency": ("currency", "bigint"), "amount": ("amount", "double"), "start_date": ("start_date", "date"),
        "description": ("description", "text"), "lost_reason": ("lost_reason", "text"),
    },
)  # fmt: skip
"""The only model with a history: each of its versions is read, not only those that a pull happened to see."""
NOTES: Final = Kind("notes", "ir.note", {"message": ("message", "text"), "author": ("create_uid", "bigint")})
"""Read through their opportunities (see `source.py`), with `opportunity` beside the columns."""
OTHERS: Final = (
    Kind(
        "parties", "party.party",
        {"name": ("name", "text"), "active": ("active", "bool"), "replaced_by": ("replaced_by", "bigint")},
        beside={"addresses": ("city", "country.code")}, named=("categories.name",),
        also=_party, made={"country": "text", "city": "text", "category": "text"},
    ),
    Kind(
        "mechanisms", "party.contact_mechanism",
        {
            "party": ("party", "bigint"), "type": ("type", "text"), "value": ("value", "text"),
            "name": ("name", "text"), "comment": ("comment", "text"), "active": ("active", "bool"),
        },
    ),
    Kind("employees", "company.employee", {"name": ("party.name", "text")}, beside={"party": ("name",)}),
    Kind(
        "companies", "company.company", {"timezone": ("timezone", "text"), "currency": ("currency", "bigint")},
    ),
    Kind(
        "sales", "sale.sale",
        {
            "origin": ("origin", "text"), "state": ("state", "text"), "amount": ("untaxed_amount", "double"),
            "currency": ("currency", "bigint"),
        },
    ),
)  # fmt: skip
STEPS: Final[Mapping[str, Type]] = {"id": "bigint", "changed_at": "timestamp", "sale": "bigint", "state": "text"}
"""Table `sale_steps`: when a sale entered a state, from Tryton's log of transitions."""
