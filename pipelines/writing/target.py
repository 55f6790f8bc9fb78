"""What a CRM has to be able to do so that Takt can write into it; one file of this folder per CRM fulfils it.

The core (plan, ledger, sending) knows no CRM. It hands over rows in batches and gets one answer per row. Rows have a
`kind`: the fields of a record ("fields", the chance and what goes with it), or one call of a day ("task").
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

Value = str | float | None
"""Days are written as YYYY-MM-DD, moments as ISO 8601 in UTC; None empties a field."""
Kind = Literal["fields", "task"]
STAMPS: Final = frozenset({"versions"})
"""Values that go along but are no change by themselves: they differ every day, and nobody acts on them."""


@dataclass(frozen=True)
class Item:
    """One row to be written or removed.

    Attributes
    ----------
    kind : "fields" or "task"
    key : str
        Names the row for ever within its target and kind: the prospect, or "DAY/PROSPECT" of a task.
    prospect_id : str
        As in the contract; the target's source made it from the record's id.
    values : mapping of str to Value
        Of kind "fields": every name of `pipelines.writing.fields.FIELDS`. Of kind "task": title, body (lines of
        plain text), due_on (day), due_at (moment), channel?, owner_id, contact_id?.
    vendor_id : str or None
        Of a task that was written before: its id in the CRM.
    """

    kind: Kind
    key: str
    prospect_id: str
    values: Mapping[str, Value] = field(default_factory=dict)
    vendor_id: str | None = None

    @property
    def hash(self) -> str:
        """Return what tells this content from another one of the same key; 20 hex digits."""
        told = {name: value for name, value in self.values.items() if name not in STAMPS}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:20]

    @property
    def mark(self) -> str:
        """Return the name under which the CRM itself may know this row, so that it is never made twice."""
        return "takt-" + hashlib.sha256(f"{self.kind}\x1f{self.key}".encode()).hexdigest()[:20]


@dataclass(frozen=True)
class Outcome:
    """What became of one row.

    Attributes
    ----------
    state : str
        written: it stands in the CRM as given. removed: the CRM holds nothing of it. rejected: the CRM did not take
        it, `words` are its own. gone: the CRM has no such record (any more). kept: a person completed the task, so
        it is left as it is (said by the core, which asks `find` before it changes or removes a task).
    vendor_id : str or None
        Of a task: its id in the CRM.
    """

    state: Literal["written", "rejected", "gone", "removed", "kept"]
    vendor_id: str | None = None
    words: str = ""


@dataclass(frozen=True)
class Found:
    """What the CRM holds of a row.

    Attributes
    ----------
    same : bool
        Whether it stands there as the item has it (as the CRM writes it: cut, escaped).
    done : bool
        Of a task: a person completed it, so it is not Takt's any more.
    """

    vendor_id: str | None
    same: bool
    done: bool = False


@dataclass(frozen=True)
class Limits:
    """What the CRM takes at once: rows of one call, and letters of its long and short texts.

    Where the CRM takes rows one by one, `batch` is 1: then the ledger knows of every row.
    """

    batch: int
    long_text: int
    short_text: int = 255


@dataclass(frozen=True)
class Checked:
    """What was found before the first row: whose account it is, and which of Takt's fields it lacks (in words)."""

    account: str
    missing: tuple[str, ...] = ()


class Target(Protocol):
    """A CRM to write into.

    A failure that concerns one row is its `Outcome`. One that concerns all of them (credentials, no answer after the
    retries) is raised as one of `pipelines.sources.connected.errors`: the ledger holds what was confirmed before.
    All methods are only called with rows of one kind, at most `limits.batch` of them, and answer in the same order.
    """

    @property
    def name(self) -> str:
        """Name it as the command line does."""

    @property
    def limits(self) -> Limits:
        """Say what it takes at once."""

    def owns(self, prospect_id: str) -> bool:
        """Answer whether this is the id of a record of this CRM, by its form alone; asks nobody."""

    def check(self) -> Checked:
        """Try the credentials and look for Takt's fields; writes nothing."""

    def prepare(self) -> list[str]:
        """Create the fields that are missing, and say which; existing ones are left as they are."""

    def find(self, items: Sequence[Item]) -> list[Found | None]:
        """Read what stands there of these rows; None where nothing of Takt does."""

    def write(self, items: Sequence[Item]) -> list[Outcome]:
        """Create or update; of a record only Takt's own fields, of tasks only Takt's own."""

    def remove(self, items: Sequence[Item]) -> list[Outcome]:
        """Empty Takt's fields, or delete open tasks; what is gone already counts as removed."""

    def close(self) -> None:
        """Let go of connections."""
