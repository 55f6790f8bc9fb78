"""Passwords are kept as what scrypt makes of them: costly in time and memory to try, and another for each user.

Source of the method: RFC 7914, with the costs of the OWASP Password Storage Cheat Sheet (N = 2^15, r = 8, p = 3).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Final

from serving.errors import BadAccount

SHORTEST: Final = 12
LONGEST: Final = 1024
_LOG_N: Final = 15
_R: Final = 8
_P: Final = 3
_MEMORY: Final = 128 * 1024 * 1024
_SALT_BYTES: Final = 16


def hashed(password: str) -> str:
    """Return what to keep of a new password: method, costs, salt and digest.

    Raises
    ------
    BadAccount
        It is shorter than `SHORTEST` characters, or longer than `LONGEST`.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadAccount(f"the password has {len(password)} characters; expected {SHORTEST} to {LONGEST}")
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = _scrypt(password, salt, log_n=_LOG_N, r=_R, p=_P)
    return f"scrypt${_LOG_N}${_R}${_P}${_text(salt)}${_text(digest)}"


def is_right(password: str, kept: str | None) -> bool:
    """Say whether this is the password; it takes as long where there is none to compare with."""
    method, log_n, r, p, salt, digest = (kept or _NOBODY).split("$")
    if method != "scrypt":
        raise BadAccount(f"a password is kept as {method!r}, which this Takt does not know; set it anew")
    if len(password) > LONGEST:
        return False
    made = _scrypt(password, base64.b64decode(salt), log_n=int(log_n), r=int(r), p=int(p))
    return hmac.compare_digest(made, base64.b64decode(digest)) and kept is not None


def _scrypt(password: str, salt: bytes, *, log_n: int, r: int, p: int) -> bytes:
    given = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(given, salt=salt, n=2**log_n, r=r, p=p, maxmem=_MEMORY, dklen=32)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


_NOBODY: Final = f"scrypt${_LOG_N}${_R}${_P}${_text(bytes(_SALT_BYTES))}${_text(bytes(32))}"
"""Compared with where there is no such user, so that the time taken does not tell."""
