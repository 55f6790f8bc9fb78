"""Pipedrive: deals get Takt's custom fields, calls of the day become activities of their owners.

By the vendor's public documentation (API v2: "Deals", "Activities", "DealFields"; "Custom fields"): rows one by one,
a custom field is known by a random key of the account. Activities have neither custom fields nor a key of idempotence:
each carries its mark in the note, and where no answer came it is looked for before it is sent again.
"""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from pipelines.sources.connected.auth import Token
from pipelines.sources.connected.errors import SourceRejected, SourceUnavailable
from pipelines.sources.connected.settings import ConnectionSettings
from pipelines.writing import words
from pipelines.writing.asking import Api, one_by_one
from pipelines.writing.errors import FieldsMissing, Stopped
from pipelines.writing.fields import FIELDS, Field
from pipelines.writing.owners import Owners
from pipelines.writing.target import Checked, Found, Item, Limits, Outcome

_TYPES: Final = {"share": "double", "day": "date", "link": "varchar", "text": "varchar", "long": "text"}
_ACTIVITIES: Final = {"phone": "call", "email": "email", "in_person": "meeting"}
_TRIES: Final = 5
_GONE: Final = (404, 410)


class PipedriveWriting(ConnectionSettings):
    """Settings from `TAKT_PIPEDRIVE_...`; `url` is https://COMPANY.pipedrive.com."""

    model_config = SettingsConfigDict(env_prefix="TAKT_PIPEDRIVE_")

    url: str = "https://api.pipedrive.com"
    token: SecretStr = SecretStr("")
    write_token: SecretStr = SecretStr("")


class Pipedrive:
    """Fulfils `pipelines.writing.target.Target`."""

    name: Final = "pipedrive"
    limits: Final = Limits(batch=1, long_text=65_000, short_text=255)

    def __init__(self, settings: PipedriveWriting | None = None) -> None:
        given = settings or PipedriveWriting()
        token = given.write_token if given.write_token.get_secret_value() else given.token
        self._api = Api(self.name, given, Token(token, header="x-api-token", scheme=""))
        self._keys: dict[str, str] = {}
        self._owners = Owners(self._users)

    def owns(self, prospect_id: str) -> bool:
        """Answer whether it is a deal's id: digits."""
        return prospect_id.isascii() and prospect_id.isdecimal()

    def check(self) -> Checked:
        """Ask whose account it is and which custom fields its deals have."""
        account = str(self._api.ask("/api/v1/users/me")["data"]["company_id"])
        return Checked(account, tuple(f"deal field {field.label!r}" for field in self._lacking()))

    def prepare(self) -> list[str]:
        """Create the custom fields of deals that are missing."""
        made = []
        for field in self._lacking():
            about = {"field_name": field.label, "field_type": _TYPES[field.form]}
            self._api.ask("/api/v2/dealFields", json=about, repeatable=False)
            made.append(f"deal field {field.label!r}")
        return made

    def find(self, items: Sequence[Item]) -> list[Found | None]:
        """Read a deal's custom fields, or an activity by its id or its mark."""
        return [self._find_activity(i) if i.kind == "task" else self._find_fields(i) for i in items]

    def write(self, items: Sequence[Item]) -> list[Outcome]:
        """Set the custom fields of a deal, or make or change an activity."""
        if items[0].kind == "task":
            return self._owners.only_owned(items, lambda owned: one_by_one(owned, self._write_activities, _said))
        return one_by_one(items, self._write_fields, _said)

    def remove(self, items: Sequence[Item]) -> list[Outcome]:
        """Empty the custom fields, or delete the activity."""
        if items[0].kind == "task":
            return [self._delete(item) for item in items]
        outcomes = one_by_one(items, self._write_fields, _said)
        return [Outcome("removed") if outcome.state == "written" else outcome for outcome in outcomes]

    def close(self) -> None:
        """Nothing is held open."""

    def _users(self) -> Iterator[tuple[str, list[str]]]:
        for row in self._api.ask("/api/v1/users")["data"]:
            if row.get("active_flag", True):
                yield str(row["id"]), [str(row[name]) for name in ("email", "name") if row.get(name)]

    def _lacking(self) -> list[Field]:
        self._keys = {}
        labels = {field.label: field.name for field in FIELDS}
        cursor: str | None = ""
        while cursor is not None:
            params = {"limit": 500} | ({"cursor": cursor} if cursor else {})
            answer = self._api.ask("/api/v2/dealFields", params=params)
            for row in answer["data"]:
                if row["field_name"] in labels and row.get("is_custom_field", True):
                    self._keys[labels[row["field_name"]]] = row["field_code"]
            cursor = (answer.get("additional_data") or {}).get("next_cursor")
        return [field for field in FIELDS if field.name not in self._keys]

    def _custom(self, item: Item) -> dict[str, Any]:
        if not self._keys and (lacking := self._lacking()):
            raise FieldsMissing(f"pipedrive: there is no deal field {lacking[0].label!r}; prepare the account first.")
        return {self._keys[f.name]: words.fit(f, item.values.get(f.name), self.limits) for f in FIELDS}

    def _write_fields(self, items: Sequence[Item]) -> list[Outcome]:
        for item in items:
            path = f"/api/v2/deals/{item.prospect_id}"
            self._api.ask(path, json={"custom_fields": self._custom(item)}, method="PATCH")
        return [Outcome("written") for _ in items]

    def _find_fields(self, item: Item) -> Found | None:
        row = self._read(f"/api/v2/deals/{item.prospect_id}")
        if row is None or row.get("is_deleted"):
            return None
        has = row.get("custom_fields") or {}
        return Found(None, all(has.get(key) == value for key, value in self._custom(item).items()))

    def _write_activities(self, items: Sequence[Item]) -> list[Outcome]:
        return [self._change(item, item.vendor_id) if item.vendor_id else self._make(item) for item in items]

    def _change(self, item: Item, known: str) -> Outcome:
        self._api.ask(f"/api/v2/activities/{known}", json=self._activity(item), method="PATCH")
        return Outcome("written", known)

    def _make(self, item: Item) -> Outcome:
        """Make an activity once: after a try without an answer it is looked for before the next one."""
        for left in reversed(range(_TRIES)):
            try:
                answer = self._api.ask("/api/v2/activities", json=self._activity(item), repeatable=False)
            except Stopped as error:
                if not left or not isinstance(error.__cause__, SourceUnavailable):
                    raise
                if (found := self._find_activity(item)) is not None:
                    return Outcome("written", found.vendor_id)
            else:
                return Outcome("written", str(answer["data"]["id"]))
        raise AssertionError("unreachable: the last try answers or raises")

    def _delete(self, item: Item) -> Outcome:
        try:
            self._api.ask(f"/api/v2/activities/{item.vendor_id}", method="DELETE")
        except SourceRejected as error:
            if error.status not in _GONE:
                return Outcome("rejected", item.vendor_id, _said(error))
        return Outcome("removed", item.vendor_id)

    def _find_activity(self, item: Item) -> Found | None:
        row = self._read(f"/api/v2/activities/{item.vendor_id}") if item.vendor_id else self._marked(item)
        if row is None or row.get("is_deleted"):
            return None
        if not item.values or len(self._owners.ids(str(item.values["owner_id"]))) != 1:
            return Found(str(row["id"]), False, bool(row.get("done")))
        wanted = self._activity(item)
        same = all(_plainly(row.get(name)) == _plainly(value) for name, value in wanted.items())
        return Found(str(row["id"]), same, bool(row.get("done")))

    def _marked(self, item: Item) -> Mapping[str, Any] | None:
        cursor: str | None = ""
        while cursor is not None:
            params = {"deal_id": item.prospect_id, "limit": 500} | ({"cursor": cursor} if cursor else {})
            answer = self._api.ask("/api/v2/activities", params=params)
            for row in answer["data"]:
                if item.mark in (row.get("note") or ""):
                    return dict(row)
            cursor = (answer.get("additional_data") or {}).get("next_cursor")
        return None

    def _read(self, path: str) -> Mapping[str, Any] | None:
        try:
            return dict(self._api.ask(path)["data"])
        except SourceRejected as error:
            if error.status in _GONE:
                return None
            raise

    def _activity(self, item: Item) -> dict[str, Any]:
        said = {name: str(value) for name, value in item.values.items() if value is not None}
        due = dt.datetime.fromisoformat(said["due_at"])
        room = self.limits.long_text - len(item.mark) - len("<br>")
        person = said.get("contact_id", "")
        told: dict[str, Any] = {
            "subject": words.cut(said["title"], self.limits.short_text),
            "note": f"{words.rich(said['body'], room)}<br>{item.mark}",
            "type": _ACTIVITIES.get(said.get("channel", ""), "task"),
            "deal_id": int(item.prospect_id),
            "due_date": due.date().isoformat(),
            "due_time": f"{due:%H:%M}",
            "owner_id": int(self._owners.id_of(item)),
        }
        return told | ({"participants": [{"person_id": int(person), "primary": True}]} if person.isdecimal() else {})


def _said(error: SourceRejected) -> str:
    """Return the vendor's words: `error` and, where there is more, `error_info`."""
    body = error.body
    if not isinstance(body, dict):
        return str(body)
    return "; ".join(str(body[name]) for name in ("error", "error_info") if body.get(name)) or str(body)


def _plainly(value: Any) -> Any:
    """Return what two ways of writing the same value have in common: a time with or without seconds, tags or not."""
    if isinstance(value, list):
        return [sorted((name, str(one)) for name, one in row.items()) for row in value]
    if not isinstance(value, str):
        return value
    text = re.sub(r"^(\d\d:\d\d):00(\.0+)?Z?$", r"\1", value)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())
