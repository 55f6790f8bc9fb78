"""Users as the store holds them; every change ends the sessions that were begun before it."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from sqlalchemy import CursorResult, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from serving.access.viewer import Role
from serving.errors import BadAccount
from serving.store.engine import reading, writing
from serving.store.people import User

LONGEST_NAME: Final = 100


def add(
    engine: Engine, name: str, *, role: Role, owner_id: str | None = None, password: str | None = None, at: dt.datetime
) -> None:
    """Store a new user; `password` is what `passwords.hashed` made of it.

    Raises
    ------
    BadAccount
        The name is taken or cannot be one, or a salesperson has no owner_id.
    """
    check(name, role, owner_id)
    row = {"name": name, "role": role.value, "owner_id": owner_id, "password": password, "version": 1, "created_at": at}
    try:
        with writing(engine) as connection:
            connection.execute(insert(User).values(row))
    except IntegrityError as error:
        raise BadAccount(f"there is a user {name!r} already; `takt user list` shows them") from error


def check(name: str, role: Role, owner_id: str | None) -> None:
    """Refuse what cannot be a user or a token."""
    if not name or name != name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise BadAccount(f"{name[:LONGEST_NAME]!r} cannot be a name; expected 1 to {LONGEST_NAME} printable characters")
    if role is Role.SALESPERSON and not owner_id:
        raise BadAccount(
            f"{name!r} is to be a salesperson and has no owner_id: nobody could say which rows are the own ones. "
            "Give --owner as the prospects have it"
        )


def role_of(text: str) -> Role:
    """Return the role of this name.

    Raises
    ------
    BadAccount
        There is none.
    """
    try:
        return Role(text)
    except ValueError as error:
        raise BadAccount(f"there is no role {text[:40]!r}; expected one of {', '.join(Role)}") from error


def everyone(engine: Engine) -> list[User]:
    """Return all users, by name."""
    with reading(engine) as store:
        return list(store.scalars(select(User).order_by(User.name)))


def named(store: Session, name: str) -> User | None:
    """Return the user of this name."""
    return store.scalars(select(User).where(User.name == name)).one_or_none()


def disable(engine: Engine, name: str, *, at: dt.datetime) -> None:
    """Let a user in no longer; what was said under the name stays."""
    _change(engine, name, disabled_at=at)


def enable(engine: Engine, name: str) -> None:
    """Let a disabled user in again."""
    _change(engine, name, disabled_at=None)


def set_password(engine: Engine, name: str, password: str) -> None:
    """Store another password, as `passwords.hashed` made it."""
    _change(engine, name, password=password)


def came_in(engine: Engine, user_id: int, *, at: dt.datetime) -> None:
    """Note when a user signed in last."""
    with writing(engine) as connection:
        connection.execute(update(User).where(User.user_id == user_id).values(signed_in_at=at))


def _change(engine: Engine, name: str, **values: Any) -> None:
    change = update(User).where(User.name == name).values(version=User.version + 1, **values)
    with writing(engine) as connection:
        done: CursorResult[Any] = connection.execute(change)
        if done.rowcount == 0:
            raise BadAccount(f"there is no user {name!r}; `takt user list` shows them")
