"""Commands that ask about what was published, disagree with it, or take it back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape

from pipelines.options import At, Data, Day, MaybeSource, Source, home_of, out

asking = typer.Typer()


@asking.command("why-not")
def why_not(
    prospect: Annotated[str, typer.Argument(help="Id of the prospect.")],
    source: MaybeSource = None,
    home: At = None,
    day: Day = None,
) -> None:
    """Say why a prospect is not on the list of the day, or where it stands on it."""
    from pipelines.home import Home
    from pipelines.steps import moments
    from pipelines.steps.asking import why_not as answer

    wanted = None if day is None else moments.parse(day)
    out.print(escape(answer(Home(Path(home_of(home, source))), prospect, day=wanted)))


@asking.command()
def assess(
    source: Source,
    data: Data = None,
    home: At = None,
    day: Day = None,
    html: Annotated[Path | None, typer.Option(help="Write the assessment as a page, too.")] = None,
) -> None:
    """Say from the data, principle by principle, what they are ready for and what to do next."""
    from pipelines.home import Home
    from pipelines.printing_readiness import assessed
    from pipelines.steps.assessing import assess_source, to_html

    found = assess_source(source, data, Home(Path(home_of(home, source))), day=day)
    assessed(found, out)
    if html is not None:
        html.write_text(to_html(found), encoding="utf-8")
        out.print(f"Written to {html}.")


@asking.command()
def replay(
    receipt: Annotated[str, typer.Argument(help="Id of the receipt; it stands on the prospect's page.")],
    source: MaybeSource = None,
    home: At = None,
) -> None:
    """Make a receipt again from its versions of facts, definitions and model, and compare bit for bit."""
    from pipelines.home import Home
    from pipelines.printing import replayed
    from pipelines.settings import PipelineSettings
    from pipelines.steps.replaying import replay as again

    found = again(Home(Path(home_of(home, source))), receipt, PipelineSettings())
    replayed(found, receipt, out)
    if not found.same:
        raise typer.Exit(1)


@asking.command()
def override(
    prospect: Annotated[str, typer.Argument(help="Id of the prospect.")],
    what: Annotated[Literal["call", "leave"], typer.Argument(help="Call it although, or leave it although.")],
    because: Annotated[str, typer.Option(help="Why your own judgement differs.")],
    source: MaybeSource = None,
    home: At = None,
) -> None:
    """Say that you know better than the latest list; it is kept beside the receipt and graded later."""
    from pipelines.home import Home
    from pipelines.steps import moments
    from pipelines.steps.overriding import override as say

    new = say(Home(Path(home_of(home, source))), prospect, what=what, because=because, at=moments.now())
    out.print("Kept; `takt overrides` grades it when the horizon has passed." if new else "You had said so before.")


@asking.command()
def overrides(source: MaybeSource = None, home: At = None) -> None:
    """Say what came of your overrides, beside what came of the list."""
    from pipelines.home import Home
    from pipelines.printing import frame
    from pipelines.steps.overriding import graded

    found = graded(Home(Path(home_of(home, source))))
    frame(found.groups.round(3), out, title="Overrides and the list")
    out.print(escape(found.said))


@asking.command()
def rollback(source: MaybeSource = None, home: At = None) -> None:
    """Make the champion before the present one the champion again."""
    from pipelines.home import Home
    from pipelines.settings import PipelineSettings
    from pipelines.steps.promoting import roll_back

    version = roll_back(Home(Path(home_of(home, source))), PipelineSettings())
    out.print(f"{version.name} version {version.number} scores again; the next `takt daily` makes its list with it.")
