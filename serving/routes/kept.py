"""Answers kept as bytes for as long as nobody writes to the store.

A list is asked for many times and changes when something is published or said. Who may not come in is refused before
anything kept is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Final

from cachetools import LRUCache
from fastapi import Request, Response

from serving.access import admit
from serving.routes.conditional import Conditional, not_modified
from serving.store.news import News

MOST: Final = 256
"""Answers kept; one of 50 calls has some 50 KB."""


def _again(found: Response) -> Response:
    """Return the same answer as one of its own: what passes it on may add to its headers."""
    again = Response.__new__(Response)
    again.status_code, again.body, again.background = found.status_code, found.body, None
    again.raw_headers = list(found.raw_headers)
    return again


class KeptAnswers:
    """The answers last asked for; touched by the event loop only, so there is no lock."""

    def __init__(self, news: News, most: int = MOST) -> None:
        self.news = news
        self.answers: LRUCache[Hashable, Response] = LRUCache(most)


class Kept(Conditional):
    """A route that answers the same question from memory while the store stays as it is."""

    @staticmethod
    def depends_on(_request: Request) -> tuple[Hashable, ...]:
        """Return what else than store, path and query the answer is made of."""
        return ()

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the route: look among the kept answers first."""
        answer = super().get_route_handler()

        async def kept(request: Request) -> Response:
            viewer = await admit(request)
            held: KeptAnswers = request.app.state.kept_answers
            # the state is asked for before the answer is made: what is kept is never older than its key says
            state = await held.news.now() if request.method == "GET" else None
            if state is None:
                return await answer(request)
            asked = request.scope["path"], request.scope["query_string"]
            key = (state, viewer.rows, viewer.sees_contacts, *asked, *self.depends_on(request))
            found = held.answers.get(key)
            if found is None:
                response = await answer(request)
                if response.status_code == 200:
                    held.answers[key] = _again(response)
                return response
            return not_modified(request, found) or _again(found)

        return kept
