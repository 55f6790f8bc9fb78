"""Stands around every route and writes down who saw which prospect, also where the answer was kept in memory.

A route that shows several prospects says which in a header of its answer (`SEEN`), which is taken off here and never
leaves the server; the caches of answers keep it with the answer. A route of one prospect has its id in the path.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.store.audit import By, places_of
from serving.store.audit_log import AuditLog, View
from serving.store.scope import Scope as Rows

SEEN: Final = "x-takt-seen"
_SHOWN: Final = (200, 304)
_REFUSED: Final = (403, 404)
_HELD: Final = "Views cannot be written to the audit at this moment, so nothing is shown; try again in a few seconds."


def seen_calls(run: int, positions: Iterable[int]) -> dict[str, str]:
    """Return the header that says which lines of a list an answer shows."""
    return {SEEN: json.dumps({"run": run, "places": places_of(positions)})}


def seen_prospects(run: int, prospects: Iterable[str]) -> dict[str, str]:
    """Return the header that says which prospects an answer shows."""
    ids = sorted(set(prospects))
    return {SEEN: json.dumps({"run": run, "prospects": json.dumps(ids)})} if ids else {}


def by(request: Request) -> By:
    """Return who sends a request, for what is written down with a change."""
    viewer = request.state.viewer
    rows = Rows(viewer.rows, contacts=viewer.sees_contacts)
    return By(viewer.name, viewer.role.value, viewer.how, _address(request.scope), rows)


class Audited:
    """Notes what was answered, after it was."""

    def __init__(self, app: ASGIApp, log: AuditLog) -> None:
        self.app, self.log = app, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self.log.full and not scope["path"].startswith(("/healthz", "/readyz", "/metrics", "/static")):
            answer = JSONResponse({"title": "Service Unavailable", "status": 503, "detail": _HELD,
                                   "type": "urn:problem-type:takt:audit-held", "instance": scope["path"]}, 503,
                                  media_type="application/problem+json")  # fmt: skip
            await answer(scope, receive, send)
            return

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(scope, message)
            await send(message)

        await self.app(scope, receive, noted)

    def _note(self, scope: Scope, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        said = headers.get(SEEN)
        if said is not None:
            del headers[SEEN]
        one = scope.get("path_params", {}).get("prospect_id")
        viewer = scope.get("state", {}).get("viewer")
        status = message["status"]
        shown = status in _SHOWN and (said or one)
        if viewer is None or not (shown or (one and status in _REFUSED)):
            return
        listed: dict[str, Any] = json.loads(said) if said and shown else {}
        route = str(getattr(scope.get("route"), "path", None) or scope["path"]).replace(":path", "")
        self.log.saw(View(
            viewer.name, viewer.role.value, viewer.how, _address(scope), "saw" if shown else "refused", route,
            prospect_id=one, **listed,
        ))  # fmt: skip


def _address(scope: Scope) -> str:
    """Return where a request comes from; behind a proxy that is trusted (TAKT_TRUSTED_PROXIES) what the proxy says."""
    client = scope.get("client")
    return client[0] if client else ""
