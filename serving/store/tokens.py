"""Tokens of programs: shown once when made, kept as their SHA-256, which is enough for 256 random bits."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import Any, Final

from sqlalchemy import CursorResult, Engine, insert, select, update
from sqlalchemy.orm import Session

from serving.access.viewer import MAY, Role
from serving.errors import BadAccount
from serving.store.engine import reading, writing
from serving.store.people import Token
from serving.store.users import check

PREFIX: Final = "takt_"
"""By it whoever searches files for lost secrets finds ours."""
USED_EVERY: Final = dt.timedelta(hours=1)
"""How exact `last_used_at` is: writing it more often would make everything kept look old."""


def create(
    engine: Engine,
    name: str,
    *,
    role: Role,
    owner_id: str | None,
    scopes: frozenset[str],
    at: dt.datetime,
    expires_at: dt.datetime | None,
) -> tuple[str, str]:
    """Store a new token and return its id and the token itself, which nobody can tell afterwards.

    Raises
    ------
    BadAccount
        The role may not do what the scopes say, a salesperson has no owner_id, or it has expired already.
    """
    check(name, role, owner_id)
    if not scopes or not scopes <= MAY[role]:
        asked, may = " ".join(sorted(scopes)) or "nothing", " ".join(sorted(MAY[role]))
        raise BadAccount(f"a token of {role.value} was asked to do {asked}; expected some of: {may}")
    if expires_at is not None and expires_at <= at:
        raise BadAccount(f"the token would have expired already, at {expires_at:%Y-%m-%d %H:%M} UTC")
    token_id, token = secrets.token_hex(4), PREFIX + secrets.token_urlsafe(32)
    row = {
        "token_id": token_id, "digest": digest(token), "name": name, "role": role.value, "owner_id": owner_id,
        "scopes": " ".join(sorted(scopes)), "created_at": at, "expires_at": expires_at,
    }  # fmt: skip
    with writing(engine) as connection:
        connection.execute(insert(Token).values(row))
    return token_id, token


def digest(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def everything(engine: Engine) -> list[Token]:
    """Return all tokens, the latest first."""
    with reading(engine) as store:
        return list(store.scalars(select(Token).order_by(Token.created_at.desc(), Token.token_id)))


def of_digest(store: Session, kept: str) -> Token | None:
    """Return the token of this digest."""
    return store.scalars(select(Token).where(Token.digest == kept)).one_or_none()


def revoke(engine: Engine, token_id: str, *, at: dt.datetime) -> None:
    """Let a token in no longer, from this moment on."""
    change = update(Token).where(Token.token_id == token_id, Token.revoked_at.is_(None)).values(revoked_at=at)
    with writing(engine) as connection:
        done: CursorResult[Any] = connection.execute(change)
        if done.rowcount == 0:
            raise BadAccount(f"there is no token {token_id!r} that still holds; `takt token list` shows them")


def used(engine: Engine, token_id: str, *, at: dt.datetime) -> None:
    """Note when a token was used last."""
    with writing(engine) as connection:
        connection.execute(update(Token).where(Token.token_id == token_id).values(last_used_at=at))
