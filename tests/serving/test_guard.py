from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from serving.guard import GUARDS, Guard

GET = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}


async def nothing_more() -> dict:
    return {"type": "http.disconnect"}


def sent_by(app, scope) -> list[dict]:
    sent = []

    async def send(message: dict) -> None:
        sent.append(message)

    async def call() -> None:
        await Guard(app)(scope, nothing_more, send)

    with ThreadPoolExecutor(1) as elsewhere:  # a browser of other tests has its loop in this thread
        elsewhere.submit(asyncio.run, call()).result()
    return sent


async def left_alone(scope, receive, send) -> None:
    """What compression does when the browser has gone: nothing is sent."""


async def answers(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-content-type-options", b"no")]})
    await send({"type": "http.response.body", "body": b"hello"})


def test_a_browser_that_leaves_before_the_answer_is_no_error():
    assert sent_by(left_alone, GET) == []


def test_every_answer_carries_each_guard_once():
    start, body = sent_by(answers, GET)
    assert sorted(start["headers"]) == sorted((n.lower().encode(), v.encode()) for n, v in GUARDS.items())
    assert body["body"] == b"hello"


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
def test_what_is_no_request_passes_untouched(kind):
    seen = []

    async def app(scope, receive, send) -> None:
        seen.append(scope["type"])

    assert sent_by(app, {"type": kind}) == []
    assert seen == [kind]
