"""The command `takt source check`: credentials, mapping and contract, before anything depends on a source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from features.errors import TaktError
from pipelines.cli_sources import sourcing
from pipelines.options import Data, out

if TYPE_CHECKING:
    from pipelines.steps.source_checked import Tried


@sourcing.command()
def check(
    name: Annotated[str, typer.Argument(help="hubspot, salesforce, ..., or a folder of your own.")],
    data: Data = None,
    *,
    rows: Annotated[
        int, typer.Option(min=0, help="Of a connected source: rows of each table that are read; 0: all.")
    ] = 500,
) -> None:
    """Try a source: its credentials, and what its data are to the contract. Nothing is kept.

    A connected source is pulled into a folder that is deleted afterwards. Exit code 1 where a run would be refused.
    """
    from pipelines.sources.folders import find, open_guesses
    from pipelines.steps.source_checked import try_source

    source = find(name)
    try:
        tried = try_source(source, data, rows=rows)
    except TaktError:
        # a wrong guess is what breaks a mapping most often
        show_guesses(open_guesses(source), out)
        raise
    show(tried, out)
    if not tried.works:
        raise typer.Exit(1)


def show(tried: Tried, to: Console) -> None:
    """Print what came of it, the verdict last."""
    from pipelines.printing import frame

    frame(tried.summary, to, title="Rows by table of the contract")
    for one in tried.aside:
        to.print(f"  {one.table}: {one.rows:,} set aside, {escape(one.reason)} ({escape('; '.join(one.examples))})")
    for table, columns in tried.empty.items():
        to.print(f"  {table}: without any value: {', '.join(columns)}")
    show_guesses(tried.guesses, to)
    if tried.refused:
        to.print(f"\n{escape(tried.refused)}", soft_wrap=True)
    verdict = "[green]A run would take it.[/]" if tried.works else "[red]A run would be refused.[/]"
    part = " Only a part of each table was read; --rows 0 reads all." if tried.sampled else ""
    to.print(f"\n{verdict}{part}")


def show_guesses(guesses: list[str], to: Console) -> None:
    """Print the guesses that nobody has confirmed; nothing where there are none."""
    if guesses:
        to.print(f"\n{len(guesses):,} guesses that nobody has confirmed; a run is refused while one is marked:")
    for guess in guesses:
        to.print(f"  {escape(guess)}", soft_wrap=True)
