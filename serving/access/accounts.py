"""Users and tokens as they are presented: found in the store, and remembered for as long as nobody writes to it.

A database that cannot say whether something was written is asked again every second: until then a token that was
revoked still holds.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Final, Literal

from cachetools import LRUCache
from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from serving.access.viewer import MAY, Role, Viewer
from serving.store import tokens, users
from serving.store.engine import reading
from serving.store.news import News
from serving.store.people import Token, User

MOST: Final = 4096
"""Viewers remembered."""
logger = logging.getLogger(__name__)
_Found = tuple[Viewer, dt.datetime | None]


class AskStore(Exception):  # noqa: N818 - nothing is wrong: it takes longer
    """The answer is not remembered, and the store must not be asked here (in the loop of events)."""


class Accounts:
    """The users and tokens of one store."""

    def __init__(self, engine: Engine, news: News, *, most: int = MOST) -> None:
        self._engine, self._news = engine, news
        self._known: LRUCache[Hashable, tuple[Hashable, _Found]] = LRUCache(most)
        self._lock = Lock()
        self._any, self._any_as_of = False, self._state()
        self._book = ThreadPoolExecutor(1, thread_name_prefix="takt-last-used")
        self._noted: LRUCache[str, dt.datetime] = LRUCache(most)
        self._any = self._look()

    def close(self) -> None:
        """Finish what is being noted."""
        self._book.shutdown()

    def any(self, *, slow: bool) -> bool:
        """Say whether there ever was a user or a token; from the first one on everybody says who they are."""
        if self._any:
            return True  # nothing of them is ever deleted
        state = self._state()
        if state == self._any_as_of:
            return False
        if not slow:
            raise AskStore
        try:
            self._any = self._look()
        except DBAPIError:
            logger.exception("users cannot be read; there were none when they could")
            return self._any
        self._any_as_of = state
        return self._any

    def token(self, presented: str, *, slow: bool, how: Literal["token"] = "token") -> Viewer | None:
        """Return who presents a token; None where it is unknown, revoked or has expired."""
        digest = tokens.digest(presented)

        def load(store: Session) -> _Found | None:
            token = tokens.of_digest(store, digest)
            if token is None or token.revoked_at is not None:
                return None
            self._note_use(token)
            role, scopes = Role(token.role), frozenset(token.scopes.split())
            return Viewer(token.name, role, token.owner_id, scopes & MAY[role], how), token.expires_at

        return self._found(("token", digest), load, slow=slow)

    def user(self, user_id: int, version: int, *, slow: bool) -> Viewer | None:
        """Return who has a session; None where it was begun before the user was changed, or is disabled."""

        def load(store: Session) -> _Found | None:
            user = store.get(User, user_id)
            return None if user is None or user.disabled_at or user.version != version else (viewer_of(user), None)

        return self._found(("user", user_id, version), load, slow=slow)

    def _found(self, key: Hashable, load: Callable[[Session], _Found | None], *, slow: bool) -> Viewer | None:
        state = self._state()
        with self._lock:
            state_then, found = self._known.get(key, (None, None))
        if found is None or state_then != state:
            if not slow:
                raise AskStore
            with reading(self._engine) as store:
                found = load(store)
            if found is None:
                return None
            with self._lock:
                self._known[key] = state, found
        viewer, until = found
        return viewer if until is None or _now() < until else None

    def _state(self) -> Hashable:
        stamp = self._news.stamp()
        return ("second", int(time.monotonic())) if stamp is None else stamp

    def _look(self) -> bool:
        with reading(self._engine) as store:
            return any(store.scalars(select(column).limit(1)).first() for column in (User.user_id, Token.token_id))

    def _note_use(self, token: Token) -> None:
        """Note that a token was used, beside the request: a run that is being published would make it wait."""
        now = _now()
        last = max(filter(None, (token.last_used_at, self._noted.get(token.token_id))), default=None)
        if last is not None and now - last < tokens.USED_EVERY:
            return
        self._noted[token.token_id] = now
        self._book.submit(self._write_use, token.token_id, now)

    def _write_use(self, token_id: str, at: dt.datetime) -> None:
        try:
            tokens.used(self._engine, token_id, at=at)
        except DBAPIError:
            logger.warning("when token %s was used last could not be noted", token_id, exc_info=True)

    def named(self, name: str) -> User | None:
        """Return the user of a name; read anew, for somebody who signs in."""
        with reading(self._engine) as store:
            return users.named(store, name)


def viewer_of(user: User) -> Viewer:
    """Return a signed-in user as a viewer."""
    role = Role(user.role)
    return Viewer(user.name, role, user.owner_id, MAY[role], "session")


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
