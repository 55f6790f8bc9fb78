"""Commands that put a home into one file, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from pipelines.options import At, MaybeSource, home_of, out
from pipelines.settings import PipelineSettings

backing = typer.Typer()


@backing.command()
def backup(
    to: Annotated[Path, typer.Argument(help="File to write: NAME.tar or NAME.tar.zst.")],
    source: MaybeSource = None,
    home: At = None,
) -> None:
    """Write everything of a home into one file, while the server runs; credentials are not in it."""
    from pipelines.home import Home
    from pipelines.trust.backing_up import back_up

    made = back_up(Home(Path(home_of(home, source))), to, PipelineSettings())
    size = sum(size for _, size in made.files.values())
    out.print(f"{escape(str(to))}: {len(made.files):,} files, {size:,} bytes; every tap until {made.at} is in it.")
    for what, where in made.elsewhere.items():
        out.print(f"[bold red]Not in it:[/] the {what} at {escape(where)}.", soft_wrap=True)


@backing.command()
def restore(
    source: Annotated[Path, typer.Argument(metavar="FROM", help="What `takt backup` wrote.")],
    into: Annotated[Path, typer.Option("--into", help="The home to make; not there yet, or empty.")],
) -> None:
    """Put a backup into an empty folder; every checksum is verified before anything appears there."""
    from pipelines.trust.backing_up import restore as put_back

    made = put_back(source, into)
    out.print(f"{escape(str(into))}: {len(made.files):,} files as of {made.at}. Sign in anew; set credentials again.")
    for what, where in made.elsewhere.items():
        out.print(f"[bold red]Not in it:[/] the {what} at {escape(where)}.", soft_wrap=True)
