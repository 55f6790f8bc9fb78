"""What a person sees while work goes on: one line per stage, with its time and what came of it, on stderr."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from pipelines.recording import timed

console = Console(stderr=True, highlight=False)


class Stage:
    """One stage of work; `found` is the result that its line ends with, `rows` how many rows came of it."""

    found = ""
    rows: int | None = None


@contextmanager
def stage(doing: str) -> Iterator[Stage]:
    """Show that something is being done, and what came of it; `takt profile` shows it again.

    On a terminal a spinner turns while it lasts; elsewhere (a log, a pipe) the stage is named when it begins.
    """
    told, start = Stage(), time.perf_counter()
    with timed(doing) as rows:
        if console.is_terminal:
            with console.status(doing):
                yield told
        else:
            console.print(f"  … {doing}", soft_wrap=True)
            yield told
        if told.rows is not None:
            rows.append(told.rows)
    seconds = time.perf_counter() - start
    console.print(
        f"  [green]✓[/green] {doing}{': ' if told.found else ''}{told.found} ({seconds:.1f} s)", soft_wrap=True
    )
