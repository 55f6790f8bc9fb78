"""A small server that answers as Salesforce does, with records in memory and faults that a test switches on.

Made from the public documentation, pages: "OAuth 2.0 Client Credentials Flow for Server-to-Server Integration" (help);
"Query", "QueryAll" and "Query More Results", "Execute a SOQL Query that Includes Deleted Items", "Status Codes and
Error Responses", "Limit Info Header" (REST API developer guide); OpportunityHistory, OpportunityFieldHistory,
StandardObjectNameHistory, Task (object reference).

It knows as much SOQL as the source asks: SELECT fields FROM object [WHERE field >= time] ORDER BY fields.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
import threading
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

ASKED: Final = re.compile(r"SELECT ([\w, ]+) FROM (\w+)(?: WHERE (\w+) >= ([\dTZ:.\-]+))?(?: ORDER BY ([\w, ]+))?")
FIELDS: Final[dict[str, str]] = {
    "Organization": "TimeZoneSidKey",
    "User": "Email IsActive",
    "OpportunityStage": "ApiName MasterLabel IsClosed IsWon IsActive SortOrder",
    "Account": "MasterRecordId Name Industry NumberOfEmployees BillingCountry OwnerId",
    "Contact": "MasterRecordId AccountId Name Title Email Phone DoNotCall HasOptedOutOfEmail",
    "Lead": "MasterRecordId IsConverted ConvertedDate ConvertedOpportunityId ConvertedContactId LeadSource",
    "Opportunity": "AccountId OwnerId StageName Amount CloseDate IsClosed IsWon LeadSource Type Product__c Notes__c",
    "OpportunityContactRole": "OpportunityId ContactId Role IsPrimary",
    "OpportunityHistory": "OpportunityId StageName Amount CloseDate",
    "OpportunityFieldHistory": "OpportunityId Field DataType OldValue NewValue",
    "AccountHistory": "AccountId Field DataType OldValue NewValue",
    "Task": "WhoId WhatId IsClosed Type TaskSubtype CallType CallDisposition CallDurationInSeconds ActivityDate "
    "CompletedDateTime Description",
    "Event": "WhoId WhatId Type StartDateTime DurationInMinutes Description",
    "EmailMessage": "ActivityId Incoming MessageDate",
}
PREFIX: Final = {"Account": "001", "Contact": "003", "Lead": "00Q", "Opportunity": "006", "Task": "00T", "Event": "00U"}
TRACKED: Final = {
    "Opportunity": ("OpportunityFieldHistory", "OpportunityId"),
    "Account": ("AccountHistory", "AccountId"),
}
NO_COLUMN: Final = (
    "\nSELECT {fields} FROM {object}\n       ^\nERROR at Row:1:Column:8\nNo such column '{field}' on entity "
    "'{object}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field "
    "name. Please reference your WSDL or the describe call for the appropriate names."
)


class Salesforce:
    """The organisation: records by object, as its people and its database change them, and how it answers."""

    def __init__(self, page: int = 2000) -> None:
        self.page = page
        self.fields = {o: ["Id", "CreatedDate", "SystemModstamp", "IsDeleted", *f.split()] for o, f in FIELDS.items()}
        self.records: dict[str, dict[str, dict[str, Any]]] = {o: {} for o in self.fields}
        self.tokens: set[str] = set()
        self.secret = "the-secret"
        self.asked: list[str] = []
        self.faults: list[Response] = []  # given one by one before anything else
        self.break_after: int | None = None  # answers until `faults` begin
        self.expire_after: int | None = None  # answers until the session is over
        self.revoked = False  # no new session is given
        self.loops = False  # every page says that the first page comes next
        self.hold: tuple[int, threading.Event, threading.Event] | None = None  # wait at the n-th question from now on
        self._locators: dict[str, tuple[list[dict[str, Any]], int]] = {}
        self._number = itertools.count(1)
        self.app = FastAPI()
        self.app.add_api_route("/services/oauth2/token", self.token, methods=["POST"])
        self.app.add_api_route("/services/data/{version}/{kind}", self.query)
        self.app.add_api_route("/services/data/{version}/query/{locator}", self.more)

    # what people do in it

    def put(self, sobject: str, at: str, **values: Any) -> str:
        """Create a record at a moment (UTC, ISO without zone); return its id."""
        number = next(self._number)
        key = values.pop("Id", f"{PREFIX.get(sobject, '0XX')}5e{number:010}AAA")
        blank = dict.fromkeys(self.fields[sobject])
        self.records[sobject][key] = {
            **blank, "Id": key, "CreatedDate": _time(at), "SystemModstamp": _time(at), "IsDeleted": False, **values,
        }  # fmt: skip
        if sobject == "Opportunity":
            self._history(key, at)
        return key

    def change(self, sobject: str, key: str, at: str, **values: Any) -> None:
        """Change a record; fields of tracked objects leave a row in their history."""
        record = self.records[sobject][key]
        before = dict(record)
        record.update(values, SystemModstamp=_time(at))
        table, parent = TRACKED.get(sobject, ("", ""))
        for field, value in values.items() if table else ():
            if value != before[field] and field in self.fields[sobject]:
                name = field.removesuffix("Id") if field in ("AccountId", "OwnerId") else field
                kind = "EntityId" if name != field else "Text"
                self.put(table, at, **{parent: key, "Field": name, "DataType": kind, "OldValue": before[field],
                                       "NewValue": value})  # fmt: skip
        if sobject == "Opportunity" and {"StageName", "Amount", "CloseDate"} & set(values):
            self._history(key, at)

    def delete(self, sobject: str, key: str, at: str) -> None:
        """Move a record to the recycle bin."""
        self.records[sobject][key].update(IsDeleted=True, SystemModstamp=_time(at))

    def undelete(self, sobject: str, key: str, at: str) -> None:
        """Take a record out of the recycle bin, also one that had been merged away."""
        self.records[sobject][key].update(IsDeleted=False, SystemModstamp=_time(at))
        if "MasterRecordId" in self.fields[sobject]:
            self.records[sobject][key]["MasterRecordId"] = None

    def merge(self, winner: str, loser: str, at: str) -> None:
        """Merge one account into another: the loser is deleted, and what belonged to it belongs to the winner."""
        self.records["Account"][loser].update(IsDeleted=True, MasterRecordId=winner, SystemModstamp=_time(at))
        for sobject in ("Contact", "Opportunity"):
            for key, record in self.records[sobject].items():
                if record["AccountId"] == loser:
                    self.change(sobject, key, at, AccountId=winner)

    def rename(self, sobject: str, old: str, new: str) -> None:
        """Rename a custom field."""
        self.fields[sobject] = [new if f == old else f for f in self.fields[sobject]]
        for record in self.records[sobject].values():
            record[new] = record.pop(old)

    def _history(self, key: str, at: str) -> None:
        now = self.records["Opportunity"][key]
        stage = next((s for s in self.records["OpportunityStage"].values() if s["ApiName"] == now["StageName"]), {})
        now |= {"IsClosed": stage.get("IsClosed", False), "IsWon": stage.get("IsWon", False)}
        self.put("OpportunityHistory", at, OpportunityId=key,
                 **{f: now[f] for f in ("StageName", "Amount", "CloseDate")})  # fmt: skip

    # how it answers

    async def token(self, request: Request) -> Response:
        """Give a session for client credentials."""
        body = dict(p.split("=", 1) for p in (await request.body()).decode().split("&"))
        if self.revoked:
            return JSONResponse({"error": "invalid_grant", "error_description": "expired access/refresh token"}, 400)
        if body.get("client_secret") != self.secret:
            return JSONResponse({"error": "invalid_client", "error_description": "invalid client credentials"}, 400)
        token = f"00D!{next(self._number)}"
        self.tokens = {token}
        url = str(request.base_url).rstrip("/")
        return JSONResponse({"access_token": token, "signature": "c2ln", "scope": "api", "instance_url": url,
                             "id": f"{url}/id/00D/005", "token_type": "Bearer", "issued_at": "1"})  # fmt: skip

    def query(self, version: str, kind: str, q: str, request: Request) -> Response:
        """Answer `query` and `queryAll`."""
        found = ASKED.fullmatch(q)
        refused = self._refused(request, q)
        if refused is not None or found is None:
            return refused or _error(400, "MALFORMED_QUERY", "unexpected token")
        fields, sobject = [f.strip() for f in found[1].split(",")], found[2]
        if sobject not in self.fields:
            return _error(400, "INVALID_TYPE", f"sObject type '{sobject}' is not supported.")
        for field in fields:
            if field not in self.fields[sobject]:
                text = NO_COLUMN.format(fields=found[1], object=sobject, field=field)
                return _error(400, "INVALID_FIELD", text)
        rows = [r for r in self.records[sobject].values() if kind == "queryAll" or not r["IsDeleted"]]
        if found[3]:
            since = dt.datetime.fromisoformat(found[4])
            rows = [r for r in rows if dt.datetime.fromisoformat(r[found[3]]) >= since]
        for field in reversed((found[5] or "Id").split(",")):
            rows = _sorted(rows, field.strip())
        url = f"/services/data/{version}/sobjects/{sobject}"
        out = [{"attributes": {"type": sobject, "url": f"{url}/{r['Id']}"}, **{f: r[f] for f in fields}} for r in rows]
        return self._page(version, out, 0)

    def more(self, version: str, locator: str, request: Request) -> Response:
        """Answer the query locator of `nextRecordsUrl`."""
        refused = self._refused(request, locator)
        if refused is not None:
            return refused
        if locator not in self._locators:
            return _error(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(version, *self._locators[locator])

    def _page(self, version: str, rows: list[dict[str, Any]], start: int) -> Response:
        end = start + self.page
        body: dict[str, Any] = {"totalSize": len(rows), "done": end >= len(rows), "records": rows[start:end]}
        if not body["done"] or self.loops:
            locator = f"01g5e0000000001AAA-{next(self._number)}"
            self._locators[locator] = (rows, 0 if self.loops else end)
            body |= {"done": False, "nextRecordsUrl": f"/services/data/{version}/query/{locator}"}
        return JSONResponse(body, headers={"Sforce-Limit-Info": f"api-usage={len(self.asked)}/15000"})

    def _refused(self, request: Request, what: str) -> Response | None:
        self.asked.append(what)
        if self.hold is not None:
            left, reached, go_on = self.hold
            self.hold = (left - 1, reached, go_on)
            if left <= 1:
                reached.set()
                go_on.wait(60)
        if self.expire_after is not None and self.expire_after <= 0:
            self.tokens, self.expire_after = set(), None
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return _error(401, "INVALID_SESSION_ID", "Session expired or invalid")
        self.expire_after = None if self.expire_after is None else self.expire_after - 1
        if self.break_after is not None and self.break_after > 0:
            self.break_after -= 1
        elif self.faults:
            return self.faults.pop(0)
        return None


def limit_exceeded() -> Response:
    """Return what an organisation says whose API calls of the day are used up."""
    return _error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")


def unavailable() -> Response:
    """Return what a server says that is down for a moment."""
    return _error(503, "SERVER_UNAVAILABLE", "Server too busy")


def _sorted(rows: list[dict[str, Any]], field: str) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: str(row[field]))


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse([{"message": message, "errorCode": code}], status)


def _time(at: str) -> str:
    return dt.datetime.fromisoformat(at).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
