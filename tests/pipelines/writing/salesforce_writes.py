"""Salesforce as far as it is written into, after "sObject Collections", "Query", "Describe" and the Tooling API."""

from __future__ import annotations

import re
from typing import Any

from tests.pipelines.writing.crm import TOKEN, Answer, Call, Crm

_DATA = "/services/data/v62.0"
_USERS = {"005000000000011AAA": "mira", "005000000000012AAA": "ben"}


class SalesforceWrites(Crm):
    writing = re.compile(r"(PATCH|DELETE) .*/composite/sobjects")

    def __init__(self) -> None:
        super().__init__()
        self.made: dict[str, dict[str, Any]] = {}
        self.visible: set[str] = set()

    def routes(self) -> list[Any]:
        return [
            ("POST", "/services/oauth2/token", lambda _: Answer(200, {"access_token": TOKEN})),
            ("GET", "/services/oauth2/userinfo", lambda _: Answer(200, {"user_id": "005000000000011AAA"})),
            ("GET", f"{_DATA}/query", self._query),
            ("GET", f"{_DATA}/sobjects/(\\w+)/describe", self._describe),
            ("POST", f"{_DATA}/tooling/sobjects/CustomField", self._field),
            ("POST", f"{_DATA}/sobjects/PermissionSet", lambda _: Answer(201, {"id": "0PS1", "success": True})),
            ("POST", f"{_DATA}/sobjects/FieldPermissions", self._permit),
            ("POST", f"{_DATA}/sobjects/PermissionSetAssignment", self._again),
            ("PATCH", f"{_DATA}/composite/sobjects", self._update),
            ("PATCH", f"{_DATA}/composite/sobjects/Task/Takt_Key__c", self._upsert),
            ("POST", f"{_DATA}/composite/sobjects/Opportunity", self._read),
            ("DELETE", f"{_DATA}/composite/sobjects", self._delete),
        ]

    def unauthorised(self) -> Answer:
        return Answer(401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])

    def _query(self, call: Call) -> Answer:
        soql = call.query["q"]
        if "FROM Organization" in soql:
            rows: list[Any] = [{"Id": "00D000000000001EAA"}]
        elif "FROM User" in soql:
            rows = [{"Id": one, "Name": name, "Email": f"{name}@company.example"} for one, name in _USERS.items()]
        elif "FROM PermissionSet" in soql:
            rows = []
        else:
            marks = set(re.findall(r"'(takt-\w+)'", soql))
            rows = [{"Id": one, **task} for one, task in self.tasks.items() if task["Takt_Key__c"] in marks]
        return Answer(200, {"totalSize": len(rows), "done": True, "records": rows})

    def _describe(self, _: Call, kind: str) -> Answer:
        full = [one for one in self.visible if one.startswith(f"{kind}.")]
        fields = [{"name": one.split(".")[1], "updateable": True, "externalId": "Key" in one} for one in full]
        return Answer(200, {"name": kind, "fields": [{"name": "Name", "updateable": True}, *fields]})

    def _field(self, call: Call) -> Answer:
        self.made[call.body["FullName"].replace("Activity.", "Task.")] = call.body["Metadata"]
        return Answer(201, {"id": "00N1", "success": True})

    def _permit(self, call: Call) -> Answer:
        assert call.body["Field"] in self.made
        self.visible.add(call.body["Field"])
        return Answer(201, {"id": "01k1", "success": True})

    def _again(self, _: Call) -> Answer:
        return Answer(400, [{"errorCode": "DUPLICATE_VALUE", "message": "assigned already"}])

    def _update(self, call: Call) -> Answer:
        assert call.body["allOrNone"] is False
        return Answer(200, [self._one(row) for row in call.body["records"]])

    def _one(self, row: dict[str, Any]) -> dict[str, Any]:
        if row["id"] in self.refuses:
            return _no("FIELD_CUSTOM_VALIDATION_EXCEPTION", self.refuses[row["id"]])
        if row["id"] not in self.takt:
            return _no("ENTITY_IS_DELETED", "entity is deleted")
        values = {name: value for name, value in row.items() if name not in ("attributes", "id")}
        long = [name for name, value in values.items() if name != "Takt_Reasons__c" and len(str(value)) > 255]
        if long or not set(values) <= {one.split(".")[1] for one in self.visible}:
            return _no("STRING_TOO_LONG", f"data value too large: {long}")
        self.takt[row["id"]] |= values
        return {"id": row["id"], "success": True, "errors": []}

    def _upsert(self, call: Call) -> Answer:
        out = []
        for row in call.body["records"]:
            if row["WhatId"] not in self.takt:
                out.append(_no("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"))
                continue
            known = next((k for k, task in self.tasks.items() if task["Takt_Key__c"] == row["Takt_Key__c"]), None)
            one = known or f"00T{self.new_id():0>15}"
            told = {name: value for name, value in row.items() if name != "attributes"}
            self.tasks.setdefault(one, {"IsClosed": False}).update(told)
            out.append({"id": one, "success": True, "created": known is None, "errors": []})
        return Answer(200, out)

    def _read(self, call: Call) -> Answer:
        names = call.body["fields"]
        return Answer(200, [
            {"Id": one, **dict.fromkeys(names), **self.takt[one]} if one in self.takt else None
            for one in call.body["ids"]
        ])  # fmt: skip

    def _delete(self, call: Call) -> Answer:
        out = []
        for one in call.query["ids"].split(","):
            gone = self.tasks.pop(one, None) is None
            out.append(_no("ENTITY_IS_DELETED", "gone") if gone else {"id": one, "success": True, "errors": []})
        return Answer(200, out)


def _no(code: str, words: str) -> dict[str, Any]:
    return {"success": False, "errors": [{"statusCode": code, "message": words, "fields": []}]}
