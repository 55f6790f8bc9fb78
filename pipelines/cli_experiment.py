"""Commands for experiments: plan, do, check, act."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from pipelines.options import At, Day, MaybeSource, home_of, out

experiment = typer.Typer(no_args_is_help=True, help="Experiments: file a card, see how they stand, end one early.")


@experiment.command()
def add(
    card: Annotated[Path, typer.Argument(help="The card, a YAML file (see docs/EXPERIMENTS.md).")],
    source: MaybeSource = None,
    home: At = None,
) -> None:
    """File a card before its start, and say what to expect of it."""
    from pipelines.home import Home
    from pipelines.steps import experiment_files
    from pipelines.steps.experimenting import plan

    read = experiment_files.read(card)
    planned = plan(read, Home(Path(home_of(home, source))))
    out.print(f"Filed as {escape(str(planned.path))}. {escape(planned.said)}")


@experiment.command("list")
def list_(source: MaybeSource = None, home: At = None, day: Day = None) -> None:
    """Show how every experiment stands: its arms, the effect with its interval, and keep, drop or go on."""
    from pipelines.home import Home
    from pipelines.printing import frame
    from pipelines.steps import moments, pulling
    from pipelines.steps.experimenting import status

    at = Home(Path(home_of(home, source)))
    facts, _ = pulling.known(at)
    table = status(at, moments.as_of_for(day, facts, pulling.words(at)))
    if table.empty:
        out.print("No experiment is filed here. `takt experiment add CARD.yaml` files one.")
        return
    shown = ["experiment", "state", "arm", "n", "successes", "control_n", "control_successes", "decision", "said"]
    frame(table[shown], out, title="Experiments")


@experiment.command()
def stop(
    name: Annotated[str, typer.Argument(help="Name of the experiment.")],
    source: MaybeSource = None,
    home: At = None,
    day: Day = None,
) -> None:
    """End an experiment: from the day on nobody joins and nobody is treated; its result stays readable."""
    from pipelines.home import Home
    from pipelines.steps import moments
    from pipelines.steps.experimenting import stop as end

    card = end(name, Home(Path(home_of(home, source))), moments.parse(day) if day else moments.today())
    out.print(f"{card.name} ends on {card.stopped}.")
