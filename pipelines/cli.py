"""The command `takt`: demo, run, ingest, train, daily, features, serve, evaluate, and those that ask.

Exit codes: 0 done; 1 refused, with one message that says what was got and what to do; 2 wrong usage; 130 interrupted,
129 and 143 hung up and terminated.
Heavy libraries are imported inside the commands, so that `takt --help` answers at once.
"""

from __future__ import annotations

import datetime as dt
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from features.errors import TaktError
from pipelines import cli_source_check, cli_source_new  # noqa: F401 - they add their commands
from pipelines.cli_asking import asking
from pipelines.cli_audit import audit
from pipelines.cli_backup import backing
from pipelines.cli_definitions import defining
from pipelines.cli_erase import erasing
from pipelines.cli_experiment import experiment
from pipelines.cli_flow import flowing
from pipelines.cli_mail import mailing
from pipelines.cli_monitor import watching
from pipelines.cli_profile import profiling
from pipelines.cli_running import running
from pipelines.cli_sources import sourcing
from pipelines.cli_token import token
from pipelines.cli_user import user
from pipelines.cli_writing import writing
from pipelines.options import At, Data, Day, MaybeSource, Source, begin, home_of, out
from pipelines.settings import PipelineSettings

app = typer.Typer(
    help="Every morning: whom to call, when, with what offer, and why.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(asking)
app.add_typer(backing)
app.add_typer(erasing)
app.add_typer(mailing)
app.add_typer(watching)
app.add_typer(defining)
app.add_typer(flowing)
app.add_typer(running)
app.add_typer(writing)
app.add_typer(profiling)
app.add_typer(experiment, name="experiment")
app.add_typer(user, name="user")
app.add_typer(token, name="token")
app.add_typer(audit, name="audit")
app.add_typer(sourcing, name="source")


@app.command()
def demo(
    home: At = None,
    prospects: Annotated[int, typer.Option(help="Size of the simulated company.")] = 2000,
    seed: Annotated[int, typer.Option(help="Another seed is another company.")] = 7,
) -> None:
    """Simulate a company, work three days with its lists and print tomorrow's."""
    place = home_of(home, "simulated")
    begin(place, source="simulated")
    from pipelines.flows.demo import demo as flow
    from pipelines.printing import call_list
    from pipelines.printing_days import days, where_to_look

    tomorrow = str(dt.date.today() + dt.timedelta(days=1))  # noqa: DTZ011 - the day on this person's wall
    shown = flow(place, prospects=prospects, seed=seed, day=tomorrow)
    call_list(shown.made, out)
    days(shown.lived, out)
    at = "" if home is None else f"TAKT_HOME={place} "
    where_to_look(out, serve=f"{at}make serve")


@app.command()
def run(source: Source, data: Data = None, home: At = None, day: Day = None) -> None:
    """Ingest a source, train on it and publish the list of the day."""
    place = home_of(home, source)
    begin(place, day=day, source=source, data=data)
    from pipelines.flows.run import run as flow
    from pipelines.printing import call_list, frame

    done = flow(source, data=None if data is None else str(data), home=place, day=day)
    frame(done.summary, out, title=f"Rows from {source}")
    call_list(done.made, out)


@app.command()
def ingest(
    source: MaybeSource = None,
    data: Data = None,
    home: At = None,
    taps: Annotated[bool, typer.Option("--taps", help="Only what was tapped in the pages; nothing is pulled.")] = False,
) -> None:
    """Pull a source and merge it into the lake, and what was tapped; bad rows are set aside with their reasons."""
    place = home_of(home, source)
    if taps:
        begin(place)
        _take_taps(Path(place))
        return
    if source is None:
        raise typer.BadParameter("name a --source, or --taps for only what was tapped in the pages.")
    begin(place, source=source, data=data)
    from pipelines.flows.ingest import ingest as flow
    from pipelines.home import Home
    from pipelines.printing import frame
    from pipelines.sources.connected import landed
    from pipelines.steps import pulling

    summary = flow(source, data=None if data is None else str(data), home=place)
    pulled = landed.last(Home(Path(place)).raw) if data is None else None
    if pulled is not None:
        frame(pulled.summary(), out, title=f"Pulled from {source}: rows it sent, versions new to us, versions kept")
    frame(summary, out, title=f"Rows from {source}")
    facts, _ = pulling.known(Home(Path(place)))
    frame(pulling.who_is_what(pulling.words(Home(Path(place))), facts), out, title="What the words mean here")


def _take_taps(place: Path) -> None:
    from pipelines.home import Home
    from pipelines.printing import frame
    from pipelines.steps.tapped import take

    taken = take(Home(place))
    if len(taken.quarantined):
        frame(taken.quarantined, out, title="Taps set aside")
    news = f"{taken.new:,} new rows from what was tapped, data version {taken.note.data_version}."
    out.print(escape(taken.waiting) or news)


@app.command()
def train(source: MaybeSource = None, home: At = None, day: Day = None) -> None:
    """Train on the lake; the challenger becomes champion only if it finds more wins on later data."""
    place = home_of(home, source)
    begin(place, day=day)
    from pipelines.flows.train import train as flow

    done = flow(home=place, day=day)
    state = "promoted" if done["promoted"] else "not promoted"
    out.print(f"Version {done['version']} {state}: {escape(done['why'])}.")


@app.command()
def daily(source: MaybeSource = None, home: At = None, day: Day = None) -> None:
    """Publish the list of the day; twice for the same day changes nothing."""
    place = home_of(home, source)
    begin(place, day=day)
    from pipelines.flows.daily import daily as flow

    done = flow(home=place, day=day)
    if done["held"]:
        out.print(f"[bold red]No new list.[/] {escape(done['held'])}", soft_wrap=True)
        return
    state = "published" if done["new"] else "was published before, nothing changed"
    out.print(f"Run {done['run_id']} with {done['listed']} calls {state}.")


@app.command()
def features(
    source: Annotated[str, typer.Option("--source", "-s", help="Whose attributes to include.")] = "simulated",
    csv: Annotated[bool, typer.Option(help="Print CSV instead of a table.")] = False,
) -> None:
    """Print the catalogue: every feature with its question, window, meaning and as-of rule."""
    from features.catalog import catalog
    from features.facts.definitions import load
    from pipelines.printing import frame
    from pipelines.sources.folders import find

    table = catalog(load(find(source).definitions)).describe()
    if csv:
        sys.stdout.write(table.to_csv(index=False))
        return
    frame(table.drop(columns="as_of_rule"), out, title=f"{len(table)} features")
    out.print(f"As-of rule of every feature: {table['as_of_rule'].iloc[0]}.")


@app.command()
def serve(
    source: MaybeSource = None,
    home: At = None,
    port: Annotated[int | None, typer.Option(help="Port (default: TAKT_PORT or 8000).")] = None,
) -> None:
    """Serve the pages and the API of a home on this machine."""
    from serving.server import run as serve_app
    from serving.settings import Settings

    given: dict[str, object] = {} if port is None else {"port": port}
    if home is not None or source is not None:
        given["home"] = Path(home_of(home, source))
    serve_app(Settings(**given))  # type: ignore[arg-type]


@app.command()
def evaluate(
    source: Annotated[str | None, typer.Option("--source", "-s", help="One source; its figures are printed.")] = None,
    data: Data = None,
    *,
    home: At = None,
    everything: Annotated[bool, typer.Option("--all", help="All sources below --data; writes --page.")] = False,
    page: Annotated[Path, typer.Option(help="With --all: where the results are written.")] = Path("docs/RESULTS.md"),
    seeds: Annotated[int, typer.Option(help="With --all: simulated companies.")] = 20,
    splits: Annotated[int, typer.Option(help="With --all: halvings of a randomised table.")] = 20,
) -> None:
    """Measure on later data beside simpler ways and well-known models, with intervals."""
    from pipelines.home import Home

    threads = PipelineSettings().threads
    if everything:
        if data is None or source is not None:
            raise typer.BadParameter("--all needs --data with the folder of all data sets, and no --source.")
        from pipelines.steps.everything import measure

        with tempfile.TemporaryDirectory(prefix="takt-evaluate-") as scratch:
            found = measure(data, Home(home or Path(scratch)), page=page, threads=threads, seeds=seeds, splits=splits)
        out.print(f"{len(found)} sections written to {page}.")
        return
    if source is None:
        raise typer.BadParameter("name a --source, or --all.")
    at = home_of(home, source)
    begin(at, source=source, data=data)
    from pipelines.printing import figures
    from pipelines.steps.evaluating import evaluate_source

    figures(evaluate_source(source, data, Home(Path(at)), threads=threads), out)


def main() -> None:
    """Run the command line; an error of ours, or a wrong setting, is one message and exit code 1."""
    _end_in_order()
    try:
        app()
    except TaktError as error:
        said = str(error)
        _let_go(error)
    except ValidationError as error:
        if not error.title.endswith("Settings"):
            raise
        said = "; ".join(
            f"{'.'.join(map(str, e['loc']))} {e['msg'].removeprefix('Value error, ')}".strip() for e in error.errors()
        )
        said = f"the environment (TAKT_...) says something that cannot be: {said}"
    else:
        return
    Console(stderr=True, highlight=False).print(f"[bold red]takt:[/] {escape(said)}", soft_wrap=True)
    sys.exit(1)


def _let_go(error: BaseException) -> None:
    """Part an error from its cause and its frames.

    Prefect keeps the error to the end. A DuckDB object that it keeps alive would bury the message in warnings.
    """
    cause = error.__cause__ or error.__context__
    traceback.clear_frames(error.__traceback__)
    error.__cause__ = error.__context__ = error.__traceback__ = None
    if cause is not None:
        _let_go(cause)


def _end_in_order() -> None:
    """Let SIGTERM and SIGHUP end the program as an exit does.

    Python's own answer to them skips what is registered for the exit, and Prefect's temporary server, which is
    stopped there, would stay for ever. A signal that the caller had ignored (nohup) stays ignored.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, lambda got, _frame: sys.exit(128 + got))
