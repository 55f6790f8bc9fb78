"""The command that writes the list back into a CRM, shows the difference, prepares the CRM, or takes it all out."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.markup import escape
from rich.table import Table

from pipelines.options import At, MaybeSource, home_of, out

if TYPE_CHECKING:
    from pipelines.writing.plan import Plan
    from pipelines.writing.sending import Report
    from pipelines.writing.target import Value

writing = typer.Typer()
SHOWN: Final = 20
"""Prospects whose changes a dry run prints; the counts are of all."""


@writing.command()
def write_back(
    to: Annotated[str, typer.Option("--to", help="hubspot, salesforce, pipedrive or tryton.")],
    source: MaybeSource = None,
    home: At = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the difference; the CRM is asked nothing.")] = False,
    prepare: Annotated[bool, typer.Option("--prepare", help="Create Takt's own fields, once.")] = False,
    off: Annotated[bool, typer.Option("--off", help="Take out all that Takt wrote.")] = False,
) -> None:
    """Write chances, reasons, next actions and the day's tasks into a CRM: what changed, and into Takt's own fields.

    `takt daily` does so by itself where TAKT_WRITE_BACK names the CRM.
    """
    from pipelines.home import Home
    from pipelines.settings import PipelineSettings
    from pipelines.writing import back
    from pipelines.writing.targets import open_target

    if dry_run + prepare + off > 1:
        raise typer.BadParameter("--dry-run, --prepare and --off go one at a time.")
    at, settings = Home(Path(home_of(home, source))), PipelineSettings()
    with closing(open_target(to)) as target:
        if prepare:
            made = target.prepare()
            out.print("\n".join(f"Created {escape(one)}." for one in made) or "Nothing to create.")
        elif dry_run:
            day, plan = back.planned(at, target, settings)
            _print_difference(plan, to)
            out.print(f"List of {day}: {_counts(plan)} Nothing was written.")
        elif off:
            plan, report = back.off(at, target)
            _print_outcome(plan, report)
            back.complete(report, to, "Takt's writing was taken out where it could be")
            _say_what_stays(settings.write_back, to)
        else:
            day, plan, report = back.write_back(at, target, settings)
            _print_outcome(plan, report)
            back.complete(report, to, f"The list of {day} is published")


def _print_difference(plan: Plan, to: str) -> None:
    table = Table(title=f"What would change in {to}", show_lines=True)
    for head in ("prospect", "field", "was", "becomes"):
        table.add_column(head, overflow="fold")
    for change in plan.changes[:SHOWN]:
        about = "" if change.item.kind == "fields" else f" (task, {change.action})"
        for n, (name, was, becomes) in enumerate(change.differences()):
            first = f"{change.item.prospect_id}{about}" if n == 0 else ""
            table.add_row(escape(first), name, _shown(was), _shown(becomes))
    if plan.changes:
        out.print(table)
    if len(plan.changes) > SHOWN:
        out.print(f"… and {len(plan.changes) - SHOWN:,} more.")
    counts = Table(title="Counts")
    for head in ("field", "rows that change"):
        counts.add_column(head)
    for name, n in plan.counts().most_common():
        counts.add_row(name, f"{n:,}")
    if plan.changes:
        out.print(counts)


def _print_outcome(plan: Plan, report: Report) -> None:
    table = Table(title="Written back")
    for head in ("rows", "became", "count"):
        table.add_column(head)
    for (kind, state), n in sorted(report.counts.items()):
        table.add_row(kind, state, f"{n:,}")
    for state, n in (("unchanged", plan.unchanged), ("rejected", len(report.rejected)), ("not sent", report.left)):
        if n:
            table.add_row("all", state, f"{n:,}")
    if table.row_count:
        out.print(table)
    out.print(f"{report.words}. {_counts(plan)}".replace(". .", "."))


def _counts(plan: Plan) -> str:
    told = [f"{len(plan.changes):,} rows to send", f"{plan.unchanged:,} unchanged"]
    told += [f"{plan.foreign:,} prospects are no records of this CRM"] if plan.foreign else []
    told += [f"{plan.without_owner:,} calls of nobody in particular get no task"] if plan.without_owner else []
    return "; ".join(told) + "."


def _shown(value: Value) -> str:
    return "[dim]empty[/]" if value is None else escape(str(value))


def _say_what_stays(setting: str, to: str) -> None:
    out.print("The empty fields stay, and tasks that people completed.")
    if setting == to:
        out.print(f"TAKT_WRITE_BACK is still {to}: the next `takt daily` writes again.")
