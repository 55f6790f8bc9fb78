"""What the commands of `takt` share: their options, where the home is, and what is refused before anything starts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines.running.attaching import attach
from pipelines.settings import PipelineSettings, quiet_defaults

out = Console(highlight=False, width=None if sys.stdout.isatty() else 140)

Source = Annotated[
    str,
    typer.Option("--source", "-s", help="simulated, files, olist, maven, bpic2012, or a folder of your own."),
]
MaybeSource = Annotated[str | None, typer.Option("--source", "-s", help="Which source's home (default: simulated).")]
Data = Annotated[Path | None, typer.Option("--data", "-d", help="Folder with the raw files.")]
At = Annotated[Path | None, typer.Option("--home", help="Where everything is kept (default: .takt/SOURCE).")]
Day = Annotated[str | None, typer.Option("--day", help="YYYY-MM-DD (default: today, or the day after the last fact).")]


def home_of(home: Path | None, source: str | None) -> str:
    """Return the home named, or the default one of the source."""
    return str(home or PipelineSettings().root / Path(source or "simulated").name)


def begin(home: str, *, day: str | None = None, source: str | None = None, data: Path | None = None) -> None:
    """Refuse what is plainly wrong before Prefect's server is started, then set the defaults of the libraries.

    With a source its files are looked for, without one the facts of an earlier ingest.
    """
    from pipelines.home import Home
    from pipelines.sources.folders import find
    from pipelines.steps import moments, pulling

    if day is not None:
        moments.parse(day)
    if source is not None:
        pulling.check_place(find(source), data)
    else:
        Home(Path(home)).ingested()
    attach(Path(home))
    quiet_defaults(Path(home) / "prefect")
