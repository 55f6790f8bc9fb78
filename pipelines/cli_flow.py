"""The command `takt flow`: the board of the flow, on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.markup import escape

from pipelines.options import At, Day, MaybeSource, home_of, out

FEW: Final = 10
"""Prospects of a group below which nothing but counts is said, as on the page of the flow."""

if TYPE_CHECKING:
    import pandas as pd

    from features.flow import Flow

flowing = typer.Typer()
SplitBy = Annotated[
    str | None, typer.Option("--by", help="Split by segment, territory, owner_id or source (default: everybody).")
]


@flowing.command()
def flow(source: MaybeSource = None, home: At = None, by: SplitBy = None, day: Day = None) -> None:
    """Show how prospects flow: waiting, throughput, ageing, first-pass yield, takt time, and the bottleneck."""
    from features.flow import flow as measure
    from pipelines.home import Home
    from pipelines.printing import frame
    from pipelines.steps import moments, pulling

    at = Home(Path(home_of(home, source)))
    facts, _ = pulling.known(at)
    definitions = pulling.words(at)
    found = measure(facts, definitions, moments.as_of_for(day, facts, definitions), by=by)
    for words in said(found):
        out.print(escape(words))
    days = found.takt["days"].iloc[0]
    frame(stages(found), out, title=f"Stages; came and left in the last {days:.0f} days, times in days")
    frame(beat(found), out, title="Takt time against capacity; times in working days, calls a working day")


STAGES: Final = {
    "waiting": "waiting", "arrived": "came", "left_x": "left", "per_week": "through a week", "days_p50": "have waited",
    "left_p50": "usually takes", "left_p85": "85 % take at most", "share": "went on at once", "bottleneck": "",
}  # fmt: skip
_FIGURES: Final = ["per_week", "days_p50", "left_p50", "left_p85", "share"]
BEAT: Final = {
    "arrived": "came", "won": "won", "days_per_arrival": "takt time", "days_per_win": "per win",
    "calls_per_ended": "calls each", "needed_per_day": "calls needed", "calls_per_day": "calls made",
    "capacity_per_day": "capacity", "load": "load",
}  # fmt: skip


def said(found: Flow) -> list[str]:
    """Return the sentences of a flow; of a group with fewer than `FEW` prospects only that these are too few."""
    few = _few(found)
    spoken = [words for words in found.words if not words.startswith(tuple(f"{group}: " for group in few))]
    return [*spoken, *(f"{group}: too few to say ({n} of {FEW} prospects)." for group, n in few.items())]


def _few(found: Flow) -> dict[str, int]:
    """Return the groups of which only counts are said, with how many prospects ever came."""
    came = found.first_pass.groupby("group")["entered"].max()
    return {str(group): int(n) for group, n in came[came < FEW].items()}


def stages(found: Flow, *, weeks: int = 4) -> pd.DataFrame:
    """Return a row for each group and stage, as the board shows them; empty where nobody can be counted."""
    keys = ["group", "stage"]
    weekly = found.weekly.groupby(keys, sort=False)["throughput"].apply(lambda rows: rows.tail(weeks).mean())
    table = found.bottleneck.drop(columns="share").rename(columns={"left": "left_x", "is_bottleneck": "bottleneck"})
    table = table.merge(found.ageing.drop(columns=["waiting", "days_total"]), on=keys)
    table = table.merge(found.first_pass[[*keys, "share"]], on=keys)
    table = table.merge(weekly.rename("per_week").reset_index(), on=keys)
    few = table["group"].isin(list(_few(found)))
    table[_FIGURES] = table[_FIGURES].mask(few)
    table["bottleneck"] &= ~few
    table["bottleneck"] = table["bottleneck"].map({True: "bottleneck", False: ""})
    table["share"] = [None if share != share else f"{share:.0%}" for share in table["share"]]
    return _few_digits(_grouped(table, [*STAGES], found).rename(columns=STAGES))


def beat(found: Flow) -> pd.DataFrame:
    """Return a row for each group: how often one comes, the calls that asks for, and the calls there are."""
    table = found.takt.assign(load=[None if load != load else f"{load:.0%}" for load in found.takt["load"]])
    return _few_digits(_grouped(table, [*BEAT], found).rename(columns=BEAT))


def _grouped(table: pd.DataFrame, columns: list[str], found: Flow) -> pd.DataFrame:
    first = [*(["group"] if found.by is not None else []), *(["stage"] if "stage" in table else [])]
    return table[[*first, *columns]].rename(columns={"group": found.by or "group"})


def _few_digits(table: pd.DataFrame) -> pd.DataFrame:
    """Round to three digits that say something, so that seconds and months stand side by side."""
    numbers = table.select_dtypes("float").columns
    return table.assign(**{name: [_short(x) for x in table[name]] for name in numbers})


def _short(x: float) -> str | None:
    if x != x:
        return None
    if 0 < x < 0.01:
        return "under 0.01"
    return f"{x:.3g}" if abs(x) < 100 else f"{x:,.0f}"
