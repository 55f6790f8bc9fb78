"""Commands for the people whom the data are about: erasure, access, and do-not-contact."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pipelines.accounts import store_of
from pipelines.options import At, MaybeSource, home_of, out
from pipelines.settings import PipelineSettings

if TYPE_CHECKING:
    from pipelines.trust.person import Kind

erasing = typer.Typer()
Contact = Annotated[str | None, typer.Option("--contact", help="contact_id of the person.")]
Prospect = Annotated[str | None, typer.Option("--prospect", help="prospect_id, with the people of nobody else.")]


@erasing.command()
def erase(
    contact: Contact = None,
    prospect: Prospect = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only count.")] = False,
    by: Annotated[str, typer.Option(help="Who does it, for the certificate.")] = "",
    source: MaybeSource = None,
    home: At = None,
) -> None:
    """Take a person out of everything that is kept; without --yes nothing is changed and the rows are counted."""
    from pipelines.home import Home
    from pipelines.trust.erasing import erase as take_out

    kind, named = _which(contact, prospect)
    made = take_out(Home(Path(home_of(home, source))), kind, named, PipelineSettings(), by=by, really=yes)
    out.print(escape(made.words()), soft_wrap=True)
    if not yes:
        out.print("Nothing was changed. Say --yes to do it.")


@erasing.command("access-request")
def access_request(
    contact: Contact = None, prospect: Prospect = None, *, source: MaybeSource = None, home: At = None
) -> None:
    """Print everything that is held about a person, as JSON by place."""
    from pipelines.home import Home
    from pipelines.trust.erasing import held

    kind, named = _which(contact, prospect)
    found = held(Home(Path(home_of(home, source))), kind, named, PipelineSettings())
    typer.echo(json.dumps(found, indent=1, ensure_ascii=False, default=str))


@erasing.command("do-not-contact")
def do_not_contact(
    contact: Annotated[str, typer.Option("--contact", help="contact_id of the person.")],
    note: Annotated[str | None, typer.Option(help="In which words, or where, it was asked for.")] = None,
    by: Annotated[str | None, typer.Option(help="Who says so.")] = None,
    *,
    source: MaybeSource = None,
    home: At = None,
) -> None:
    """Take a person off the published list now; the call goes to the next one who can be reached, or is not made."""
    from pipelines.steps import moments
    from serving.store.do_not_contact import refuse

    with store_of(home, source) as engine:
        n = refuse(engine, contact, at=moments.now(), said_by=by, note=note)
    out.print(f"{escape(contact)} is not to be contacted: {n} prospects, from now on.")


def _which(contact: str | None, prospect: str | None) -> tuple[Kind, str]:
    if contact and not prospect:
        return "contact", contact
    if prospect and not contact:
        return "prospect", prospect
    raise typer.BadParameter("name either --contact or --prospect.")
