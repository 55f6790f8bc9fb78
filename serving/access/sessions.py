"""The session of whoever signed in on the page: a signed cookie that says who, and holds no secret."""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fastapi import Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

from serving.errors import StoreUnusable

if TYPE_CHECKING:
    from serving.settings import Settings

COOKIE: Final = "takt_session"
SESSION_HOURS: Final = 12
LONGEST_NAME: Final = 100


@dataclass(frozen=True)
class Signed:
    """What a session says: the user and the version of it, or only a name where the shared secret was presented."""

    name: str
    user_id: int | None = None
    version: int = 0


class Sessions:
    """Begins and reads the sessions of one application."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        secret = settings.secret.get_secret_value()
        self._of_secret = hashlib.sha256(b"takt session of\0" + secret.encode()).hexdigest()[:16] if secret else ""
        self._secure = settings.public_url.startswith("https://")

    def read(self, request: Request) -> Signed | None:
        """Return who has a valid session; None without one, or when it has expired."""
        cookie = request.cookies.get(COOKIE, "")
        return self.signed(cookie) if cookie else None

    def signed(self, cookie: str) -> Signed | None:
        """Return what a cookie says, if it is ours and not too old; sessions begun by another secret have ended."""
        try:
            said: dict[str, Any] = self._signer.loads(cookie, max_age=SESSION_HOURS * 3600)
            if "user" in said:
                return Signed(str(said["name"]), int(said["user"]), int(said["version"]))
            return Signed(str(said["name"])) if self._of_secret and said["of"] == self._of_secret else None
        except (BadSignature, KeyError, TypeError, ValueError):
            return None

    def begin(self, request: Request, response: Response, signed: Signed) -> None:
        """Let an answer carry a session; scripts cannot read it, and other sites cannot send it along with a post."""
        said: dict[str, Any] = {"name": signed.name.strip()[:LONGEST_NAME]}
        said |= (
            {"of": self._of_secret} if signed.user_id is None else {"user": signed.user_id, "version": signed.version}
        )
        self.keep(request, response, COOKIE, self._signer.dumps(said), seconds=SESSION_HOURS * 3600)

    def keep(self, request: Request, response: Response, name: str, value: str | bytes, *, seconds: int) -> None:
        """Let an answer carry a cookie that only this server reads."""
        secure = self._secure or request.url.scheme == "https"
        text = value.decode() if isinstance(value, bytes) else value
        response.set_cookie(name, text, max_age=seconds, httponly=True, samesite="lax", secure=secure)

    def signer(self, purpose: str) -> URLSafeTimedSerializer:
        """Return what signs something else than sessions; one is never taken for the other."""
        return URLSafeTimedSerializer(self._key, salt=purpose)

    @cached_property
    def _signer(self) -> URLSafeTimedSerializer:
        return self.signer("takt session")

    @cached_property
    def _key(self) -> str:
        settings = self._settings
        given = settings.session_key.get_secret_value() or settings.secret.get_secret_value()
        return given or kept_key(settings.home / "session.key")


def end_session(response: Response) -> None:
    """Take the session away."""
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")


def kept_key(file: Path) -> str:
    """Return the key in a file that only its owner may read; made at the first time.

    Raises
    ------
    StoreUnusable
        It can be neither read nor made.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f"{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as opened:
            opened.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, file)  # of two servers that start at once, one makes the key and both have it
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        return file.read_text(encoding="ascii")
    except OSError as error:
        raise StoreUnusable(f"the key of the sessions cannot be kept ({error}); set TAKT_SESSION_KEY.") from error
