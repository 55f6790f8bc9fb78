"""Pages kept as they were rendered, for as long as nothing was published or said since.

A list is opened many times and changes when somebody taps: rendering 50 lines takes twenty times as long as asking
whether anything is new. The key has everything that a page is made of, so an old page is never shown.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Final

from cachetools import LRUCache
from fastapi import Request
from fastapi.responses import HTMLResponse

from serving.pages import banner
from serving.routes.kept import Kept

MOST: Final = 128
"""Pages kept; a list of 50 calls is a quarter of a megabyte."""


class KeptPages:
    """The pages last asked for; one for all requests of an application."""

    def __init__(self, most: int = MOST) -> None:
        self._pages: LRUCache[Hashable, tuple[bytes, dict[str, str]]] = LRUCache(most)
        self._lock = Lock()

    def page(self, key: Hashable, render: Callable[[], HTMLResponse]) -> HTMLResponse:
        """Return the page of this key, rendered anew only where it is not kept."""
        with self._lock:
            kept = self._pages.get(key)
        if kept is None:
            answer = render()
            kept = bytes(answer.body), dict(answer.headers)
            with self._lock:
                self._pages[key] = kept
        content, headers = kept
        return HTMLResponse(content, headers=headers)


class KeptPage(Kept):
    """A route of a page that is kept as bytes: it speaks the reader's language, and says how old the list is."""

    @staticmethod
    def depends_on(request: Request) -> tuple[Hashable, ...]:
        """Return the languages asked for and the quarter of an hour: no zone's day ends between two."""
        return request.headers.get("accept-language"), int(banner.now().timestamp() // 900)
