"""Commands for the tokens of programs: shown once, kept as their digest."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer
from rich.markup import escape

from pipelines.accounts import moment, show, store_of
from pipelines.cli_user import Owner
from pipelines.options import At, MaybeSource, out

token = typer.Typer(no_args_is_help=True, help="Tokens: what programs present instead of signing in.")
Scopes = Annotated[
    str | None,
    typer.Option("--scopes", help="Some of read, feedback, score, publish, manage, with commas (default: read)."),
]
Days = Annotated[int, typer.Option("--days", min=0, help="Days until it expires; 0: it holds until it is revoked.")]
AS = Annotated[str | None, typer.Option("--role", help="Default: salesperson with --owner, otherwise analyst.")]


@token.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is for; shown as who said and saw what.")],
    role: AS = None,
    *,
    owner: Owner = None,
    scopes: Scopes = None,
    days: Days = 90,
    source: MaybeSource = None,
    home: At = None,
) -> None:
    """Make a token and print it: alone on standard output, and never again."""
    from pipelines.steps import moments
    from serving.store import tokens, users

    at = moments.now()
    as_what = users.role_of(role or ("salesperson" if owner else "analyst"))
    with store_of(home, source) as engine:
        token_id, made = tokens.create(
            engine, name, role=as_what, owner_id=owner, at=at,
            scopes=frozenset(filter(None, (scopes or "read").replace(" ", "").split(","))),
            expires_at=at + dt.timedelta(days=days) if days else None,
        )  # fmt: skip
    typer.echo(f"Token {token_id} of {name} ({as_what.value}); it is shown only now:", err=True)
    typer.echo(made)


@token.command("list")
def list_(source: MaybeSource = None, home: At = None) -> None:
    """Show every token: what it may do, until when, and when it was used last (to the hour)."""
    from serving.store import tokens

    with store_of(home, source) as engine:
        rows = [
            (t.token_id, t.name, t.role, t.owner_id or "", t.scopes, moment(t.expires_at, "never"),
             moment(t.revoked_at), moment(t.last_used_at, "never"))
            for t in tokens.everything(engine)
        ]  # fmt: skip
    columns = ("id", "name", "role", "owner", "may", "expires (UTC)", "revoked", "used last")
    show(f"{len(rows)} tokens", columns, rows)


@token.command()
def revoke(
    token_id: Annotated[str, typer.Argument(help="As `takt token list` shows it.")],
    source: MaybeSource = None,
    home: At = None,
) -> None:
    """Let a token in no longer, at once."""
    from pipelines.steps import moments
    from serving.store import tokens

    with store_of(home, source) as engine:
        tokens.revoke(engine, token_id, at=moments.now())
    out.print(f"Token {escape(token_id)} is let in no longer.")
