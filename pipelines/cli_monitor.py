"""The command `takt monitor`: look at the data, the model and the lists; release what holds a list.

Exit code 0 where nothing alarms, 2 where something does, 1 where it could not be looked at.
"""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.markup import escape
from rich.table import Table

from pipelines.options import At, Day, MaybeSource, begin, home_of, out

if TYPE_CHECKING:
    from serving.boards.watch import Watch

watching = typer.Typer()
COLOURS: Final = {"alarms": "bold red", "warns": "yellow", "good": "green", "cannot tell yet": "dim"}
ALARMS: Final = 2


@watching.command()
def monitor(
    source: MaybeSource = None,
    home: At = None,
    day: Day = None,
    *,
    look: Annotated[bool, typer.Option("--look", help="Only look: tell, start, hold and keep nothing.")] = False,
    release: Annotated[str | None, typer.Option(help="Code of a rule that holds the list, for example TW002.")] = None,
    why: Annotated[str | None, typer.Option(help="With --release: the reason, for everybody to read.")] = None,
) -> None:
    """Look at the data, the model and the lists; tell what is wrong, and act on it by rule.

    Exit code 2 where something alarms.
    """
    place = home_of(home, source)
    if release is not None or why is not None:
        _release(Path(place), release, why)
        return
    if look:
        seen = _look(Path(place), day)
    else:
        begin(place, day=day)
        from pipelines.flows.monitor import monitor as flow
        from serving.boards.watch import Watch

        seen = Watch.model_validate(flow(home=place, day=day))
    show(seen)
    if seen.alarms:
        raise typer.Exit(ALARMS)


def show(seen: Watch) -> None:
    """Print a look: a row per rule, what stands with what to do, and what is held."""
    from pipelines.steps.alerting import said

    when = f"{seen.looked_at:%Y-%m-%d %H:%M} UTC"
    table = Table(title=f"What the watch saw at {when}, for the list of {seen.day}", show_lines=True)
    for head in ("code", "rule", "state", "what was seen"):
        table.add_column(head, overflow="fold")
    for rule in seen.rules:
        state = f"[{COLOURS[rule.state]}]{rule.state}[/]"
        table.add_row(rule.code, escape(rule.title), state, escape(said(rule)))
    out.print(table)
    for alert in seen.standing:
        out.print(f"[{COLOURS[alert.state]}]{alert.code} {alert.state}[/] since {alert.since:%Y-%m-%d %H:%M} UTC")
        out.print(f"  What to do: {escape(alert.do)}")
        if alert.done:
            out.print(f"  Done: {escape(alert.done)}")
        for channel, told in alert.told.items():
            if told.failed:
                out.print(f"  Not told by {channel}: {escape(told.failed)}")
    for hold in seen.holds:
        out.print(f"[bold red]The list of {hold.day} is held[/] by {hold.code} until that is gone, or released:")
        out.print(escape(f'  takt monitor --release {hold.code} --why "..."'))


def _look(place: Path, day: str | None) -> Watch:
    from pipelines.home import Home
    from pipelines.steps import monitoring
    from pipelines.steps.alerting_look import only_look
    from pipelines.steps.monitoring_rules import monitoring as wanted_by

    at = Home(place)
    at.ingested()
    wanted = wanted_by(at)
    given, now = monitoring.measure(at, day, wanted)
    return only_look(at, given, now, monitoring.judged(given, wanted), wanted=wanted)


def _release(place: Path, code: str | None, why: str | None) -> None:
    if code is None or why is None or not why.strip():
        raise typer.BadParameter("--release needs --why with the reason, and --why needs --release with the rule.")
    from pipelines.home import Home
    from pipelines.settings import PipelineSettings
    from pipelines.steps import alerting_look

    home = Home(place)
    home.ingested()
    seen = alerting_look.release(
        home, code.strip().upper(), why=why.strip(), by=getpass.getuser(), settings=PipelineSettings()
    )
    still = ", ".join(hold.code for hold in seen.holds)
    out.print(f"{escape(code.strip().upper())} is released for as long as this alarm lasts.")
    out.print(f"Still held by {still}." if still else "`takt daily` makes the next list.")
