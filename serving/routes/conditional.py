"""Conditional GET: an answer carries a tag of its content, and who has it already is told so in 304."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

CACHING = "private, no-cache"
"""Keep it, but ask each time: the list of this morning must not be read tomorrow."""


class Conditional(APIRoute):
    """A route whose successful GET answers have an ETag (weak, for the answer may be compressed later)."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the route: same answer with its tag, or 304 without a body."""
        answer = super().get_route_handler()

        async def tagged(request: Request) -> Response:
            response = await answer(request)
            if request.method != "GET" or response.status_code != 200:
                return response
            tag = f'W/"{hashlib.sha256(response.body).hexdigest()[:20]}"'
            response.headers.update({"ETag": tag, "Cache-Control": CACHING})
            return not_modified(request, response) or response

        return tagged


def not_modified(request: Request, response: Response) -> Response | None:
    """Return the 304 for whoever has this answer already by its tag, or None."""
    asked = request.headers.get("if-none-match", "")
    if not asked or response.headers["ETag"] not in [tag.strip() for tag in asked.split(",")]:
        return None
    kept = {k: v for k, v in response.headers.items() if k not in ("content-length", "content-type")}
    return Response(status_code=304, headers=kept)
