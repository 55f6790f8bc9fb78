"""Salesforce: opportunities and leads get Takt's fields, calls of the day become tasks of their owners.

By the vendor's public documentation (REST API Developer Guide, "sObject Collections": 200 records, `allOrNone` false,
one result per record in the order given; "Upsert Records Using sObject Collections"; Tooling API, "CustomField"). Tasks
are upserted by the external id `Takt_Key__c`, so that none is made twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from pipelines.sources.connected.errors import SourceRejected
from pipelines.writing import salesforce_setup, words
from pipelines.writing.asking import Api, one_by_one
from pipelines.writing.fields import FIELDS
from pipelines.writing.owners import Owners
from pipelines.writing.salesforce_setup import KEY, OBJECTS, SalesforceWriting, name_of
from pipelines.writing.target import Checked, Found, Item, Limits, Outcome

_CONTACT: Final = "003"
_DELETED: Final = frozenset({"ENTITY_IS_DELETED", "NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY"})
_TASK: Final = ("Subject", "Description", "ActivityDate", "OwnerId", "WhatId", "WhoId")
_SHORT_ID, _LONG_ID = 15, 18


class Salesforce:
    """Fulfils `pipelines.writing.target.Target`."""

    name: Final = "salesforce"
    limits: Final = Limits(batch=200, long_text=32_000, short_text=255)

    def __init__(self, settings: SalesforceWriting | None = None) -> None:
        self._settings = settings or SalesforceWriting()
        self._data = f"/services/data/v{self._settings.api_version}"
        self._owners = Owners(self._users)

    @cached_property
    def _api(self) -> Api:
        return self._settings.api()

    def owns(self, prospect_id: str) -> bool:
        """Answer whether it is the id of an object that is written into, by its first three letters."""
        fits = len(prospect_id) in (_SHORT_ID, _LONG_ID) and prospect_id.isalnum()
        return fits and OBJECTS.get(prospect_id[:3]) in self._settings.objects

    def check(self) -> Checked:
        """Ask whose organisation it is, and which of Takt's fields this user may write."""
        rows = self._query("SELECT Id FROM Organization")
        missing = salesforce_setup.missing(self._api, self._data, self._settings.objects)
        return Checked(str(rows[0]["Id"]), tuple(f"field {one}" for one in missing))

    def prepare(self) -> list[str]:
        """Create the fields and the permission set that lets this user write them."""
        return salesforce_setup.prepare(self._api, self._data, self._settings.objects)

    def find(self, items: Sequence[Item]) -> list[Found | None]:
        """Read fields by record, or tasks by their external id."""
        return self._find_tasks(items) if items[0].kind == "task" else self._find_fields(items)

    def write(self, items: Sequence[Item]) -> list[Outcome]:
        """Update records, or upsert tasks."""
        if items[0].kind == "task":
            return self._owners.only_owned(items, lambda owned: one_by_one(owned, self._write_tasks, _said))
        return one_by_one(items, self._write_fields, _said)

    def remove(self, items: Sequence[Item]) -> list[Outcome]:
        """Empty the fields, or delete the tasks."""
        if items[0].kind == "task":
            return self._delete(items)
        outcomes = one_by_one(items, self._write_fields, _said)
        return [Outcome("removed") if outcome.state == "written" else outcome for outcome in outcomes]

    def close(self) -> None:
        """Nothing is held open."""

    def _write_fields(self, items: Sequence[Item]) -> list[Outcome]:
        records = [
            {"attributes": {"type": OBJECTS[i.prospect_id[:3]]}, "id": i.prospect_id, **self._values(i)} for i in items
        ]
        return self._collection("", records)

    def _write_tasks(self, items: Sequence[Item]) -> list[Outcome]:
        records = [{"attributes": {"type": "Task"}, KEY: item.mark, **self._task(item)} for item in items]
        return self._collection(f"/Task/{KEY}", records)

    def _collection(self, below: str, records: Sequence[Mapping[str, Any]]) -> list[Outcome]:
        body = {"allOrNone": False, "records": list(records)}
        answer = self._api.ask(f"{self._data}/composite/sobjects{below}", json=body, method="PATCH", expect=list)
        return [_outcome(row) for row in answer]

    def _delete(self, items: Sequence[Item]) -> list[Outcome]:
        params = {"ids": ",".join(str(item.vendor_id) for item in items), "allOrNone": "false"}
        path = f"{self._data}/composite/sobjects"
        outcomes = [_outcome(row) for row in self._api.ask(path, params=params, method="DELETE", expect=list)]
        return [
            Outcome("removed", item.vendor_id) if outcome.state in ("written", "gone") else outcome
            for item, outcome in zip(items, outcomes, strict=True)
        ]

    def _find_fields(self, items: Sequence[Item]) -> list[Found | None]:
        names = [name_of(field) for field in FIELDS]
        there: dict[str, Mapping[str, Any]] = {}
        for kind in {OBJECTS[item.prospect_id[:3]] for item in items}:
            ids = [item.prospect_id for item in items if OBJECTS[item.prospect_id[:3]] == kind]
            path = f"{self._data}/composite/sobjects/{kind}"
            rows = self._api.ask(path, json={"ids": ids, "fields": names}, expect=list)
            there |= {one: row for one, row in zip(ids, rows, strict=True) if row is not None}
        return [
            Found(None, _same(self._values(i), there[i.prospect_id])) if i.prospect_id in there else None
            for i in items
        ]  # fmt: skip

    def _find_tasks(self, items: Sequence[Item]) -> list[Found | None]:
        marks = ", ".join(f"'{item.mark}'" for item in items)
        rows = self._query(f"SELECT Id, {KEY}, {', '.join(_TASK)}, IsClosed FROM Task WHERE {KEY} IN ({marks})")
        there = {row[KEY]: row for row in rows}
        return [self._found(item, there[item.mark]) if item.mark in there else None for item in items]

    def _found(self, item: Item, row: Mapping[str, Any]) -> Found:
        if not item.values or len(self._owners.ids(str(item.values["owner_id"]))) != 1:
            return Found(str(row["Id"]), False, bool(row["IsClosed"]))
        wanted = {name: value for name, value in self._task(item).items() if name in _TASK}
        return Found(str(row["Id"]), _same(wanted, row), bool(row["IsClosed"]))

    def _users(self) -> Iterator[tuple[str, list[str]]]:
        for row in self._query("SELECT Id, Name, Email, Username FROM User WHERE IsActive = true"):
            yield str(row["Id"]), [str(row[name]) for name in ("Name", "Email", "Username") if row.get(name)]

    def _query(self, soql: str) -> list[dict[str, Any]]:
        answer = self._api.ask(f"{self._data}/query", params={"q": soql})
        rows: list[dict[str, Any]] = list(answer["records"])
        while not answer["done"]:
            answer = self._api.ask(answer["nextRecordsUrl"])
            rows += answer["records"]
        return rows

    def _values(self, item: Item) -> dict[str, Any]:
        told = {name_of(f): words.fit(f, item.values.get(f.name), self.limits) for f in FIELDS}
        score = item.values.get("score")
        # a percent field holds 38 for 38 %
        return told | ({name_of(FIELDS[0]): round(100 * score, 1)} if isinstance(score, float) else {})

    def _task(self, item: Item) -> dict[str, Any]:
        said = {name: str(value) for name, value in item.values.items() if value is not None}
        person = said.get("contact_id", "")
        lead = OBJECTS[item.prospect_id[:3]] == "Lead"
        told: dict[str, Any] = {
            "Subject": words.cut(said["title"], self.limits.short_text),
            "Description": words.cut(said["body"], self.limits.long_text),
            "ActivityDate": said["due_on"],
            "OwnerId": self._owners.id_of(item),
            "WhoId": item.prospect_id if lead else person if person.startswith(_CONTACT) else None,
            "WhatId": None if lead else item.prospect_id,
        }
        # what kind of task it is can only be said when it is made
        return told if item.vendor_id or said.get("channel") != "phone" else told | {"TaskSubtype": "Call"}


def _outcome(row: Mapping[str, Any]) -> Outcome:
    if row["success"]:
        return Outcome("written", str(row["id"]))
    errors = row.get("errors") or []
    told = "; ".join(f"{error.get('statusCode')}: {error.get('message')}" for error in errors)
    gone = any(error.get("statusCode") in _DELETED for error in errors)
    return Outcome("gone" if gone else "rejected", words=told or "no reason given")


def _said(error: SourceRejected) -> str:
    rows = error.body if isinstance(error.body, list) else [error.body]
    return "; ".join(f"{r.get('errorCode')}: {r.get('message')}" if isinstance(r, dict) else str(r) for r in rows)


def _same(wanted: Mapping[str, Any], has: Mapping[str, Any]) -> bool:
    return all(value == has.get(name) for name, value in wanted.items())
