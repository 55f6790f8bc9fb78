"""The difference between what should stand in the CRM and what the ledger says stands there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from pipelines.writing.fields import EMPTY, NAMES
from pipelines.writing.ledger import SENDING, Entry
from pipelines.writing.target import STAMPS, Item, Kind, Target, Value

Standing = Mapping[tuple[Kind, str], Entry]
_TOLD: Final = {"fields": NAMES, "task": ("title", "body", "due_on", "owner_id")}


@dataclass(frozen=True)
class Change:
    """One row to send, with what stood there before (empty: nothing of Takt's)."""

    action: Literal["write", "remove"]
    item: Item
    was: Mapping[str, Value]

    def differences(self) -> list[tuple[str, Value, Value]]:
        """Return (field, was, becomes) of every value that changes; the stamps that go along are left out."""
        becomes = self.item.values if self.action == "write" else {}
        names = [name for name in _TOLD[self.item.kind] if name not in STAMPS]
        told = [(name, self.was.get(name), becomes.get(name)) for name in names]
        return [row for row in told if row[1] != row[2]]


@dataclass(frozen=True)
class Plan:
    """What to send, in this order; and what not, counted.

    Attributes
    ----------
    unchanged : int
        Rows that stand in the CRM as they should.
    foreign : int
        Prospects that are no records of this CRM.
    without_owner : int
        Calls of the team's pool: a task needs somebody whose it is.
    """

    changes: list[Change]
    unchanged: int = 0
    foreign: int = 0
    without_owner: int = 0

    def counts(self) -> Counter[str]:
        """Return how many rows change each field."""
        return Counter(name for change in self.changes for name, _, _ in change.differences())


def difference(items: Iterable[Item], standing: Standing, target: Target) -> Plan:
    """Compare what should stand with what stands.

    Rows of prospects that the run does not speak of any more (closed, withdrawn) are removed: their fields emptied,
    their tasks deleted where nobody completed them. Tasks of an earlier day give way to those of this one.
    """
    wanted, foreign = {}, set()
    for item in items:
        if target.owns(item.prospect_id):
            wanted[item.kind, item.key] = item
        else:
            foreign.add(item.prospect_id)
    writes, unchanged = [], 0
    for place, item in wanted.items():
        before = standing.get(place)
        if before is not None and _as_it_should(item, before):
            unchanged += 1
            continue
        stands = before is not None and before.state == "written"
        known = before.vendor_id if stands and before is not None else None
        was = before.values if stands and before is not None else {}
        writes.append(Change("write", replace(item, vendor_id=known), was))
    removals = removing(entry for place, entry in standing.items() if place not in wanted)
    return Plan([*removals, *_fields_first(writes)], unchanged, len(foreign))


def removing(entries: Iterable[Entry]) -> list[Change]:
    """Return the removal of what stands, tasks first: nobody should still be asked to make a call without a reason."""
    rows = {
        e.place: Change("remove", Item(e.kind, e.key, e.prospect_id, _emptied(e.kind), e.vendor_id), e.values)
        for e in entries
        if e.state in ("written", SENDING)
    }.values()
    return sorted(rows, key=lambda change: (change.item.kind == "fields", change.item.key))


def _as_it_should(item: Item, before: Entry) -> bool:
    """Answer whether nothing is to be sent: it stands, a person completed it, or the CRM has no such record."""
    if before.state == "kept":
        return True
    return before.state in ("written", "gone") and before.hash == item.hash


def _emptied(kind: Kind) -> Mapping[str, Value]:
    return EMPTY if kind == "fields" else {}


def _fields_first(writes: Sequence[Change]) -> list[Change]:
    return sorted(writes, key=lambda change: (change.item.kind == "task", change.item.key))
