"""Who may come in: everybody on loopback without a secret, otherwise whoever presents the secret.

Programs send `Authorization: Bearer SECRET`; a browser asks for a user and a password, and the password is the
secret. Roles and users come with the `access/` room of the design; until then one secret guards everything.
"""

from __future__ import annotations

import base64
import binascii
import hmac

from fastapi import HTTPException, Request

CHALLENGE = 'Basic realm="Takt", charset="UTF-8"'


def allowed(request: Request) -> None:
    """Refuse a request that does not present the secret, where one is set.

    Raises
    ------
    HTTPException
        401, with the challenge that makes a browser ask.
    """
    secret = request.app.state.settings.secret.get_secret_value()
    if secret and not hmac.compare_digest(_presented(request).encode(), secret.encode()):
        raise HTTPException(
            401, "the secret is missing or wrong; send `Authorization: Bearer` with TAKT_SECRET",
            headers={"WWW-Authenticate": CHALLENGE},
        )  # fmt: skip


def _presented(request: Request) -> str:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
