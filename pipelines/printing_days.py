"""What `takt demo` shows at its end: the days that were worked, and where to look first."""

from __future__ import annotations

import pandas as pd
from rich.console import Console
from rich.table import Table

from pipelines.steps.demo_days import LIST, RECENCY


def days(lived: pd.DataFrame, out: Console) -> None:
    """Print a table of the days and, in words, what it does not show."""
    table = Table(title=f"{lived['day'].nunique()} simulated days worked: the list beside the same calls otherwise")
    for head in ("day", "whom to call", "calls", "reached", "interested", "meetings", "share of the oracle's value"):
        table.add_column(head, justify="left" if head in ("day", "whom to call") else "right")
    for row in lived.to_dict("records"):
        counts = [str(row[c]) for c in ("calls", "reached", "interested", "meetings")]
        style = "bold" if row["order"] == LIST else None
        table.add_row(str(row["day"]), row["order"], *counts, f"{row['share']:.0%}", style=style)
    out.print(table)
    out.print(_said(lived), soft_wrap=True)
    out.print(
        "The oracle knows every true chance; its value is true chance times order value, over as many calls. "
        f"Only the list was called: what {RECENCY!r} would have got is the same day with the same luck.\n"
        "Three days of one small simulated company are no proof; `takt evaluate --all` measures twenty companies.",
        soft_wrap=True,
    )


def _said(lived: pd.DataFrame) -> str:
    """Say how the list's share went, whichever way it went."""
    share = lived[lived["order"] == LIST].set_index("day")["share"]
    other = lived.loc[lived["order"] == RECENCY, "share"]
    first, last = share.iloc[0], share.iloc[-1]
    verb = "rose" if last > first else "fell"
    same = f"{first:.0%}" == f"{last:.0%}"
    went = f"stayed at {last:.0%}" if same else f"{verb} from {first:.0%} on the first day to {last:.0%} on the last"
    return (
        f"The list's share of the oracle's value {went}, {share.mean():.0%} on average; by recency it was "
        f"{other.mean():.0%} on average."
    )


def where_to_look(out: Console, *, serve: str) -> None:
    """Print the address of the app and what to look at first."""
    out.print(f"\nOpen it:     [bold]{serve}[/], then http://127.0.0.1:8000", soft_wrap=True)
    out.print("Look first:  today's list: open a name to see why, tap what happened, and the next one comes up")
    out.print("And then:    /offers (marketing), /flow (manager), /model (whoever doubts)")
