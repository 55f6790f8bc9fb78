"""The raw tables: which columns they have, and how a record of Pipedrive becomes a row of one.

Sources: the API reference's pages Deals, Persons, Organizations, Activities, Recents and Deal fields. Notes and other
long texts are not kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipelines.sources.connected.landing import Type
from pipelines.sources.pipedrive.fields import Found

Row = dict[str, Any]
Columns = dict[str, Type]

FIELD: Final[Columns] = {"entity": "text", "code": "text", "name": "text", "kind": "text", "attribute": "text"}
OPTION: Final[Columns] = {"entity": "text", "code": "text", "id": "text", "label": "text"}
STAGE: Final[Columns] = {"id": "text", "name": "text", "pipeline_id": "text", "place": "bigint"}
USER: Final[Columns] = {"id": "text", "email": "text"}
CHANGE: Final[Columns] = {
    "deal_id": "text", "code": "text", "changed_at": "timestamp", "old_value": "text", "new_value": "text",
}  # fmt: skip
RECENT: Final[Columns] = {
    "item": "text", "id": "text", "changed_at": "timestamp", "is_deleted": "bool", "merged_from": "text",
}  # fmt: skip
_ALWAYS: Final[Columns] = {"id": "text", "created_at": "timestamp", "changed_at": "timestamp", "is_deleted": "bool"}


@dataclass(frozen=True)
class Shape:
    """A list's raw table; `same` are the columns that have the name that Pipedrive gives them."""

    same: Columns
    entity: str = ""
    people: bool = False

    @property
    def columns(self) -> Columns:
        """All columns but those of attributes."""
        more: Columns = {"email": "text", "phone": "text"} if self.people else {}
        return {**_ALWAYS, **self.same, **more}


SHAPES: Final[Mapping[str, Shape]] = {
    "deals": Shape(
        {
            "status": "text", "owner_id": "text", "person_id": "text", "org_id": "text", "stage_id": "text",
            "value": "double", "currency": "text", "close_time": "timestamp", "won_time": "timestamp",
            "lost_time": "timestamp", "lost_reason": "text", "origin": "text",
        },
        entity="deal",
    ),
    "organizations": Shape({"name": "text", "owner_id": "text"}, entity="organization"),
    "persons": Shape({"name": "text", "org_id": "text", "job_title": "text"}, people=True),
    "activities": Shape(
        {
            "type": "text", "done": "bool", "deal_id": "text", "person_id": "text", "due_date": "text",
            "due_time": "text", "duration": "text", "marked_as_done_time": "timestamp",
        }
    ),
}  # fmt: skip


def record(name: str, row: Mapping[str, Any], more: Sequence[Found]) -> Row:
    """Return the version that a list shows of a record."""
    shape = SHAPES[name]
    out: Row = {
        "id": str(row["id"]),
        "created_at": moment(row["add_time"]),
        "changed_at": moment(row.get("update_time") or row["add_time"]),
        "is_deleted": is_deleted(row),
        **{column: _value(row.get(column), kind) for column, kind in shape.same.items()},
    }
    if shape.people:
        out |= {"email": _first(row.get("emails")), "phone": _first(row.get("phones"))}
    custom = row.get("custom_fields") or {}
    return out | {f"field_{f.attribute}": _text((custom if f.custom else row).get(f.code)) for f in more}


def is_deleted(row: Mapping[str, Any]) -> bool:
    """Answer whether a list of version 2 shows a record as deleted."""
    return bool(row.get("is_deleted")) or row.get("status") == "deleted"


def field(one: Found) -> Row:
    """Return the row of a field."""
    return {
        "entity": one.entity, "code": one.code, "name": one.name, "kind": one.kind, "attribute": one.attribute or None,
    }  # fmt: skip


def options(fields: Iterable[Found]) -> list[Row]:
    """Return the choices of all fields that become attributes."""
    return [
        {"entity": f.entity, "code": f.code, "id": key, "label": label}
        for f in fields
        if f.attribute
        for key, label in f.options.items()
    ]


def stage(row: Mapping[str, Any]) -> Row:
    """Return the row of a stage."""
    return {
        "id": str(row["id"]),
        "name": row["name"],
        "pipeline_id": _text(row["pipeline_id"]),
        "place": row["order_nr"],
    }


def user(row: Mapping[str, Any]) -> Row:
    """Return the row of a user."""
    return {"id": str(row["id"]), "email": row["email"]}


def changes(deal: str, rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Return the history of a deal; of two changes of a field in one second the last, which Pipedrive tells first."""
    out: dict[tuple[str, Any], Row] = {}
    for row in rows:
        at = moment(row["time"])
        one: Row = {
            "deal_id": deal, "code": str(row["field_key"]), "changed_at": at,
            "old_value": _text(row.get("old_value")), "new_value": _text(row.get("new_value")),
        }  # fmt: skip
        first = out.setdefault((one["code"], at), one)
        first["old_value"] = one["old_value"]
    return list(out.values())


def recent(row: Mapping[str, Any]) -> Row:
    """Return what /v1/recents says of a record: whether it is deleted, and which one was merged into it."""
    data = row["data"]
    gone = bool(data["deleted"]) if "deleted" in data else data.get("active_flag") is False
    return {
        "item": str(row["item"]),
        "id": str(row["id"]),
        "changed_at": moment(data.get("delete_time") or data.get("update_time") or data["add_time"]),
        "is_deleted": gone,
        "merged_from": _text(data.get("merge_what_id")),
    }


def moment(said: str | None) -> dt.datetime | None:
    """Read a time: RFC 3339 of version 2, or version 1's without a zone, which is UTC."""
    if not said:
        return None
    at = dt.datetime.fromisoformat(said)
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC)


def _value(value: Any, kind: Type) -> Any:
    if kind == "text":
        return _text(value)
    if kind == "timestamp":
        return moment(value)
    return None if value is None else float(value) if kind == "double" else bool(value)


def _text(value: Any) -> str | None:
    """Return a value as text: of money and addresses the value, of several choices their ids in order."""
    if isinstance(value, Mapping):
        value = value.get("value")
    if isinstance(value, list):
        return ",".join(sorted(str(v) for v in value)) or None
    return None if value is None or value == "" else str(value).lower() if isinstance(value, bool) else str(value)


def _first(many: Any) -> str | None:
    """Return the primary one of e-mail addresses or numbers."""
    listed = [m for m in many or [] if isinstance(m, Mapping) and m.get("value")]
    return str(sorted(listed, key=lambda m: not m.get("primary"))[0]["value"]) if listed else None
