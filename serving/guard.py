"""What stands before every route: whoever must not come in is answered here, and every answer carries its guards."""

from __future__ import annotations

from typing import Final

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving import problems

GUARDS: Final = {
    # names come from outside: a page may load and run our own files and nothing else, and be framed by nobody
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class Guard:
    """Refuses what comes from another site or is too large, before it is read; adds the guards to the headers.

    Plain ASGI: Starlette's `BaseHTTPMiddleware` fails with "No response returned" when a browser leaves in the middle.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(GUARDS)
            await send(message)

        request = Request(scope)
        refused = problems.foreign(request) or problems.too_large(request)
        await (self.app if refused is None else refused)(scope, receive, guarded)
