"""Tryton: opportunities get their conversion probability and a note of Takt's, calls of the day are notes to do.

Tryton has no fields of our own without a module, and in these modules no tasks. So the chance goes where Tryton's
forecasts look for it, and everything else into notes of the opportunity (`ir.note`), which people see as unread. A
note cannot be changed in Tryton; one that says something new takes the place of the one before, in the same
transaction as the chance. Each ends with a mark, by which it is found again whatever became of our ledger.

The probability that stood there before is kept in the note and comes back when Takt is switched off. One that a person
has put in the place of Takt's is never overwritten.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pipelines.sources.connected.errors import SourceRejected
from pipelines.sources.tryton.rest import Record, Rest, TrytonSettings
from pipelines.writing import words
from pipelines.writing.target import Checked, Found, Item, Limits, Outcome

MODEL: Final = "sale.opportunity"
CHANCE: Final = "conversion_probability"
FIELDS: Final = ("state", CHANCE, "notes.message")
CLOSED: Final = ("won", "lost", "cancelled")
"""States in which Tryton lets nobody change the probability."""
BEFORE: Final = "Probability before Takt"
_VERSIONS: Final = "By"
_TOLD: Final = (("next_action", "Next"), ("reasons", "Why"), ("state", "State"), ("link", "More"))
_DIGITS: Final = 3
"""Digits of the probability that are written, as many as the note shows; Tryton keeps four."""


class Tryton:
    """Fulfils `pipelines.writing.target.Target`."""

    name: Final = "tryton"
    limits: Final = Limits(batch=1, long_text=20_000)

    def __init__(self, settings: TrytonSettings | None = None) -> None:
        self._rest = Rest(settings)

    def owns(self, prospect_id: str) -> bool:
        """Answer whether it is an opportunity's id: digits."""
        return prospect_id.isascii() and prospect_id.isdecimal()

    def check(self) -> Checked:
        """Ask whose database it is; there are no fields to make."""
        self._rest.require(MODEL, FIELDS)
        companies = [row for rows in self._rest.search("company.company", ["party.name"]) for row in rows]
        return Checked(", ".join(f"{row['party']['name']} (company {row['id']})" for row in companies))

    def prepare(self) -> list[str]:
        """Make nothing: what is written has its place in every Tryton."""
        return []

    def find(self, items: Sequence[Item]) -> list[Found | None]:
        """Look for the note with the row's mark, and whether it and the probability are as they should be."""
        return [self._find(item) for item in items]

    def write(self, items: Sequence[Item]) -> list[Outcome]:
        """Put the chance and the note in their places, or the note of a call."""
        return [self._settle(item, remove=False) for item in items]

    def remove(self, items: Sequence[Item]) -> list[Outcome]:
        """Delete the note, and set the probability back if it is still the one of Takt."""
        return [self._settle(item, remove=True) for item in items]

    def close(self) -> None:
        """Nothing is held open."""

    def _record(self, item: Item) -> Record | None:
        found = self._rest.at(MODEL, FIELDS, [int(item.prospect_id)], moment=None)
        return found[0] if found else None

    def _find(self, item: Item) -> Found | None:
        record = self._record(item)
        own = _own(record, item)
        if record is None or not own:
            return None
        wanted = _text(item, record, own)
        same = len(own) == 1 and _lasting(own[0]["message"]) == _lasting(wanted)
        chance = item.kind == "task" or _as_wanted(item, record, own)
        return Found(str(own[0]["id"]) if item.kind == "task" else None, bool(item.values) and same and chance)

    def _settle(self, item: Item, *, remove: bool) -> Outcome:
        """Make one record as it should be, in one transaction of Tryton's."""
        record = self._record(item)
        if record is None:
            return Outcome("removed" if remove else "gone", words="Tryton has no such opportunity, or shows it not")
        own = _own(record, item)
        notes: list[Any] = [["delete", [note["id"] for note in own]]] if own else []
        if not remove:
            notes.append(["create", [{"message": _text(item, record, own)}]])
        values = {**({"notes": notes} if notes else {}), **_chance(item, record, own, remove=remove)}
        try:
            if values:
                self._rest.put(MODEL, record["id"], values)
        except SourceRejected as error:
            return Outcome("gone" if error.status == 404 else "rejected", words=_said(error))
        if remove:
            return Outcome("removed", item.vendor_id)
        return Outcome("written", self._id_of(item) if item.kind == "task" else None)

    def _id_of(self, item: Item) -> str | None:
        return next((str(note["id"]) for note in _own(self._record(item), item)), None)


def _own(record: Record | None, item: Item) -> list[Record]:
    """Return the notes that are this row's, by their mark; one, unless a write was repeated."""
    notes = record["notes"] or [] if record is not None else []
    return [note for note in notes if str(note["message"]).rstrip().endswith(item.mark)]


def _text(item: Item, record: Record, own: Sequence[Record]) -> str:
    if item.kind == "task":
        said = {name: str(value) for name, value in item.values.items() if value is not None}
        lines = [
            f"Takt, to do on {said.get('due_on')}: {said.get('title', '')}",
            words.cut(said.get("body", ""), Tryton.limits.long_text),
            f"For {said.get('owner_id', 'nobody in particular')}",
        ]
        return "\n".join([*lines, item.mark])
    values = item.values
    score, grade = values.get("score"), values.get("grade")
    lines = [f"Takt: {score:.1%}, grade {grade}" if isinstance(score, float) else "Takt: no chance said"]
    for name, label in _TOLD:
        told = values.get(name)
        if told and not (name == "state" and told == "scored"):
            text = words.cut(str(told), Tryton.limits.long_text)
            lines.append(f"{label}:\n{text}" if "\n" in text else f"{label}: {text}")
    lines += [f"{_VERSIONS}: {values.get('versions')}", f"{BEFORE}: {_before(record, own)}", item.mark]
    return "\n".join(lines)


def _lasting(text: str) -> list[str]:
    """Return the lines that are a change when they differ: all but the versions, which differ every day."""
    return [line.rstrip() for line in text.splitlines() if not line.startswith(f"{_VERSIONS}: ")]


def _before(record: Record, own: Sequence[Record]) -> float:
    """Return the probability that stood there before Takt wrote one."""
    told = (re.search(rf"^{BEFORE}: ([0-9.e-]+)$", str(note["message"]), re.MULTILINE) for note in own)
    return next((float(found.group(1)) for found in told if found), float(record[CHANCE]))


def _written(own: Sequence[Record]) -> float | None:
    """Return the probability that Takt's note says; None where it says none."""
    told = (re.match(r"Takt: ([0-9.]+)%", str(note["message"])) for note in own)
    return next((round(float(found.group(1)) / 100, _DIGITS) for found in told if found), None)


def _wanted(item: Item, record: Record, own: Sequence[Record], *, remove: bool) -> float:
    """Return the probability that should stand there.

    A number that somebody has put in the place of Takt's is theirs and stays, until they delete Takt's note.
    """
    now, before = float(record[CHANCE]), _before(record, own)
    last = _written(own)
    if own and not _equal(now, before if last is None else last):
        return now
    score = item.values.get("score")
    return round(score, _DIGITS) if isinstance(score, float) and not remove else before


def _as_wanted(item: Item, record: Record, own: Sequence[Record]) -> bool:
    return _equal(float(record[CHANCE]), _wanted(item, record, own, remove=False))


def _chance(item: Item, record: Record, own: Sequence[Record], *, remove: bool) -> Mapping[str, float]:
    """Return the probability to write; nothing where it stands there already, or belongs to the past."""
    if item.kind == "task" or (remove and record["state"] in CLOSED):
        return {}
    wanted = _wanted(item, record, own, remove=remove)
    return {} if _equal(float(record[CHANCE]), wanted) else {CHANCE: wanted}


def _equal(one: float, other: float) -> bool:
    return math.isclose(one, other, abs_tol=10**-_DIGITS / 2)


def _said(error: SourceRejected) -> str:
    body = error.body
    return str(body.get("message", body)) if isinstance(body, dict) else str(body)
