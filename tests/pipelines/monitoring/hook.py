"""A webhook on loopback that takes what Slack's takes, and answers as it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.pipelines.sources.loopback import loopback


@dataclass
class Hook:
    """What was posted, and what is answered to the next posts; then 200 "ok"."""

    url: str = ""
    texts: list[str] = field(default_factory=list)
    tries: int = 0
    answers: list[int] = field(default_factory=list)

    async def take(self, request: Request) -> PlainTextResponse:
        self.tries += 1
        status = self.answers.pop(0) if self.answers else 200
        body = await request.json()
        if status == 200 and set(body) == {"text"}:
            self.texts.append(body["text"])
            return PlainTextResponse("ok")
        return PlainTextResponse("invalid_payload", status if status != 200 else 400)


@contextmanager
def hooked() -> Iterator[Hook]:
    """Serve a hook."""
    hook = Hook()
    with loopback(Starlette(routes=[Route("/services/T0/B0/secret", hook.take, methods=["POST"])])) as url:
        hook.url = f"{url}/services/T0/B0/secret"
        yield hook
