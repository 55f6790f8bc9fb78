"""HubSpot as far as it is written into, after "CRM API: Deals, Tasks, Properties, Owners, Associations v4, Errors"."""

from __future__ import annotations

import re
from typing import Any

from tests.pipelines.writing.crm import Answer, Call, Crm

_KEY = "takt_key"


class HubspotWrites(Crm):
    writing = re.compile(r"/batch/(update|upsert|archive|associate/default)$")

    def __init__(self) -> None:
        super().__init__()
        self.unique: set[str] = set()
        self.groups: set[str] = set()
        self.tied: set[tuple[str, str, str]] = set()

    def routes(self) -> list[Any]:
        return [
            ("GET", "/account-info/v3/details", lambda _: Answer(200, {"portalId": 4242})),
            ("GET", "/crm/v3/owners", self._owners),
            ("GET", "/crm/v3/properties/deals", self._properties),
            ("GET", "/crm/v3/properties/tasks", lambda _: _rows([{"name": n} for n in sorted(self.unique)])),
            ("POST", "/crm/v3/properties/deals/groups", self._group),
            ("POST", "/crm/v3/properties/deals/batch/create", self._create),
            ("POST", "/crm/v3/properties/tasks", self._key),
            ("POST", "/crm/v3/objects/deals/batch/update", self._update),
            ("POST", "/crm/v3/objects/deals/batch/read", self._read),
            ("POST", "/crm/v3/objects/tasks/batch/upsert", self._upsert),
            ("POST", "/crm/v3/objects/tasks/batch/read", self._read_tasks),
            ("POST", "/crm/v3/objects/tasks/batch/archive", self._archive),
            ("POST", "/crm/v4/associations/tasks/(deals|contacts)/batch/associate/default", self._tie),
            ("POST", "/crm/v4/associations/tasks/deals/batch/read", self._ties),
        ]

    def _owners(self, call: Call) -> Answer:
        if "after" not in call.query:
            body = [{"id": "11", "email": "mira@company.example", "firstName": "Mira", "lastName": ""}]
            return Answer(200, {"results": body, "paging": {"next": {"after": "11"}}})
        return _rows([{"id": "12", "email": "ben@company.example", "firstName": "Ben", "lastName": "Ode"}])

    def _properties(self, _: Call) -> Answer:
        return _rows([{"name": "dealname", "type": "string"}, *({"name": n, **p} for n, p in self.properties.items())])

    def _group(self, call: Call) -> Answer:
        if call.body["name"] in self.groups:
            return Answer(409, {"status": "error", "message": "group exists", "category": "CONFLICT"})
        self.groups.add(call.body["name"])
        return Answer(201, call.body)

    def _create(self, call: Call) -> Answer:
        assert all(row["groupName"] in self.groups for row in call.body["inputs"])
        self.properties |= {row["name"]: row for row in call.body["inputs"]}
        return Answer(201, {"status": "COMPLETE", "results": call.body["inputs"]})

    def _key(self, call: Call) -> Answer:
        assert call.body["hasUniqueValue"] is True
        self.unique.add(call.body["name"])
        return Answer(201, call.body)

    def _update(self, call: Call) -> Answer:
        assert len(call.body["inputs"]) <= 100
        for row in call.body["inputs"]:
            unknown = set(row["properties"]) - set(self.properties)
            if unknown or row["id"] in self.refuses:
                words = self.refuses.get(row["id"], f"Property {sorted(unknown)} does not exist")
                return Answer(400, {"status": "error", "message": words, "category": "VALIDATION_ERROR"})
            assert row["properties"]["takt_score"] == "" or 0 < float(row["properties"]["takt_score"]) < 1
        there = [row for row in call.body["inputs"] if row["id"] in self.takt]
        for row in there:
            self.takt[row["id"]] |= {name: value or None for name, value in row["properties"].items()}
        return _multi([{"id": row["id"]} for row in there], [
            {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "Could not get some DEAL objects",
             "context": {"ids": [row["id"]]}}
            for row in call.body["inputs"] if row["id"] not in self.takt
        ])  # fmt: skip

    def _read(self, call: Call) -> Answer:
        rows = [
            {"id": r["id"], "properties": dict.fromkeys(call.body["properties"]) | self.takt[r["id"]]}
            for r in call.body["inputs"]
            if r["id"] in self.takt
        ]
        return _multi(rows, [] if len(rows) == len(call.body["inputs"]) else [{"category": "OBJECT_NOT_FOUND"}])

    def _upsert(self, call: Call) -> Answer:
        results, errors = [], []
        for row in call.body["inputs"]:
            assert row["idProperty"] in self.unique
            if row["properties"]["hubspot_owner_id"] not in ("11", "12"):
                errors.append({"category": "VALIDATION_ERROR", "message": "owner does not exist",
                               "context": {"objectWriteTraceId": [row["objectWriteTraceId"]]}})  # fmt: skip
                continue
            known = next((one for one, task in self.tasks.items() if task[_KEY] == row["id"]), None)
            one = known or self.new_id()
            self.tasks.setdefault(one, {_KEY: row["id"]}).update(row["properties"])
            results.append({"id": one, "new": known is None, "properties": {_KEY: row["id"]}})
        return _multi(results, errors)

    def _read_tasks(self, call: Call) -> Answer:
        marks = {row["id"] for row in call.body["inputs"]}
        found = [{"id": one, "properties": dict(task)} for one, task in self.tasks.items() if task[_KEY] in marks]
        return _multi(found, [] if len(found) == len(marks) else [{"category": "OBJECT_NOT_FOUND"}])

    def _archive(self, call: Call) -> Answer:
        for row in call.body["inputs"]:
            self.tasks.pop(row["id"], None)
        return Answer(204)

    def _tie(self, call: Call, to: str) -> Answer:
        pairs = [(row["from"]["id"], row["to"]["id"]) for row in call.body["inputs"]]
        good = [(task, one) for task, one in pairs if to == "contacts" or one in self.takt]
        self.tied |= {(to, *pair) for pair in good}
        errors = [
            {"category": "OBJECT_NOT_FOUND", "message": "deal is not there", "context": {"toObjectId": [one]}}
            for task, one in pairs
            if (task, one) not in good
        ]
        return _multi([{"from": {"id": task}, "to": {"id": one}} for task, one in good], errors)

    def _ties(self, call: Call) -> Answer:
        wanted = [row["id"] for row in call.body["inputs"]]
        rows = [{"from": {"id": task}, "to": [{"toObjectId": int(one)}]} for to, task, one in sorted(self.tied)
                if to == "deals" and task in wanted]  # fmt: skip
        return _rows(rows)


def _rows(rows: list[Any]) -> Answer:
    return Answer(200, {"results": rows})


def _multi(results: list[Any], errors: list[Any]) -> Answer:
    more = {"numErrors": len(errors), "errors": errors} if errors else {}
    return Answer(207 if errors else 200, {"status": "COMPLETE", "results": results, **more})
