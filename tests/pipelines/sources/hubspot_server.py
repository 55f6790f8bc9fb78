"""A HubSpot account on loopback: the part of its CRM API that a pull uses, with faults that a test switches on.

Made from HubSpot's public documentation ("Search the CRM", "CRM API | Objects" with batch read and property history,
"Associations v4 API", "Properties", "CRM API | Pipelines", "Owners API", "API usage guidelines and limits", "Updated
merge functionality for contacts and companies" in the changelog). Its clock is set by the test (`at`), and every answer
carries it as `Date`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Json = dict[str, Any]
PROPERTIES: Mapping[str, Mapping[str, str]] = {
    "deals": {
        "dealname": "string", "pipeline": "enumeration", "dealstage": "enumeration", "amount": "number",
        "createdate": "datetime", "closedate": "datetime", "dealtype": "enumeration",
        "hubspot_owner_id": "enumeration", "hs_analytics_source": "enumeration", "closed_lost_reason": "string",
        "closed_won_reason": "string", "hs_merged_object_ids": "enumeration", "description": "string",
    },
    "companies": {
        "name": "string", "industry": "enumeration", "numberofemployees": "number", "country": "string",
        "hubspot_owner_id": "enumeration", "hs_merged_object_ids": "enumeration",
    },
    "contacts": {
        "firstname": "string", "lastname": "string", "email": "string", "phone": "string", "jobtitle": "string",
        "associatedcompanyid": "number", "hs_timezone": "enumeration", "hs_merged_object_ids": "enumeration",
    },
    "calls": {
        "hs_timestamp": "datetime", "hs_call_direction": "enumeration", "hs_call_disposition": "enumeration",
        "hs_call_duration": "number", "hs_call_status": "enumeration",
    },
    "emails": {"hs_timestamp": "datetime", "hs_email_direction": "enumeration", "hs_email_status": "enumeration"},
    "meetings": {
        "hs_timestamp": "datetime", "hs_meeting_start_time": "datetime", "hs_meeting_end_time": "datetime",
        "hs_meeting_outcome": "enumeration",
    },
    "tasks": {
        "hs_timestamp": "datetime", "hs_task_status": "enumeration", "hs_task_completion_date": "datetime",
        "hs_task_type": "enumeration",
    },
    "notes": {"hs_timestamp": "datetime", "hs_note_body": "string"},
}  # fmt: skip
STAGES = [
    ("appointmentscheduled", 0.2), ("qualifiedtobuy", 0.4), ("presentationscheduled", 0.6),
    ("decisionmakerboughtin", 0.8), ("contractsent", 0.9), ("closedwon", 1.0), ("closedlost", 0.0),
]  # fmt: skip
TOKEN = "pat-eu1-for-the-tests"
EARLY = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def moment(text: str) -> dt.datetime:
    """Read `2026-03-01 09:00` as UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def said(at: dt.datetime) -> str:
    """Write a time as HubSpot does."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Record:
    """One record: its history per property (the earliest first) and what it is linked to."""

    id: str
    created: dt.datetime
    updated: dt.datetime
    history: dict[str, list[tuple[dt.datetime, str]]] = field(default_factory=dict)
    links: dict[str, dict[str, bool]] = field(default_factory=dict)
    archived: dt.datetime | None = None
    gone: bool = False

    def shown(self, properties: list[str], with_history: list[str], keep: int) -> Json:
        """Return it as the API does."""
        body: Json = {
            "id": self.id,
            "properties": {p: self.history[p][-1][1] if p in self.history else None for p in properties},
            "createdAt": said(self.created),
            "updatedAt": said(self.updated),
            "archived": self.archived is not None,
        }
        if self.archived:
            body["archivedAt"] = said(self.archived)
        if with_history:
            body["propertiesWithHistory"] = {
                p: [
                    {"value": v, "timestamp": said(t), "sourceType": "CRM_UI"}
                    for t, v in reversed(self.history.get(p, [])[-keep:])
                ]
                for p in with_history
            }
        return body


class HubspotServer:
    """The account; `app` is what is served."""

    def __init__(self) -> None:
        self.now = EARLY
        self.token = TOKEN
        self.properties = {name: dict(types) for name, types in PROPERTIES.items()}
        self.records: dict[str, dict[str, Record]] = {name: {} for name in PROPERTIES}
        self.owners = [("11", "Dana@Company.example", False), ("12", "ken@company.example", True)]
        self.asked: list[str] = []
        self.sent = 0
        self.fault: Callable[[str, int], Response | None] | None = None
        self.search_limit, self.history_kept = 10_000, 20
        self._next = 100
        self.app = Starlette(
            routes=[
                Route("/crm/v3/properties/{name}", self._guarded(self._properties)),
                Route("/crm/v3/objects/{name}/search", self._guarded(self._search), methods=["POST"]),
                Route("/crm/v3/objects/{name}/batch/read", self._guarded(self._batch), methods=["POST"]),
                Route("/crm/v3/objects/{name}", self._guarded(self._list)),
                Route("/crm/v4/associations/{name}/{to}/batch/read", self._guarded(self._links), methods=["POST"]),
                Route("/crm/v3/owners", self._guarded(self._owners)),
                Route("/crm/v3/pipelines/deals", self._guarded(self._pipelines)),
            ]
        )

    # --- what people do in the account

    def at(self, text: str) -> HubspotServer:
        """Set the clock of the account (UTC)."""
        self.now = moment(text)
        return self

    def create(self, name: str, links: Mapping[str, list[str]] | None = None, /, **properties: str) -> str:
        """Make a record now; the first company linked is the primary one. Returns its id."""
        self._next += 1
        one = Record(str(self._next), self.now, self.now)
        self.records[name][one.id] = one
        self.update(name, one.id, **properties)
        for to, ids in (links or {}).items():
            for i, other in enumerate(ids):
                self.link(name, one.id, to, other, primary=to == "companies" and i == 0)
        return one.id

    def update(self, name: str, one: str, /, **properties: str) -> None:
        """Set properties now."""
        record = self.records[name][one]
        record.updated = self.now
        for key, value in properties.items():
            record.history.setdefault(key, []).append((self.now, value))

    def link(self, name: str, one: str, to: str, other: str, *, primary: bool = False) -> None:
        """Link two records, from both sides."""
        self.records[name][one].links.setdefault(to, {})[other] = primary
        self.records[to][other].links.setdefault(name, {})[one] = False

    def archive(self, name: str, one: str) -> None:
        """Delete a record now; it can be restored."""
        self.records[name][one].archived = self.now

    def restore(self, name: str, one: str) -> None:
        """Restore a deleted record now."""
        self.records[name][one].archived = None
        self.records[name][one].updated = self.now

    def merge(self, name: str, primary: str, other: str) -> None:
        """Merge `other` into `primary` now: links move over, and the primary names the other."""
        loser = self.records[name][other]
        loser.gone = True
        merged = self._merged(name, primary) | {other}
        self.update(name, primary, hs_merged_object_ids=";".join(sorted(merged)))
        for to, links in loser.links.items():
            for third in links:
                self.records[to][third].links[name].pop(other, None)
                self.link(to, third, name, primary)

    def unmerge(self, name: str, primary: str, other: str, back: Mapping[str, list[str]]) -> None:
        """Give a merged record free again now, with the links `back`."""
        self.update(name, primary, hs_merged_object_ids=";".join(sorted(self._merged(name, primary) - {other})))
        record = self.records[name][other]
        record.gone, record.updated, record.links = False, self.now, {}
        for to, ids in back.items():
            for third in ids:
                self.records[to][third].links[name].pop(primary, None)
                self.records[name][primary].links[to].pop(third, None)
                self.link(name, other, to, third)

    def _merged(self, name: str, one: str) -> set[str]:
        history = self.records[name][one].history.get("hs_merged_object_ids", [])
        return set(filter(None, history[-1][1].split(";"))) if history else set()

    # --- what the API answers

    def _guarded(self, answer: Callable[[Request], Any]) -> Callable[[Request], Any]:
        async def guarded(request: Request) -> Response:
            self.asked.append(f"{request.method} {request.url.path}")
            fault = self.fault(request.url.path, len(self.asked)) if self.fault else None
            response = fault or self._refused(request) or await answer(request)
            response.headers["Date"] = format_datetime(self.now.replace(microsecond=0), usegmt=True)
            return response

        return guarded

    def _refused(self, request: Request) -> Response | None:
        if request.headers.get("authorization") == f"Bearer {self.token}":
            return None
        return wrong(401, "Authentication credentials not found.", "INVALID_AUTHENTICATION")

    def _living(self, name: str) -> list[Record]:
        return [r for r in self.records[name].values() if r.archived is None and not r.gone]

    async def _properties(self, request: Request) -> Response:
        types = self.properties[request.path_params["name"]]
        return JSONResponse({"results": [{"name": n, "label": n, "type": t} for n, t in types.items()]})

    async def _search(self, request: Request) -> Response:
        name, asked = request.path_params["name"], await request.json()
        limit, after = asked.get("limit", 10), int(asked.get("after", 0))
        if limit > 200 or len(asked["sorts"]) > 1 or after + limit > self.search_limit:
            return wrong(400, "limit above 200, several sorts, or more than 10,000 results", "VALIDATION_ERROR")
        modified = "lastmodifieddate" if name == "contacts" else "hs_lastmodifieddate"

        def value(record: Record, prop: str) -> int:
            return int(record.id) if prop == "hs_object_id" else round(record.updated.timestamp() * 1000)

        found = self._living(name)
        for one in asked["filterGroups"][0]["filters"]:
            prop, low = one["propertyName"], int(one["value"])
            if prop not in (modified, "hs_object_id"):
                return wrong(400, f"There was a problem with the request: {prop}", "VALIDATION_ERROR")
            high = int(one["highValue"]) if one["operator"] == "BETWEEN" else None
            found = [r for r in found if (low <= value(r, prop) <= high if high is not None else value(r, prop) > low)]
        found.sort(key=lambda r: (value(r, asked["sorts"][0]["propertyName"]), r.id))
        rows = [
            {**r.shown([], [], 0), "properties": {modified: said(r.updated), "hs_object_id": r.id}}
            for r in found[after : after + limit]
        ]
        return self._page(rows, after + limit, len(found), total=len(found))

    async def _batch(self, request: Request) -> Response:
        name, asked = request.path_params["name"], await request.json()
        if len(asked["inputs"]) > 50:
            return wrong(400, "the limit of inputs with property history is 50", "VALIDATION_ERROR")
        known = self.properties[name]
        wanted = [p for p in asked["properties"] if p in known]
        living = {r.id: r for r in self._living(name)}
        found = [living[i["id"]] for i in asked["inputs"] if i["id"] in living]
        self.sent += len(found)
        history = [p for p in asked.get("propertiesWithHistory", []) if p in known]
        rows = [r.shown(wanted, history, self.history_kept) for r in found]
        return JSONResponse({"status": "COMPLETE", "results": rows}, 200 if len(rows) == len(asked["inputs"]) else 207)

    async def _list(self, request: Request) -> Response:
        name, after = request.path_params["name"], int(request.query_params.get("after", 0))
        archived = [r for r in self.records[name].values() if r.archived is not None]
        limit = int(request.query_params["limit"])
        return self._page([r.shown([], [], 0) for r in archived[after : after + limit]], after + limit, len(archived))

    async def _links(self, request: Request) -> Response:
        name, to = request.path_params["name"], request.path_params["to"]
        rows = []
        for one in (await request.json())["inputs"]:
            links = list(self.records[name][one["id"]].links.get(to, {}).items())
            if links:
                rows.append({"from": {"id": one["id"]}, "to": [linked(i, primary=p) for i, p in links]})
        return JSONResponse({"status": "COMPLETE", "results": rows})

    async def _owners(self, request: Request) -> Response:
        archived = request.query_params["archived"] == "true"
        rows = [
            {"id": i, "email": mail, "firstName": mail[:4], "lastName": "", "updatedAt": said(EARLY), "archived": gone}
            for i, mail, gone in self.owners
            if gone == archived
        ]
        return JSONResponse({"results": rows})

    async def _pipelines(self, _: Request) -> Response:
        stages = [
            {
                "id": name,
                "label": name,
                "displayOrder": i,
                "metadata": {"isClosed": str(p in (0, 1)).lower(), "probability": str(p)},
                "createdAt": said(EARLY),
                "updatedAt": said(EARLY),
                "archived": False,
            }
            for i, (name, p) in enumerate(STAGES)
        ]
        return JSONResponse({"results": [{"id": "default", "label": "Sales", "displayOrder": 0, "stages": stages}]})

    def _page(self, rows: list[Json], after: int, of: int, **more: Any) -> Response:
        paging = {"paging": {"next": {"after": str(after), "link": "ignored"}}} if after < of else {}
        return JSONResponse({"results": rows, **paging, **more})


def linked(one: str, *, primary: bool) -> Json:
    """Return one link as the associations API v4 shows it."""
    kinds = [{"category": "HUBSPOT_DEFINED", "typeId": 341, "label": None}]
    if primary:
        kinds.append({"category": "HUBSPOT_DEFINED", "typeId": 5, "label": "Primary"})
    return {"toObjectId": int(one), "associationTypes": kinds}


def wrong(status: int, message: str, category: str, **headers: str) -> Response:
    """Return an error as HubSpot words it."""
    body = {"status": "error", "message": message, "correlationId": "aeb5f871-7f07-4993-9211-075dc63e7cbf"}
    return JSONResponse({**body, "category": category}, status, {k.replace("_", "-"): v for k, v in headers.items()})


def too_many(policy: str, **headers: str) -> Response:
    """Return the answer to one call too many."""
    body = {"status": "error", "message": "You have reached your limit.", "errorType": "RATE_LIMIT"}
    return JSONResponse(
        {**body, "policyName": policy, "correlationId": "c033cdaa"},
        429,
        {k.replace("_", "-"): v for k, v in headers.items()},
    )
