"""From plain rows to the events that the kernel sweeps over: what `features.algebra.streams` does for tables.

The same events for few rows that need no table: nothing was withdrawn, and every prospect has one account at most. That
both give the same features, to the last bit, is a law of the tests
(`tests/serving/routes/test_score_few.py`); what an event is, when it counts and what is made of it is told there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from features.algebra.kernel import ALWAYS
from features.time.asof import DAY
from serving.routes.score_rows import CORRECTED, Plain, Row


class NotPlain(Exception):  # noqa: N818 - nothing is wrong: the tables have to be made
    """Something that only the tables can tell, for example text where a number was declared."""


Event = tuple[int, int, int, Row, str, int]
"""Whose (a position), when it entered and when it happened (microseconds), its words and numbers, the text that orders
events of one instant, and when a correction took its place."""
WHOSE: Final = 0
ENTERED: Final = 1
OCCURRED: Final = 2
ROW: Final = 3
TIE: Final = 4
HIDDEN: Final = 5


class Account(NamedTuple):
    """The prospects of an account: their positions and since when each is known."""

    prospect: int
    known: int


class Events:
    """The events of some prospects, stream by stream.

    Parameters
    ----------
    plain : Plain
    attributes : iterable of (name, type)
        The attributes that are asked for; type is `number` or `category`.
    """

    def __init__(self, plain: Plain, attributes: Iterable[tuple[str, str]]) -> None:
        self._tables = plain.tables
        self._attributes = tuple(attributes)
        self.place = {row["prospect_id"]: i for i, row in enumerate(plain.tables["prospects"])}
        self._accounts: dict[str, list[Account]] = {}
        for i, row in enumerate(plain.tables["prospects"]):
            if (account := row.get("account_id")) is not None:
                self._accounts.setdefault(account, []).append(Account(i, row["recorded_at"]))

    def of(self, stream: str) -> list[Event]:
        """Return the events of a stream, in any order."""
        return list(_MAKERS[stream](self))

    def _touches(self) -> Iterator[Event]:
        place = self.place
        for row in self._tables["touches"]:
            occurred = row["occurred_at"]
            row["contact"], row["day"] = row["contact_id"], occurred // DAY
            entered, until = max(occurred, row["recorded_at"]), row.get(CORRECTED, ALWAYS)
            yield (place[row["prospect_id"]], entered, occurred, row, row["touch_id"], until)

    def _people(self) -> Iterator[Event]:
        who: dict[str, list[Row]] = {}
        for row in self._tables["contacts"]:
            who.setdefault(row["contact_id"], []).append(row)
        for row in self._tables["touches"]:
            contact, occurred = row.get("contact_id"), row["occurred_at"]
            for person in who[contact] if contact is not None else ():
                known = max(occurred, row["recorded_at"], person["recorded_at"])
                both = {
                    "role": person.get("role"), "seniority": person.get("seniority"), "contact": contact,
                    "direction": row["direction"], "result": row.get("result"),
                }  # fmt: skip
                until = min(row.get(CORRECTED, ALWAYS), person.get(CORRECTED, ALWAYS))
                yield (self.place[row["prospect_id"]], known, occurred, both, row["touch_id"], until)

    def _known_contacts(self) -> Iterator[Event]:
        for row in self._tables["contacts"]:
            recorded, tie, until = row["recorded_at"], row["contact_id"], row.get(CORRECTED, ALWAYS)
            person = {"role": row.get("role"), "seniority": row.get("seniority"), "contact": tie}
            if (prospect := row.get("prospect_id")) is not None:
                yield (self.place[prospect], recorded, recorded, person, tie, until)
            else:
                for mine in self._accounts.get(row.get("account_id") or "", ()):
                    known = max(recorded, mine.known)
                    yield (mine.prospect, known, known, person, tie, until)

    def _offers(self) -> Iterator[Event]:
        for row in self._tables["offers_made"]:
            occurred = row["occurred_at"]
            made = {"channel": row.get("channel"), "offer": row["offer_id"]}
            known, until = max(occurred, row["recorded_at"]), row.get(CORRECTED, ALWAYS)
            yield (self.place[row["prospect_id"]], known, occurred, made, row["offer_id"], until)

    def _answers(self) -> Iterator[Event]:
        for row in self._tables["offers_made"]:
            occurred, response = row.get("responded_at"), row.get("response")
            if response is not None and occurred is not None:
                answer = {"response": response, "offer": row["offer_id"]}
                known, until = max(occurred, row["recorded_at"]), row.get(CORRECTED, ALWAYS)
                yield (self.place[row["prospect_id"]], known, occurred, answer, row["offer_id"], until)

    def _siblings(self) -> Iterator[Event]:
        prospects = self._tables["prospects"]
        for row in self._tables["outcomes"]:
            ended = self.place[row["prospect_id"]]
            end = {"result": row["result"], "value": row.get("amount")}
            known = max(row["occurred_at"], row["recorded_at"], prospects[ended]["recorded_at"])
            for other in self._accounts.get(prospects[ended].get("account_id") or "", ()):
                if other.prospect != ended:
                    entered, until = max(known, other.known), row.get(CORRECTED, ALWAYS)
                    yield (other.prospect, entered, row["occurred_at"], end, row["prospect_id"], until)

    def _creation(self) -> Iterator[Event]:
        for i, row in enumerate(self._tables["prospects"]):
            yield (i, max(row["created_at"], row["recorded_at"]), row["created_at"], {}, "", ALWAYS)

    def _attribute_values(self) -> Iterator[Event]:
        tables = self._tables
        for name, kind in self._attributes:
            values = self._read(name, kind)
            for i, (row, value) in enumerate(zip(tables["prospects"], values["prospects"], strict=True)):
                if value is not None:
                    known = max(row["created_at"], row["recorded_at"])
                    yield (i, known, row["created_at"], {"name": name, kind: value}, "", ALWAYS)
            for row, value in zip(tables["accounts"], values["accounts"], strict=True):
                if value is not None:
                    said = {"name": name, kind: value}
                    yield from self._of_account(row["account_id"], row["recorded_at"], row["recorded_at"], (said, ""))
            changes = list(zip(tables["attribute_changes"], values["attribute_changes"], strict=True))
            for row, value in changes:
                if value is not None and row["entity"] == "prospect":
                    known = max(row["occurred_at"], row["recorded_at"])
                    said = {"name": name, kind: value}
                    yield (self.place[row["id"]], known, row["occurred_at"], said, row["value"], ALWAYS)
            for row, value in changes:
                if value is not None and row["entity"] == "account":
                    said = {"name": name, kind: value}
                    yield from self._of_account(row["id"], row["occurred_at"], row["recorded_at"], (said, row["value"]))

    def _read(self, name: str, kind: str) -> dict[str, list[Any]]:
        """Return the values of an attribute by table, each as it was declared; what is missing is None."""
        sent = {table: [row.get(name) for row in self._tables[table]] for table in ("prospects", "accounts")}
        sent["attribute_changes"] = [
            row.get("value") if row["name"] == name else None for row in self._tables["attribute_changes"]
        ]
        return {table: _typed(values, kind) for table, values in sent.items()}

    def _of_account(self, account: str, occurred: int, recorded: int, what: tuple[Row, str]) -> Iterator[Event]:
        for mine in self._accounts.get(account, ()):
            yield (mine.prospect, max(occurred, recorded, mine.known), occurred, *what, ALWAYS)


def _typed(values: list[Any], kind: str) -> list[Any]:
    """Bring the values of one column to text or numbers.

    Raises
    ------
    NotPlain
        Numbers for a category, or text that is no number.
    """
    wanted = float if kind == "number" else str
    if all(value is None or isinstance(value, wanted) for value in values):
        return values
    known = [value for value in values if value is not None]
    if kind != "number" or not all(isinstance(value, str) for value in known):
        raise NotPlain
    # pandas reads numbers in text in its own way, and the daily run has read them so
    numbers = pd.to_numeric(np.array(known, dtype=object), errors="coerce").astype("float64").tolist()
    if any(math.isnan(number) for number in numbers):
        raise NotPlain
    read = iter(numbers)
    return [None if value is None else next(read) for value in values]


_MAKERS: Final[Mapping[str, Callable[[Events], Iterator[Event]]]] = {
    "touches": Events._touches,
    "people": Events._people,
    "known_contacts": Events._known_contacts,
    "offers": Events._offers,
    "answers": Events._answers,
    "siblings": Events._siblings,
    "creation": Events._creation,
    "attributes": Events._attribute_values,
}
