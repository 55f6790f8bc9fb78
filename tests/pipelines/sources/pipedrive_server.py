"""A small server that answers as Pipedrive does, with records in memory and faults that a test switches on.

Made from the public documentation, pages: "Pagination", "Rate limiting", "Pipedrive API v2 migration guide", "OAuth
status codes" and the API reference's Deals, Persons, Organizations, Activities, Deal fields, Stages and Recents.
Lists of version 2 have a cursor; /v1/recents has start and limit, and `data: null` where there is nothing.
"""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

KINDS: Final = {"deals": "deal", "persons": "person", "organizations": "organization", "activities": "activity"}
PRODUCT: Final = "d4de1c1518b4531717c676029a45911c340390a6"
DEAL_FIELDS: Final[list[dict[str, Any]]] = [
    {"field_name": "Title", "field_code": "title", "field_type": "varchar", "options": None, "is_custom_field": False},
    {"field_name": "Value", "field_code": "value", "field_type": "monetary", "options": None, "is_custom_field": False},
    {"field_name": "Stage", "field_code": "stage_id", "field_type": "stage", "options": None, "is_custom_field": False},
    {"field_name": "Label", "field_code": "label_ids", "field_type": "set", "options": None, "is_custom_field": False},
    {"field_name": "Product line", "field_code": PRODUCT, "field_type": "enum", "is_custom_field": True,
     "options": [{"id": 1, "label": "Pumps"}, {"id": 2, "label": "Valves"}]},
]  # fmt: skip
ORG_FIELDS: Final[list[dict[str, Any]]] = [
    {"field_name": "Name", "field_code": "name", "field_type": "varchar", "options": None, "is_custom_field": False},
    {"field_name": "Industry", "field_code": "industry", "field_type": "enum", "is_custom_field": False,
     "is_optional_response_field": True,
     "options": [{"id": 7, "label": "Energy"}]},
    {"field_name": "Employees", "field_code": "employee_count", "field_type": "int", "options": None,
     "is_custom_field": False, "is_optional_response_field": True},
]  # fmt: skip
CODES: Final = {PRODUCT}


class Pipedrive:
    """The company: its records, as its people change them, and how it answers."""

    def __init__(self, page: int = 500) -> None:
        self.page = page
        self.token = "the-token"
        self.records: dict[str, dict[int, dict[str, Any]]] = {kind: {} for kind in KINDS}
        self.log: dict[int, list[dict[str, Any]]] = {}
        self.stages = [{"id": i, "order_nr": i, "name": n, "pipeline_id": 1, "is_deleted": False}
                       for i, n in ((1, "Lead In"), (2, "Proposal Made"))]  # fmt: skip
        self.deal_fields = [dict(f) for f in DEAL_FIELDS]
        self.asked: list[str] = []
        self.faults: list[Response] = []
        self.break_after: int | None = None
        self.revoke_after: int | None = None
        self.loops = False
        self.app = FastAPI()
        for path, answer in (
            ("/api/v2/dealFields", lambda: self.deal_fields), ("/api/v2/organizationFields", lambda: ORG_FIELDS),
            ("/api/v2/stages", lambda: self.stages),
        ):  # fmt: skip
            self.app.add_api_route(path, self._whole(answer))
        self.app.add_api_route("/api/v2/deals/archived", self.archived)
        self.app.add_api_route("/api/v2/{kind}", self.listed)
        self.app.add_api_route("/v1/deals/{key}/changelog", self.changelog)
        self.app.add_api_route("/v1/recents", self.recents)
        self.app.add_api_route("/v1/users", self.users)

    # what people do in it

    def put(self, kind: str, at: str, **values: Any) -> int:
        """Create a record at a moment (UTC, ISO without zone); return its id."""
        key = len(self.records[kind]) + 1
        custom = {c: values.pop(c) for c in CODES & set(values)}
        blank: dict[str, Any] = {"owner_id": 11, "is_deleted": False, "custom_fields": custom}
        if kind == "deals":
            blank |= {"status": "open", "stage_id": 1, "pipeline_id": 1, "is_archived": False, "person_id": None,
                      "org_id": None, "value": 0, "currency": "EUR", "close_time": None, "won_time": None,
                      "lost_time": None, "lost_reason": None, "origin": "ManuallyCreated", "label_ids": []}  # fmt: skip
        if kind == "activities":
            blank |= {"done": False, "deal_id": None, "person_id": None, "due_date": None, "due_time": None,
                      "duration": None, "marked_as_done_time": None, "note": None}  # fmt: skip
        if kind == "persons":
            blank |= {"org_id": None, "emails": [], "phones": []}
        self.records[kind][key] = {"id": key, **blank, "add_time": _time(at), "update_time": _time(at), **values}
        return key

    def change(self, kind: str, key: int, at: str, **values: Any) -> None:
        """Change a record; a deal writes its changelog."""
        record = self.records[kind][key]
        for field, value in values.items():
            place = record["custom_fields"] if field in CODES else record
            if kind == "deals" and place.get(field) != value:
                self.log.setdefault(key, []).insert(0, {
                    "field_key": field, "old_value": _text(place.get(field)), "new_value": _text(value),
                    "actor_user_id": 26, "time": _time(at).replace("T", " ").removesuffix("Z"), "change_source": "app",
                    "change_source_user_agent": None, "is_bulk_update_flag": False,
                })  # fmt: skip
            place[field] = value
        record["update_time"] = _time(at)

    def close(self, key: int, at: str, status: str, *, when: str = "") -> None:
        """Mark a deal as won or lost."""
        self.change("deals", key, at, status=status)
        moment = _time(when or at)
        self.records["deals"][key].update({"close_time": moment, f"{status}_time": moment})

    def delete(self, kind: str, key: int, at: str) -> None:
        """Mark a record as deleted: lists leave it out, but for deals with the status deleted."""
        self.records[kind][key].update(is_deleted=True, update_time=_time(at))

    def undelete(self, kind: str, key: int, at: str) -> None:
        """Restore a record within its 30 days."""
        self.records[kind][key].update(is_deleted=False, update_time=_time(at))

    def merge(self, winner: int, loser: int, at: str) -> None:
        """Merge an organization into another one, which takes over its people and deals."""
        self.delete("organizations", loser, at)
        self.records["organizations"][winner].update(merge_what_id=loser, update_time=_time(at))
        for kind in ("persons", "deals"):
            for key, record in self.records[kind].items():
                if record["org_id"] == loser:
                    self.change(kind, key, at, org_id=winner)

    # how it answers

    def listed(self, kind: str, request: Request) -> Response:
        """Answer a list of version 2."""
        if kind not in KINDS:
            return JSONResponse({"success": False, "error": "Resource not found", "error_info": "", "data": None}, 404)
        statuses = request.query_params.get("status", "open,won,lost").split(",")
        rows = [r for r in self.records[kind].values() if _shown(r, kind, statuses) and not r.get("is_archived")]
        return self._page(request, rows)

    def archived(self, request: Request) -> Response:
        """Answer the list of archived deals."""
        return self._page(request, [r for r in self.records["deals"].values() if r["is_archived"]])

    def changelog(self, key: int, request: Request) -> Response:
        """Answer the changes of one deal, the last first."""
        return self._page(request, self.log.get(key, []))

    def recents(self, request: Request, since_timestamp: str, items: str, start: int = 0, limit: int = 100) -> Response:
        """Answer what changed since a moment, deleted records too."""
        refused = self._refused(request)
        if refused is not None:
            return refused
        since = dt.datetime.fromisoformat(since_timestamp).replace(tzinfo=dt.UTC)
        rows = [
            {"item": item, "id": r["id"], "data": _v1(item, r)}
            for kind, item in KINDS.items()
            for r in self.records[kind].values()
            if item in items.split(",") and dt.datetime.fromisoformat(r["update_time"]) >= since
        ]
        end = start + min(limit, self.page)
        paging: dict[str, Any] = {"start": start, "limit": limit, "more_items_in_collection": end < len(rows)}
        if end < len(rows):
            paging["next_start"] = end
        return _ok(rows[start:end] or None, {"since_timestamp": since_timestamp, "pagination": paging})

    def users(self, request: Request) -> Response:
        """Answer the list of users, which has one page."""
        refused = self._refused(request)
        if refused is not None:
            return refused
        rows = [{"id": 11, "name": "Mira", "email": "mira@company.example", "active_flag": True}]
        return _ok(rows, {"pagination": {"start": 0, "limit": 500, "more_items_in_collection": False}})

    def _whole(self, rows: Any) -> Any:
        def answer(request: Request) -> Response:
            return self._page(request, rows())

        return answer

    def _page(self, request: Request, rows: list[dict[str, Any]]) -> Response:
        refused = self._refused(request)
        if refused is not None:
            return refused
        asked = request.query_params
        if "updated_since" in asked:
            since = dt.datetime.fromisoformat(asked["updated_since"])
            rows = [r for r in rows if dt.datetime.fromisoformat(r["update_time"]) >= since]
        if asked.get("sort_by") == "update_time":
            rows = sorted(rows, key=lambda r: (r["update_time"], r["id"]))
        if "custom_fields" in asked:
            keys = asked["custom_fields"].split(",")
            rows = [{**r, "custom_fields": {k: r["custom_fields"].get(k) for k in keys}} for r in rows]
        asked_for = asked.get("include_fields", "").split(",")
        optional = {f["field_code"] for f in ORG_FIELDS if f.get("is_optional_response_field")} - set(asked_for)
        rows = [{k: v for k, v in row.items() if k not in optional} for row in rows]
        start = int(base64.b64decode(asked["cursor"])) if "cursor" in asked else 0
        end = start + min(int(asked.get("limit", 100)), self.page)
        following = base64.b64encode(b"0" if self.loops else str(end).encode()).decode()
        return _ok(rows[start:end], {"next_cursor": following if end < len(rows) or self.loops else None})

    def _refused(self, request: Request) -> Response | None:
        self.asked.append(f"{request.url.path}?{request.url.query}")
        if self.revoke_after is not None:
            self.revoke_after -= 1
        if request.headers.get("x-api-token") != self.token or (
            self.revoke_after is not None and self.revoke_after < 0
        ):
            body = {
                "success": False,
                "error": "unauthorized access",
                "errorCode": 401,
                "error_info": "Please check ...",
            }
            return JSONResponse(body, 401)
        if self.break_after is not None and self.break_after > 0:
            self.break_after -= 1
        elif self.faults:
            return self.faults.pop(0)
        return None


def over_limit(retry_after: int) -> Response:
    """Return what is said to somebody who asks too often."""
    headers = {"Retry-After": str(retry_after), "x-ratelimit-limit": "40", "x-ratelimit-remaining": "0",
               "x-ratelimit-reset": str(retry_after)}  # fmt: skip
    return JSONResponse({"success": False, "error": "request over limit", "errorCode": 429}, 429, headers)


def unavailable() -> Response:
    """Return what is said while the service is down."""
    return JSONResponse({"success": False, "error": "Internal server error"}, 500)


def _shown(record: dict[str, Any], kind: str, statuses: list[str]) -> bool:
    if kind != "deals":
        return not record["is_deleted"]
    return "deleted" in statuses if record["is_deleted"] else record["status"] in statuses


def _v1(item: str, record: dict[str, Any]) -> dict[str, Any]:
    """Return a record as version 1 shows it: times without a zone, `active_flag` or `deleted`."""
    times = {t: record[t].replace("T", " ").removesuffix("Z") for t in ("add_time", "update_time")}
    gone = {"deleted": record["is_deleted"]} if item == "deal" else {"active_flag": not record["is_deleted"]}
    merged = {k: v for k, v in record.items() if k == "merge_what_id"}
    return {"id": record["id"], **times, **gone, **merged}


def _ok(data: Any, more: dict[str, Any]) -> Response:
    headers = {"x-ratelimit-limit": "40", "x-ratelimit-remaining": "39", "x-ratelimit-reset": "2"}
    return JSONResponse({"success": True, "data": data, "additional_data": more}, headers=headers)


def _time(at: str) -> str:
    return dt.datetime.fromisoformat(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
