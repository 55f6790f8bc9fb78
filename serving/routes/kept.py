"""Answers kept as bytes for as long as nobody writes to the store.

A list is asked for many times and changes when something is published or said. Who may not come in is refused before
anything kept is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Final

from cachetools import LRUCache
from fastapi import Request, Response

from serving.access import allowed
from serving.routes.conditional import Conditional, not_modified
from serving.store.news import News

MOST: Final = 256
"""Answers kept; one of 50 calls has some 50 KB."""
_Kept = tuple[bytes, dict[str, str]]


class KeptAnswers:
    """The answers last asked for; touched by the event loop only, so there is no lock."""

    def __init__(self, news: News, most: int = MOST) -> None:
        self.news = news
        self.answers: LRUCache[Hashable, _Kept] = LRUCache(most)


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
            allowed(request)
            held: KeptAnswers = request.app.state.kept_answers
            # the state is asked for before the answer is made: what is kept is never older than its key says
            state = held.news.stamp()
            if request.method != "GET" or state is None:
                return await answer(request)
            key = (state, request.url.path, request.url.query, *self.depends_on(request))
            found = held.answers.get(key)
            if found is None:
                response = await answer(request)
                if response.status_code == 200:
                    held.answers[key] = bytes(response.body), dict(response.headers)
                return response
            response = Response(found[0], headers=found[1])
            return not_modified(request, response) or response

        return kept
