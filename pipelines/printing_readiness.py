"""What `takt assess` shows: the principles with their scores, what is to be done, and what is in place."""

from __future__ import annotations

import math
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from features.readiness.assessment import MEANT, PRINCIPLES, Assessment, Finding

COLOURS: Final = {"blocks": "red", "weakens": "yellow", "unknown": "cyan", "good": "green"}


def assessed(found: Assessment, out: Console) -> None:
    """Print an assessment, principle by principle: what is not in place with its evidence, the rest by name."""
    when = f", as of {found.as_of:%Y-%m-%d %H:%M} UTC" if found.as_of is not None else ", a table without times"
    out.print(f"\n[bold]Readiness of {escape(found.subject)}[/]{when}")
    for name, title in PRINCIPLES.items():
        findings = found.of_principle(name)
        score = found.scores[name]
        said = "no score, nothing could be judged" if math.isnan(score) else f"{score:.0f} of 100"
        out.print(f"\n[bold]{escape(title)}[/]: {said}")
        open_ = [f for f in findings if f.severity != "good"]
        if open_:
            out.print(_table(open_))
        good = [f.title for f in findings if f.severity == "good"]
        if good:
            out.print(f"[green]{MEANT['good']}:[/] {escape('; '.join(good))}")


def _table(findings: list[Finding]) -> Table:
    table = Table(expand=True, show_lines=True)
    for head, ratio in (("", 3), ("what was looked at", 6), ("what was found", 14), ("what to do", 10)):
        table.add_column(head, ratio=ratio, overflow="fold")
    for f in findings:
        mark = f"[{COLOURS[f.severity]}]{f.severity}[/]"
        table.add_row(mark, escape(f.title), escape(f.evidence), escape(f.next_action))
    return table
