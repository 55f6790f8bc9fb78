"""The command that sends each salesperson's list by mail, or shows what would be sent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from pipelines.options import At, Day, MaybeSource, home_of, out

mailing = typer.Typer()


@mailing.command()
def mail(
    source: MaybeSource = None,
    home: At = None,
    day: Day = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the text and send nothing.")] = False,
) -> None:
    """Send each salesperson's list to the address in definitions.yaml; to nobody twice.

    `takt daily` does so by itself where TAKT_SMTP_URL is set.
    """
    from pipelines.home import Home
    from pipelines.settings import PipelineSettings
    from pipelines.steps import mailing as sending
    from pipelines.steps import moments, pulling

    at = Home(Path(home_of(home, source)))
    words, settings = pulling.words(at), PipelineSettings()
    wanted = None if day is None else moments.parse(day)
    if dry_run:
        for letter in sending.preview(at, words, settings, day=wanted):
            out.print(f"[bold]To {escape(letter.owner)} <{escape(letter.to)}>: {escape(letter.subject)}[/]\n")
            out.print(escape(letter.text), soft_wrap=True)
        return
    of, outcome = sending.send_now(at, words, settings, day=wanted)
    out.print(f"List of {of}: {outcome.words}.")
