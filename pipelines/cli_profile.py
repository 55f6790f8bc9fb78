"""`takt profile`: where the time of the last runs went."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from features.errors import TaktError
from pipelines.options import At, MaybeSource, home_of, out
from serving.stage_times import StageTime, last_runs

profiling = typer.Typer()


class NotRecorded(TaktError):
    """No run of that command has been noted in the home."""


@profiling.command()
def profile(
    command: Annotated[str | None, typer.Argument(help="run, ingest, train, daily, ... (default: all).")] = None,
    source: MaybeSource = None,
    home: At = None,
) -> None:
    """Show where the time, the memory and the bytes of the last run of each command went."""
    place = Path(home_of(home, source))
    runs = last_runs(place)
    if not runs or (command is not None and command not in runs):
        what = "no run" if command is None else f"no run of {command!r}"
        known = f"; there are {', '.join(runs)}" if runs else ""
        raise NotRecorded(f"{place}: {what} has been noted{known}. A run is noted when it has ended: `takt run`.")
    for name in runs if command is None else [command]:
        show(runs[name], out)


def show(stages: Sequence[StageTime], to: Console) -> None:
    """Print the stages of one run in the order of their ends, those inside another one indented behind it.

    Shares are of the time of the stages that are not inside another one.
    """
    whole = sum(s.seconds for s in stages if not s.depth)
    begun = dt.datetime.fromisoformat(stages[0].begun)
    table = Table(title=f"takt {escape(stages[0].command)}, begun {begun:%Y-%m-%d %H:%M:%S} UTC", title_justify="left")
    table.add_column("stage", ratio=1)
    for head in ("seconds", "share", "processors", "rows", "rows/s", "MB read", "MB written", "peak MB"):
        table.add_column(head, justify="right")
    for s in stages:
        name = f"{'  ' * s.depth}{s.stage}{' (failed)' if s.failed else ''}"
        rate = f"{s.rows / s.seconds:,.0f}" if s.rows is not None and s.seconds > 0 else ""
        busy = f"{s.processor_seconds / s.seconds:.1f}" if s.seconds > 0 else ""
        table.add_row(
            escape(name), f"{s.seconds:.2f}", "" if s.depth else f"{s.seconds / (whole or 1):.0%}", busy,
            "" if s.rows is None else f"{s.rows:,}", rate, _megabytes(s.read), _megabytes(s.written),
            _megabytes(s.peak),
        )  # fmt: skip
    table.add_section()
    table.add_row("all stages", f"{whole:.2f}", "", "", "", "", "", "", _megabytes(max(s.peak for s in stages)))
    to.print(table)


def _megabytes(count: int | None) -> str:
    return "" if count is None else f"{count / 1e6:,.1f}"
