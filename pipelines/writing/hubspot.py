"""HubSpot: deals get Takt's properties, calls of the day become tasks of their owners.

By the vendor's public documentation (CRM API v3, "Deals", "Tasks", "Properties", "Error handling"; associations v4):
batches of 100; a batch is answered 200, or 207 with the errors of single rows; a batch with a value that is not valid
is answered 400 as a whole. Tasks are upserted by the unique property `takt_key`, so that none is made twice.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from pipelines.sources.connected.auth import Token
from pipelines.sources.connected.errors import SourceRejected
from pipelines.sources.connected.settings import ConnectionSettings
from pipelines.sources.hubspot.api import used_up
from pipelines.writing import words
from pipelines.writing.asking import Api, one_by_one
from pipelines.writing.fields import FIELDS, Field
from pipelines.writing.owners import Owners
from pipelines.writing.target import Checked, Found, Item, Limits, Outcome, Value

KEY: Final = "takt_key"
GROUP: Final = "takt"
_TYPES: Final = {
    "share": ("number", "number"), "day": ("date", "date"), "link": ("string", "text"), "text": ("string", "text"),
    "long": ("string", "textarea"),
}  # fmt: skip
_TASK_TYPES: Final = {"phone": "CALL", "email": "EMAIL"}
_OBJECTS: Final = "/crm/v3/objects"
_DEALS, _TASKS = f"{_OBJECTS}/deals/batch", f"{_OBJECTS}/tasks/batch"
_ASSOCIATIONS: Final = "/crm/v4/associations/tasks"


class HubspotWriting(ConnectionSettings):
    """Settings from `TAKT_HUBSPOT_...`; `write_token` is used where reading has a token that may not write."""

    model_config = SettingsConfigDict(env_prefix="TAKT_HUBSPOT_")

    url: str = "https://api.hubapi.com"
    token: SecretStr = SecretStr("")
    write_token: SecretStr = SecretStr("")


class Hubspot:
    """Fulfils `pipelines.writing.target.Target`."""

    name: Final = "hubspot"
    limits: Final = Limits(batch=100, long_text=65_536, short_text=1_000)

    def __init__(self, settings: HubspotWriting | None = None) -> None:
        given = settings or HubspotWriting()
        token = given.write_token if given.write_token.get_secret_value() else given.token
        self.url = given.url
        self._api = Api(self.name, given, Token(token), hopeless=used_up)
        self._owners = Owners(self._users)

    def owns(self, prospect_id: str) -> bool:
        """Answer whether it is a deal's id: digits."""
        return prospect_id.isascii() and prospect_id.isdecimal()

    def check(self) -> Checked:
        """Ask whose account it is and which properties it has."""
        account = str(self._api.ask("/account-info/v3/details")["portalId"])
        missing = [*(f"property {_name(f)} of deals" for f in self._lacking()), *self._lacking_key()]
        return Checked(account, tuple(missing))

    def prepare(self) -> list[str]:
        """Create a group of properties of deals, those that are missing, and the unique key of tasks."""
        made = []
        if lacking := self._lacking():
            try:
                self._api.ask("/crm/v3/properties/deals/groups", json={"name": GROUP, "label": "Takt"})
            except SourceRejected as error:
                if error.status != 409:  # it is there already
                    raise
            answer = self._api.ask(
                "/crm/v3/properties/deals/batch/create", json={"inputs": [_property(f) for f in lacking]}
            )
            made += [f"property {row['name']} of deals" for row in answer["results"]]
        if lacking_key := self._lacking_key():
            about = {"name": KEY, "label": "Takt key", "groupName": "task", "type": "string", "fieldType": "text"}
            says = "Names a task that Takt made, so that it is never made twice."
            self._api.ask("/crm/v3/properties/tasks", json=about | {"hasUniqueValue": True, "description": says})
            made += lacking_key
        return made

    def find(self, items: Sequence[Item]) -> list[Found | None]:
        """Read the properties of deals, or tasks by their key."""
        return self._find_tasks(items) if items[0].kind == "task" else self._find_fields(items)

    def write(self, items: Sequence[Item]) -> list[Outcome]:
        """Update deals, or upsert tasks and tie them to their deals."""
        if items[0].kind == "task":
            return self._owners.only_owned(items, lambda owned: one_by_one(owned, self._write_tasks, _said))
        return one_by_one(items, self._write_fields, _said)

    def remove(self, items: Sequence[Item]) -> list[Outcome]:
        """Empty the properties, or archive the tasks."""
        if items[0].kind == "task":
            self._archive([item.vendor_id for item in items if item.vendor_id])
            return [Outcome("removed", item.vendor_id) for item in items]
        outcomes = one_by_one(items, self._write_fields, _said)
        return [Outcome("removed") if outcome.state == "written" else outcome for outcome in outcomes]

    def close(self) -> None:
        """Nothing is held open."""

    def _lacking(self) -> list[Field]:
        there = {row["name"] for row in self._api.ask("/crm/v3/properties/deals")["results"]}
        return [field for field in FIELDS if _name(field) not in there]

    def _lacking_key(self) -> list[str]:
        there = {row["name"] for row in self._api.ask("/crm/v3/properties/tasks")["results"]}
        return [] if KEY in there else [f"unique property {KEY} of tasks"]

    def _users(self) -> Iterator[tuple[str, list[str]]]:
        after: str | None = ""
        while after is not None:
            answer = self._api.ask("/crm/v3/owners", params={"limit": 500} | ({"after": after} if after else {}))
            for row in answer["results"]:
                name = " ".join(part for part in (row.get("firstName"), row.get("lastName")) if part)
                yield str(row["id"]), [part for part in (row.get("email"), name) if part]
            after = answer.get("paging", {}).get("next", {}).get("after")

    def _write_fields(self, items: Sequence[Item]) -> list[Outcome]:
        inputs = [
            {"id": i.prospect_id, "properties": self._properties(i), "objectWriteTraceId": i.prospect_id}
            for i in items
        ]  # fmt: skip
        answer = self._api.ask(f"{_DEALS}/update", json={"inputs": inputs})
        done = {str(row["id"]): None for row in answer["results"]}
        return _outcomes([item.prospect_id for item in items], done, answer)

    def _write_tasks(self, items: Sequence[Item]) -> list[Outcome]:
        inputs = [
            {"id": i.mark, "idProperty": KEY, "properties": self._task(i), "objectWriteTraceId": i.mark} for i in items
        ]
        answer = self._api.ask(f"{_TASKS}/upsert", json={"inputs": inputs})
        ids = {row["properties"][KEY]: str(row["id"]) for row in answer["results"]}
        outcomes = _outcomes([item.mark for item in items], ids, answer)
        made = [(i, o) for i, o in zip(items, outcomes, strict=True) if o.state == "written"]
        loose = self._tie(made, "deals", {i.mark: i.prospect_id for i in items})
        self._tie(made, "contacts", {i.mark: str(i.values.get("contact_id") or "") for i in items})
        self._archive([o.vendor_id for i, o in made if i.mark in loose and o.vendor_id])
        return [loose.get(item.mark, outcome) for item, outcome in zip(items, outcomes, strict=True)]

    def _tie(
        self, made: Sequence[tuple[Item, Outcome]], to: str, ids: Mapping[str, str]
    ) -> dict[str, Outcome]:  # fmt: skip
        """Tie tasks to records, which twice is as good as once; return what became of those that could not be."""
        pairs = [(i, str(o.vendor_id)) for i, o in made if ids[i.mark].isdecimal()]
        if not pairs:
            return {}
        inputs = [{"from": {"id": task}, "to": {"id": ids[i.mark]}} for i, task in pairs]
        answer = self._api.ask(f"{_ASSOCIATIONS}/{to}/batch/associate/default", json={"inputs": inputs})
        tied = {str(row["from"]["id"]): None for row in answer["results"]}
        outcomes = _outcomes([ids[i.mark] for i, _ in pairs], {}, answer)
        return {i.mark: o for (i, task), o in zip(pairs, outcomes, strict=True) if task not in tied}

    def _archive(self, ids: Sequence[str]) -> None:
        if ids:
            self._api.ask(f"{_TASKS}/archive", json={"inputs": [{"id": one} for one in ids]})

    def _find_fields(self, items: Sequence[Item]) -> list[Found | None]:
        inputs = [{"id": item.prospect_id} for item in items]
        names = [_name(field) for field in FIELDS]
        answer = self._api.ask(f"{_DEALS}/read", json={"properties": names, "inputs": inputs})
        there = {str(row["id"]): row["properties"] for row in answer["results"]}
        return [
            Found(None, _same(self._properties(i), there[i.prospect_id])) if i.prospect_id in there else None
            for i in items
        ]  # fmt: skip

    def _find_tasks(self, items: Sequence[Item]) -> list[Found | None]:
        asked = {"idProperty": KEY, "inputs": [{"id": item.mark} for item in items]}
        names = [KEY, "hs_task_subject", "hs_task_body", "hs_timestamp", "hubspot_owner_id", "hs_task_status"]
        answer = self._api.ask(f"{_TASKS}/read", json=asked | {"properties": names})
        there = {row["properties"][KEY]: row for row in answer["results"]}
        tied = self._tied([str(row["id"]) for row in there.values()])
        return [self._found(i, there[i.mark], tied) if i.mark in there else None for i in items]

    def _found(self, item: Item, row: Mapping[str, Any], tied: set[tuple[str, str]]) -> Found:
        has, one = row["properties"], str(row["id"])
        done = has.get("hs_task_status") == "COMPLETED"
        if not item.values or len(self._owners.ids(str(item.values["owner_id"]))) != 1:
            return Found(one, False, done)
        wanted = {name: value for name, value in self._task(item).items() if name in has and name != "hs_task_status"}
        return Found(one, (one, item.prospect_id) in tied and _same(wanted, has), done)

    def _tied(self, tasks: Sequence[str]) -> set[tuple[str, str]]:
        if not tasks:
            return set()
        answer = self._api.ask(f"{_ASSOCIATIONS}/deals/batch/read", json={"inputs": [{"id": one} for one in tasks]})
        return {(str(row["from"]["id"]), str(to["toObjectId"])) for row in answer["results"] for to in row["to"]}

    def _properties(self, item: Item) -> dict[str, Any]:
        return {_name(f): _value(words.fit(f, item.values.get(f.name), self.limits)) for f in FIELDS}

    def _task(self, item: Item) -> dict[str, str]:
        """Return a task's properties; the state only of a new one, for a person may have changed it since."""
        said = {name: str(value) for name, value in item.values.items() if value is not None}
        told = {
            "hs_task_subject": words.cut(said["title"], self.limits.short_text),
            "hs_task_body": words.rich(said["body"], self.limits.long_text),
            "hs_timestamp": said["due_at"].replace("+00:00", "Z"),
            "hubspot_owner_id": self._owners.id_of(item),
            "hs_task_type": _TASK_TYPES.get(said.get("channel", ""), "TODO"),
        }
        return told if item.vendor_id else told | {"hs_task_status": "NOT_STARTED"}


def _name(field: Field) -> str:
    return f"takt_{field.name}"


def _property(field: Field) -> dict[str, Any]:
    kind, looks = _TYPES[field.form]
    about = {"name": _name(field), "label": field.label, "description": field.says, "groupName": GROUP}
    hint = {"numberDisplayHint": "percentage"} if field.form == "share" else {}
    return about | {"type": kind, "fieldType": looks} | hint


def _value(value: Value) -> str:
    """Write a value as HubSpot reads it; an empty text empties a property."""
    return "" if value is None else str(value)


def _outcomes(ids: Sequence[str], done: Mapping[str, str | None], answer: Mapping[str, Any]) -> list[Outcome]:
    """Answer row by row; an error that names no row concerns all that have no answer of their own."""
    told: dict[str, Outcome] = {}
    other = Outcome("rejected", words="no answer for this row")
    for error in answer.get("errors") or []:
        gone = error.get("category") == "OBJECT_NOT_FOUND"
        outcome = Outcome("gone" if gone else "rejected", words=str(error.get("message", error)))
        named = list(_named(error.get("context") or {}))
        told |= dict.fromkeys(named, outcome)
        other = other if named else outcome
    return [Outcome("written", done[one]) if one in done else told.get(one, other) for one in ids]


def _named(context: Mapping[str, Any]) -> Iterable[str]:
    for name in ("objectWriteTraceId", "ids", "id", "toObjectId"):
        values = context.get(name) or []
        yield from map(str, values if isinstance(values, list) else [values])


def _said(error: SourceRejected) -> str:
    body = error.body
    return str(body.get("message", body)) if isinstance(body, dict) else str(body)


def _same(wanted: Mapping[str, Any], has: Mapping[str, Any]) -> bool:
    return all(_plainly(value) == _plainly(has.get(name)) for name, value in wanted.items())


def _plainly(value: Any) -> Any:
    """Return what two ways of writing the same value have in common: numbers, moments, texts with or without tags."""
    text = "" if value is None else str(value)
    try:
        return float(text)
    except ValueError:
        return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).replace(".000Z", "Z").split())
