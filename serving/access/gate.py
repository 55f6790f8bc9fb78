"""How a request says who is asking, in the order in which it is looked at: what it presents, its session, nobody."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import datetime as dt
import hmac

from fastapi import Request
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from serving.access import passwords
from serving.access.accounts import Accounts
from serving.access.limiting import Limit
from serving.access.sessions import LONGEST_NAME, Sessions, Signed
from serving.access.viewer import OPEN, SCOPES, Role, Viewer
from serving.errors import TooMany
from serving.settings import Settings
from serving.store import users
from serving.store.news import News
from serving.store.tokens import PREFIX


class Gate:
    """Finds out who is asking, for one application.

    `slow=False` answers from what is remembered or raises `AskStore`; it is for the loop of events.
    """

    def __init__(self, settings: Settings, engine: Engine, news: News) -> None:
        self._secret = settings.secret.get_secret_value()
        self._guarded, self._engine = settings.guarded, engine
        self.accounts = Accounts(engine, news)
        self.sessions = Sessions(settings)
        self.tries, self.scores = Limit(settings.sign_in_limit), Limit(settings.score_limit)

    def close(self) -> None:
        """Finish what is being noted."""
        self.accounts.close()

    def guarded(self, *, slow: bool) -> bool:
        """Say whether one has to say who one is: not on loopback without secret, users and tokens."""
        return self._guarded or self.accounts.any(slow=slow)

    def find(self, request: Request, *, slow: bool) -> Viewer | None:
        """Return who is asking; None where nobody is known by what was presented.

        Raises
        ------
        AskStore
            Only without `slow`.
        TooMany
            Too many wrong things were presented from this address.
        """
        header = request.headers.get("authorization", "")
        if not self.guarded(slow=slow):
            return dataclasses.replace(OPEN, name=presented(header)[0].strip()[:LONGEST_NAME]) if header else OPEN
        if header:
            return self._presenting(request, header, slow=slow)
        signed = self.sessions.read(request)
        if signed is None:
            return None
        if signed.user_id is None:
            return Viewer(signed.name, Role.ADMIN, None, SCOPES, "session")
        return self.accounts.user(signed.user_id, signed.version, slow=slow)

    def _presenting(self, request: Request, header: str, *, slow: bool) -> Viewer | None:
        name, text = presented(header)
        if self.is_secret(text):
            return Viewer(name.strip()[:LONGEST_NAME], Role.ADMIN, None, SCOPES, "secret")
        viewer = self.accounts.token(text, slow=slow) if text.startswith(PREFIX) else None
        if viewer is None and text:
            client = f"client {client_of(request)}"
            _stop(self.tries.wait(client))
            self.tries.count(client)
        return viewer

    def is_secret(self, text: str) -> bool:
        """Say whether a text is the secret; the time it takes does not tell how much of it is right."""
        given, right = text.encode("utf-8", "surrogatepass"), self._secret.encode()
        return bool(right) and hmac.compare_digest(given, right)

    async def sign_in(self, request: Request, *, name: str, password: str) -> Signed | None:
        """Return the session of whoever knows the password, or the secret; None where it is wrong.

        Raises
        ------
        TooMany
            Too many wrong ones were tried for this name, or from this address.
        """
        keys = (f"client {client_of(request)}", f"account {name.strip().casefold()}")
        _stop(max(map(self.tries.wait, keys)))
        if self.is_secret(password.strip()):
            return Signed(name)
        client, account = keys
        # counted before the password is looked at, so that many at once are not many tries for one
        self.tries.count(account)
        signed = await run_in_threadpool(self._password, name.strip(), password)
        if signed is None:  # an office comes in by one address, and most of it types right
            self.tries.count(client)
        return signed

    def _password(self, name: str, password: str) -> Signed | None:
        user = self.accounts.named(name)
        kept = None if user is None or user.disabled_at is not None else user.password
        if not passwords.is_right(password, kept) or user is None:
            return None
        users.came_in(self._engine, user.user_id, at=dt.datetime.now(dt.UTC))
        return Signed(user.name, user.user_id, user.version)


def presented(authorization: str) -> tuple[str, str]:
    """Return the user and the secret of an Authorization header."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return "", value.strip()
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def client_of(request: Request) -> str:
    """Return the address a request comes from; behind a proxy uvicorn has put there what the proxy said."""
    return request.client.host if request.client else ""


def _stop(seconds: int) -> None:
    if seconds:
        raise TooMany(
            f"too many wrong passwords, secrets or tokens were tried; nothing was looked at. Try again in {seconds} s",
            seconds,
        )
