"""The command that asks what the words mean in the data, and who would move if they changed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from pipelines.options import At, Day, MaybeSource, home_of, out

defining = typer.Typer()


@defining.command()
def definitions(
    source: MaybeSource = None,
    home: At = None,
    day: Day = None,
    against: Annotated[
        Path | None,
        typer.Option(help="Proposed definitions.yaml (default: definitions.proposed.yaml in the home, if any)."),
    ] = None,
) -> None:
    """Print what the words mean in numbers, and who would move under proposed ones; nothing takes effect."""
    import pandas as pd

    from pipelines.home import Home
    from pipelines.printing import frame
    from pipelines.steps.defining import ask

    terms, proposed = ask(Home(Path(home_of(home, source))), day=day, file=against)
    frame(terms.assign(share=terms["share"].round(3)), out, title="What the words mean here")
    if proposed is None:
        return
    found = proposed.found
    if not found.differences:
        out.print("The proposal says the same as the definitions in force; nobody moves.")
        return
    fields = pd.DataFrame([(d.field, d.now, d.proposed) for d in found.differences], columns=["field", "now", "then"])
    frame(fields, out, title="What differs")
    rows = [
        (m.term, m.before, m.after, m.comes, m.leaves, " ".join(m.coming), " ".join(m.leaving)) for m in found.moves
    ]
    columns = ["term", "now", "then", "come", "leave", "who comes", "who leaves"]
    if rows:
        frame(pd.DataFrame(rows, columns=columns), out, title="Who moves")
    else:
        out.print("No rule of a word differs; nobody moves from word to word.")
    out.print(escape(_consequences(proposed.open_now, proposed.open_then, stale=found.stale)))


def _consequences(before: int, after: int, *, stale: bool) -> str:
    today = f"Open prospects of the day: {before:,} now, {after:,} then."
    if stale:
        return f"{today} The meaning changes: models become stale, and no list is made until `takt train` has run."
    return f"{today} Only the making of lists changes: models stay as they are."
