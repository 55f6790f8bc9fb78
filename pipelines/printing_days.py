"""What `takt demo` shows at its end: the days that were worked, and where to look first."""

from __future__ import annotations

import pandas as pd
from rich.console import Console
from rich.table import Table

from pipelines.steps.demo_days import LIST, RECENCY


def days(lived: pd.DataFrame, out: Console) -> None:
    """Print a table of the days and, in words, what it does not show."""
    table = Table(title=f"{lived['day'].nunique()} simulated days worked: the list beside the same calls otherwise")
    for head in (
        "day",
        "whom to call",
        "calls",
        "reached",
        "interested",
        "meetings",
        "of the oracle's wins",
        "of its value",
    ):
        table.add_column(head, justify="left" if head in ("day", "whom to call") else "right")
    for row in lived.to_dict("records"):
        counts = [str(row[c]) for c in ("calls", "reached", "interested", "meetings")]
        style = "bold" if row["order"] == LIST else None
        shares = [f"{row[c]:.0%}" for c in ("of_wins", "of_value")]
        table.add_row(str(row["day"]), row["order"], *counts, *shares, style=style)
    out.print(table)
    out.print(_said(lived), soft_wrap=True)
    out.print(
        "The oracle knows every true chance and calls as often; value is chance times order value. "
        f"Only the list was called: what {RECENCY!r} would have got is the same day with the same luck.\n"
        "Three days of one small simulated company are no proof; `takt evaluate --all` measures twenty companies.",
        soft_wrap=True,
    )


def _said(lived: pd.DataFrame) -> str:
    """Say how the list's shares went, day by day, whichever way they went."""
    own = lived[lived["order"] == LIST]
    mean = lived.groupby("order")[["of_wins", "of_value"]].mean()
    told = [f"{_went(own['of_wins'])} of the oracle's wins", f"{_went(own['of_value'])} of its value"]
    wins, value = mean.loc[RECENCY]
    return (
        f"The list had {', and '.join(told)}; on average {mean.loc[LIST, 'of_wins']:.0%} and "
        f"{mean.loc[LIST, 'of_value']:.0%}, by recency {wins:.0%} and {value:.0%}."
    )


def _went(share: pd.Series) -> str:
    return ", then ".join(f"{one:.0%}" for one in share)


def where_to_look(out: Console, *, serve: str) -> None:
    """Print the address of the app and what to look at first."""
    out.print(f"\nOpen it:     [bold]{serve}[/], then http://127.0.0.1:8000", soft_wrap=True)
    out.print("Look first:  today's list: open a name to see why, tap what happened, and the next one comes up")
    out.print("And then:    /offers (marketing), /flow (manager), /model (whoever doubts)")
