"""The command `takt source new`: a source folder guessed from a sample export, for a person to confirm."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from pipelines.cli_sources import sourcing
from pipelines.options import out


@sourcing.command()
def new(
    name: Annotated[str, typer.Argument(help="Name of the source: of its folder, and of the company in it.")],
    sample: Annotated[Path, typer.Option("--from", help="Folder with a sample export: CSV, XLSX or Parquet files.")],
    into: Annotated[Path, typer.Option("--into", help="Where the folder is made.")] = Path(),
) -> None:
    """Make a source folder from a sample export; every guess is marked, and nothing runs until they are confirmed."""
    from pipelines.sources.folders import GUESS
    from pipelines.sources.guessed.write import new_source

    made = new_source(name, sample, into)
    at = escape(str(made.path))
    out.print(f"Made {at} with {made.guesses} guesses.", soft_wrap=True)
    for table, raw in made.tables:
        out.print(escape(f"  {table}.sql from {raw}"), soft_wrap=True)
    if made.open:
        out.print("Could not be guessed:")
        for line in made.open:
            out.print(escape(f"  {line}"), soft_wrap=True)
    out.print(
        f"Read each line marked {GUESS}, correct what stands below it, and delete the mark. Look at the result: "
        f"takt source check {at} --data {escape(str(sample))}. Then: takt run --source {at}, with the same --data.",
        soft_wrap=True,
    )
