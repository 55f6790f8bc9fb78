"""Who may come in: everybody on loopback without a secret, otherwise whoever presents the secret or a session.

Programs send `Authorization: Bearer SECRET`, or the secret as the password of `Basic`. People sign in once on a page
(serving/pages/sign_in.py) and have a session for `SESSION_HOURS`: a signed cookie that holds their name and not the
secret. Roles and users come with the `access/` room of the design; until then one secret guards everything.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Final

from fastapi import HTTPException, Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

CHALLENGE: Final = 'Basic realm="Takt", charset="UTF-8"'
COOKIE: Final = "takt_session"
SESSION_HOURS: Final = 12
LONGEST_NAME: Final = 100


class SignInNeeded(Exception):  # noqa: N818 - nothing is wrong: a person has to say who they are
    """A person in a browser without a session; answered by the page to sign in."""


def allowed(request: Request) -> None:
    """Refuse a request that presents neither the secret nor a session, where a secret is set.

    Raises
    ------
    SignInNeeded
        A browser that asks for a page; it is led to the page to sign in.
    HTTPException
        401 for programs, with the challenge.
    """
    presented = request.headers.get("authorization", "")
    if not _secret(request) or (presented and is_secret(request, _presented(presented)[1])):
        return
    if session(request) is not None:
        return
    program = request.url.path.startswith("/v1") or "text/html" not in request.headers.get("accept", "")
    if not program and not presented:
        raise SignInNeeded
    raise HTTPException(
        401, "the secret is missing or wrong; send `Authorization: Bearer` with TAKT_SECRET",
        headers={"WWW-Authenticate": CHALLENGE},
    )  # fmt: skip


def is_secret(request: Request, text: str) -> bool:
    """Say whether a text is the secret; the time it takes does not tell how much of it is right."""
    return hmac.compare_digest(text.encode(), _secret(request).encode())


def who(request: Request) -> str | None:
    """Return the name a person gave, when signing in or as the user of `Basic`; None where nobody said one."""
    name = session(request) or _presented(request.headers.get("authorization", ""))[0]
    return name.strip()[:LONGEST_NAME] or None


def session(request: Request) -> str | None:
    """Return the name in a valid session (it may be empty); None without one, or when it has expired."""
    cookie = request.cookies.get(COOKIE, "")
    if not cookie or not _secret(request):
        return None
    try:
        return str(_signer(request).loads(cookie, max_age=SESSION_HOURS * 3600)["name"])
    except (BadSignature, KeyError, TypeError):
        return None


def begin_session(request: Request, response: Response, name: str) -> None:
    """Let an answer carry a session; scripts cannot read it, and other sites cannot send it along with a post."""
    response.set_cookie(
        COOKIE, _signer(request).dumps({"name": name.strip()[:LONGEST_NAME]}), max_age=SESSION_HOURS * 3600,
        httponly=True, samesite="lax", secure=request.url.scheme == "https",
    )  # fmt: skip


def end_session(response: Response) -> None:
    """Take the session away."""
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")


def _secret(request: Request) -> str:
    secret: str = request.app.state.settings.secret.get_secret_value()
    return secret


def _signer(request: Request) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(_secret(request), salt="takt session")


def _presented(authorization: str) -> tuple[str, str]:
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
