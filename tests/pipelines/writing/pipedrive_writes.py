"""Pipedrive as far as it is written into, after the API reference v2: Deals, Activities, DealFields; v1: Users."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from tests.pipelines.writing.crm import TOKEN, Answer, Call, Crm


class PipedriveWrites(Crm):
    token_header = ("x-api-token", TOKEN)
    writing = re.compile(r"(POST|PATCH|DELETE) /api/v2/(deals|activities)")

    def routes(self) -> list[Any]:
        return [
            ("GET", "/api/v1/users/me", lambda _: _data({"id": 11, "company_id": 77})),
            ("GET", "/api/v1/users", self._users),
            ("GET", "/api/v2/dealFields", self._fields),
            ("POST", "/api/v2/dealFields", self._field),
            ("PATCH", r"/api/v2/deals/(\d+)", self._update),
            ("GET", r"/api/v2/deals/(\d+)", self._deal),
            ("POST", "/api/v2/activities", self._make),
            ("GET", "/api/v2/activities", self._activities),
            ("GET", r"/api/v2/activities/(\d+)", self._activity),
            ("PATCH", r"/api/v2/activities/(\d+)", self._change),
            ("DELETE", r"/api/v2/activities/(\d+)", self._delete),
        ]

    def _users(self, _: Call) -> Answer:
        rows = [(11, "mira", True), (12, "Ben Ode", True), (13, "Mira", False)]
        return _data([{"id": i, "name": n, "email": f"{i}@company.example", "active_flag": a} for i, n, a in rows])

    def _fields(self, call: Call) -> Answer:
        own = [{"field_code": key, "field_name": f["field_name"], "is_custom_field": True}
               for key, f in self.properties.items()]  # fmt: skip
        if "cursor" not in call.query:
            first = [{"field_code": "title", "field_name": "Title", "is_custom_field": False}]
            return Answer(200, {"success": True, "data": first, "additional_data": {"next_cursor": "b"}})
        return Answer(200, {"success": True, "data": own, "additional_data": {"next_cursor": None}})

    def _field(self, call: Call) -> Answer:
        key = hashlib.sha1(call.body["field_name"].encode(), usedforsecurity=False).hexdigest()
        self.properties[key] = call.body
        return _data({"field_code": key, **call.body})

    def _update(self, call: Call, one: str) -> Answer:
        if one in self.refuses:
            body = {"success": False, "error": self.refuses[one], "error_info": "see the API reference"}
            return Answer(400, body)
        if one not in self.takt:
            return _none()
        values = call.body["custom_fields"]
        for key, value in values.items():
            short = self.properties[key]["field_type"] == "varchar"
            assert value is None or len(str(value)) <= (255 if short else 65_535)
        self.takt[one] |= values
        return _data({"id": int(one)})

    def _deal(self, _: Call, one: str) -> Answer:
        if one not in self.takt:
            return _none()
        custom = dict.fromkeys(self.properties) | self.takt[one]
        return _data({"id": int(one), "is_deleted": False, "custom_fields": custom})

    def _make(self, call: Call) -> Answer:
        if str(call.body["deal_id"]) not in self.takt:
            return Answer(400, {"success": False, "error": "Deal was not found"})
        one = self.new_id()
        self.tasks[one] = {"done": False, "is_deleted": False, **call.body}
        return Answer(201, {"success": True, "data": {"id": int(one), **self.tasks[one]}})

    def _activities(self, call: Call) -> Answer:
        rows = [{"id": int(one), **task} for one, task in self.tasks.items()
                if str(task["deal_id"]) == call.query["deal_id"]]  # fmt: skip
        return Answer(200, {"success": True, "data": rows, "additional_data": {"next_cursor": None}})

    def _activity(self, _: Call, one: str) -> Answer:
        if one not in self.tasks:
            return _none()
        told = self.tasks[one]
        return _data({"id": int(one), **told, "due_time": f"{told['due_time']}:00"})

    def _change(self, call: Call, one: str) -> Answer:
        self.tasks[one] |= call.body
        return _data({"id": int(one)})

    def _delete(self, _: Call, one: str) -> Answer:
        if self.tasks.pop(one, None) is None:
            return _none()
        return _data({"id": int(one)})


def _data(data: Any) -> Answer:
    return Answer(200, {"success": True, "data": data})


def _none() -> Answer:
    return Answer(404, {"success": False, "error": "not found"})
