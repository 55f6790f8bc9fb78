"""What the small CRMs of these tests have in common: one application in memory, with faults that a test switches on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

TOKEN = "secret-token"


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    query: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Answer:
    """A status, and what is said; None: nothing."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Crm:
    """Answers by the first route that fits; `faults` are answered first, each once.

    `mine` holds by record what is the company's own, `takt` what was written into the fields of Takt.
    """

    token_header = ("authorization", f"Bearer {TOKEN}")
    writing = re.compile(r"$^")

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.written: list[Call] = []
        self.faults: list[tuple[str, Answer]] = []
        self.lost: list[str] = []
        self.revoked_after: int | None = None
        self.refuses: dict[str, str] = {}
        self.mine: dict[str, dict[str, Any]] = {}
        self.takt: dict[str, dict[str, Any]] = {}
        self.properties: dict[str, dict[str, Any]] = {}
        self.tasks: dict[str, dict[str, Any]] = {}
        self.app = Starlette(routes=[Route("/{rest:path}", self._take, methods=["GET", "POST", "PATCH", "DELETE"])])

    def routes(self) -> list[tuple[str, str, Callable[..., Answer]]]:
        """Return method, pattern of the path and what answers it (given the call and the groups of the pattern)."""
        raise NotImplementedError

    def add(self, *ids: str) -> None:
        """Let records stand there, each with a note of somebody's."""
        for one in ids:
            self.mine[one], self.takt[one] = {"note": f"somebody's own words on {one}"}, {}

    def new_id(self) -> str:
        return str(9000 + len(self.tasks) + 1)

    async def _take(self, request: Request) -> Response:
        raw = await request.body()
        call = Call(
            request.method,
            request.url.path,
            dict(request.query_params),
            json.loads(raw) if raw.startswith((b"{", b"[")) else raw,
        )
        answer = self._answer(call, request.headers.get(self.token_header[0]))
        text = "" if answer.body is None else json.dumps(answer.body)
        return Response(text, answer.status, answer.headers, "application/json")

    def _answer(self, call: Call, token: str | None) -> Answer:
        for fault in self.faults:
            if fault[0] in f"{call.method} {call.path}":
                self.faults.remove(fault)
                return fault[1]
        writes = bool(self.writing.search(f"{call.method} {call.path}"))
        gone = self.revoked_after is not None and writes and len(self.written) >= self.revoked_after
        if gone or (token != self.token_header[1] and "oauth2/token" not in call.path):
            return self.unauthorised()
        self.calls.append(call)
        for method, pattern, say in self.routes():
            found = re.fullmatch(pattern, call.path)
            if method == call.method and found:
                answer = say(call, *found.groups())
                if writes:
                    self.written.append(call)
                for lost in self.lost:
                    if lost in f"{call.method} {call.path}":
                        self.lost.remove(lost)  # done, but the answer is lost on the way
                        return Answer(502, {"message": "bad gateway"})
                return answer
        raise AssertionError(f"no such call in the vendor's documentation: {call.method} {call.path}")

    def unauthorised(self) -> Answer:
        return Answer(401, {"message": "token is not valid"})
