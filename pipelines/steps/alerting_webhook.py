"""A Slack-style webhook: `{"text": ...}` posted to TAKT_WEBHOOK_URL, tried again a few times, never for long.

The address is the secret of such a hook, so it is in no message and in no log.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import httpx

from features.errors import TaktError

SECONDS: Final = 10.0
WAITS: Final = (1.0, 4.0)
"""Seconds between tries; a server that asks for more is not waited for, the next look tries again."""
AGAIN: Final = (429, 500, 502, 503, 504)


class WebhookDown(TaktError):
    """The webhook did not take a message; the text says what it answered, without its address."""


def post(url: str, text: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Post a message; try again where that may help.

    Raises
    ------
    WebhookDown
        It was refused, or not taken after all tries.
    """
    for wait in (*WAITS, None):
        why, again = _try(url, text)
        if not why:
            return
        if wait is None or not again:
            raise WebhookDown(f"the webhook {why}; check TAKT_WEBHOOK_URL. The next look tries again.")
        sleep(wait)


def _try(url: str, text: str) -> tuple[str, bool]:
    """Return why a message was not taken (empty: it was), and whether it may be taken next time."""
    try:
        answer = httpx.post(url, json={"text": text}, timeout=SECONDS, follow_redirects=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # the message of the error may repeat the address
        return f"cannot be reached ({type(error).__name__})", not isinstance(error, httpx.InvalidURL)
    if answer.is_success:
        return "", False
    return f"answered {answer.status_code} {answer.reason_phrase}".rstrip(), answer.status_code in AGAIN
