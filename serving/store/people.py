"""Who may come in: users (people) and tokens (programs). No password and no token is kept, only what tells a right one.

Nothing here is ever deleted: who is disabled, or revoked, stays as the one who said and saw what was said and seen.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Mapped, mapped_column

from serving.store.tables import Base


class User(Base):
    """A person who signs in by a password.

    Sessions that were begun under an earlier `version` have ended.
    """

    __tablename__ = "users"

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    owner_id: Mapped[str | None]
    password: Mapped[str | None]
    version: Mapped[int]
    created_at: Mapped[dt.datetime]
    disabled_at: Mapped[dt.datetime | None]
    signed_in_at: Mapped[dt.datetime | None]


class Token(Base):
    """What a program presents; `digest` is the SHA-256 of it, `scopes` are words with blanks between."""

    __tablename__ = "tokens"

    token_id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    owner_id: Mapped[str | None]
    scopes: Mapped[str]
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]
    last_used_at: Mapped[dt.datetime | None]
