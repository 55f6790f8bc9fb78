"""Commands for the people who come in: from the first one on everybody says who they are."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.markup import escape

from pipelines.accounts import moment, show, store_of
from pipelines.options import At, MaybeSource, out

user = typer.Typer(no_args_is_help=True, help="Users: who may sign in, as what, and whose rows are the own ones.")
Name = Annotated[str, typer.Argument(help="What the person types to sign in.")]
AS = Annotated[str, typer.Option("--role", help="salesperson, marketing, analyst or admin.")]
Owner = Annotated[str | None, typer.Option("--owner", help="owner_id of the prospects that are the own ones.")]


@user.command()
def add(name: Name, role: AS, owner: Owner = None, *, source: MaybeSource = None, home: At = None) -> None:
    """Make a user; the password is asked for, or read from the first line of standard input."""
    from pipelines.steps import moments
    from serving.access import passwords
    from serving.store import users

    as_what = users.role_of(role)
    users.check(name, as_what, owner)
    kept = passwords.hashed(_asked())
    with store_of(home, source) as engine:
        first = not users.everyone(engine)
        users.add(engine, name, role=as_what, owner_id=owner, password=kept, at=moments.now())
    out.print(f"{escape(name)} may sign in as {as_what.value}.")
    if first and as_what.value != "admin":
        out.print("From now on everybody has to sign in, and there is no admin among the users yet.")


@user.command("list")
def list_(source: MaybeSource = None, home: At = None) -> None:
    """Show every user: the role, the own rows, the last time somebody signed in."""
    from serving.store import users

    with store_of(home, source) as engine:
        rows = [
            (u.name, u.role, u.owner_id or "", moment(u.created_at),
             moment(u.signed_in_at, "never"), moment(u.disabled_at))
            for u in users.everyone(engine)
        ]  # fmt: skip
    show(f"{len(rows)} users", ("name", "role", "owner", "made", "signed in (UTC)", "disabled"), rows)


@user.command()
def disable(name: Name, source: MaybeSource = None, home: At = None) -> None:
    """Let a user in no longer; the sessions end at once, what was said under the name stays."""
    from pipelines.steps import moments
    from serving.store import users

    with store_of(home, source) as engine:
        users.disable(engine, name, at=moments.now())
    out.print(f"{escape(name)} is let in no longer.")


@user.command()
def enable(name: Name, source: MaybeSource = None, home: At = None) -> None:
    """Let a disabled user in again."""
    from serving.store import users

    with store_of(home, source) as engine:
        users.enable(engine, name)
    out.print(f"{escape(name)} may sign in again.")


@user.command()
def password(name: Name, source: MaybeSource = None, home: At = None) -> None:
    """Give a user another password; the sessions begun by the old one end at once."""
    from serving.access import passwords
    from serving.store import users

    kept = passwords.hashed(_asked())
    with store_of(home, source) as engine:
        users.set_password(engine, name, kept)
    out.print(f"{escape(name)} has another password.")


def _asked() -> str:
    """Return a password that is typed twice unseen, or the first line of what is piped in."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")
