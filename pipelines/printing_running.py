"""`takt status` as people read it."""

from __future__ import annotations

import datetime as dt

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.running.standing import Standing


def show(found: Standing, out: Console) -> None:
    """Print the parts, the list, the runs, and what is wrong."""
    if found.parts:
        out.print(_parts(found))
    out.print(_list(found))
    if found.flows:
        out.print(_flows(found))
    for problem in found.problems:
        out.print(f"[bold red]✗[/] {escape(problem)}", soft_wrap=True)
    if found.healthy:
        out.print("[green]✓[/] All is well.")


def _parts(found: Standing) -> Table:
    table = Table("", "part", "address", "process", "since (UTC)", "restarts", box=None)
    for part in found.parts:
        mark = "[red]✗[/]" if part.trouble else "[green]✓[/]"
        process = str(part.pid or "") if part.since else "elsewhere"
        restarts = str(part.restarts) if part.since else ""
        table.add_row(mark, part.title, escape(part.address), process, _short(part.since), restarts)
    return table


def _list(found: Standing) -> str:
    of = found.list
    head = f"List of {of.day}: {of.calls} calls (run {of.run_id})." if of.day else escape(of.words)
    fact = f" Newest fact recorded {_short(of.newest_fact)} UTC{_ago(of.newest_fact)}." if of.newest_fact else ""
    ingest = f" Last ingest {_short(of.last_ingest)} UTC{_ago(of.last_ingest)}." if of.last_ingest else ""
    return f"{head}{fact}{ingest}"


def _flows(found: Standing) -> Table:
    table = Table("", "flow", "last run", "ended (UTC)", "took", "next (UTC)", box=None)
    for flow in found.flows:
        mark = "[red]✗[/]" if flow.trouble else "[green]✓[/]"
        last = f"running since {_short(flow.running_since)}" if flow.running_since else flow.last or "not yet"
        took = "" if flow.took_s is None else f"{flow.took_s:.0f} s"
        table.add_row(mark, flow.flow, escape(last), _short(flow.last_at), took, _short(flow.next_at))
    return table


def _short(moment: str) -> str:
    return moment[:16].replace("T", " ")


def _ago(moment: str) -> str:
    hours = (dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(moment)).total_seconds() / 3600
    return f" ({hours / 24:.0f} days ago)" if hours >= 48 else f" ({hours:.0f} hours ago)" if hours >= 1 else ""
