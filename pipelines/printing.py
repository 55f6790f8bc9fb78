"""What the command line shows: the call list with its reasons, tables of figures, the catalogue."""

from __future__ import annotations

from typing import Any

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from models.evidence.backtest import Evaluation
from models.evidence.card import RUNG_NAMES
from pipelines.steps.listing import Made
from pipelines.steps.replaying import Replayed
from serving.store.publish import PublishedRun

SHOWN = ("base rate", "recency", "frequency", "blended", "logistic", "boosted", "takt")
NAMES = {**RUNG_NAMES, "takt": "Takt (the ladder's choice)"}
METRICS = {
    "auc": "AUC",
    "average_precision": "avg. precision",
    "lift_at_10": "lift top 10 %",
    "lift_at_20": "lift top 20 %",
    "captured_at_capacity": "wins captured at capacity",
    "brier": "Brier",
    "calibration_error": "calibration error",
}


def call_list(made: Made, out: Console, *, most: int = 10) -> None:
    """Print the first calls of the day with chance, person and reasons."""
    run = made.run
    label = " [bold magenta](simulated data)[/]" if run.simulated else ""
    out.print(f"\n[bold]{escape(run.company)}[/]{label}: call list of {run.day}, made from what was known before it")
    for note in run.summary["notes"]:
        out.print(f"[yellow]! {escape(note)}[/]")
    if "refused" in run.summary:
        out.print(f"[yellow]! {escape(run.summary['refused'])}[/]")
        return
    names = run.prospects.set_index("prospect_id")["name"]
    people = run.contacts.drop_duplicates("contact_id").set_index("contact_id")
    receipts = run.receipts.set_index("receipt_id")
    table = Table(show_lines=True, expand=True)
    for head, ratio in (("#", 1), ("whom, when, how", 7), ("worth", 5), ("why, and with what", 12)):
        table.add_column(head, ratio=ratio, overflow="fold")
    for place, call in enumerate(run.call_list.head(most).to_dict("records"), start=1):
        receipt = receipts.loc[call["receipt_id"]]
        why = "\n".join([_why(receipt), *_offer(call)])
        table.add_row(str(place), _whom(call, names, people), _worth(receipt, call, run), why)
    out.print(table)
    counts = run.summary
    calls = _count(counts["listed"], "call", "calls")
    sellers = _count(run.call_list["owner_id"].nunique(dropna=False), "salesperson", "salespeople")
    cohort = _count(counts["cohort"], "open prospect", "open prospects")
    out.print(f"{calls} for {sellers} from {cohort}; {counts['left_out']} left out, each with its reason.")


def _count(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}"


def _whom(call: dict[Any, Any], names: pd.Series, people: pd.DataFrame) -> str:
    name = names.get(call["prospect_id"])
    lines = [f"[bold]{escape(str(name if pd.notna(name) else call['prospect_id']))}[/]"]
    if pd.notna(call["contact_id"]) and call["contact_id"] in people.index:
        person = people.loc[call["contact_id"]]
        words = [str(person[c]) for c in ("name", "role") if pd.notna(person[c])]
        lines.append(escape(", ".join(words)))
    lines.append(f"by {call['channel']}" + (f", {escape(call['owner_id'])}" if pd.notna(call["owner_id"]) else ""))
    lines += [escape(str(call[c])) for c in ("hours", "why_contact") if pd.notna(call.get(c))]
    return "\n".join(lines)


def _worth(receipt: pd.Series, call: dict[Any, Any], run: PublishedRun) -> str:
    lines = [_chance(receipt, run.horizon_days)]
    if pd.notna(call.get("amount")):
        lines.append(f"a win: {call['amount']:,.0f} {run.currency}")
        lines += [f"expected: [bold]{call['value']:,.0f} {run.currency}[/]"] if pd.notna(call["value"]) else []
    lines += [escape(str(call["moved"]))] if call.get("moved") else []
    if call.get("drawn") == "exploration":
        lines.append("drawn by lot, to learn")
    return "\n".join(lines)


def _offer(call: dict[Any, Any]) -> list[str]:
    return [f"[cyan]>[/] {escape(str(call[c]))}" for c in ("offer_words", "timing_words") if pd.notna(call.get(c))]


def _chance(receipt: pd.Series, horizon_days: int) -> str:
    if pd.isna(receipt["chance"]):
        return "no chance given"
    said = f"[bold]{receipt['chance']:.0%}[/] in {horizon_days} days"
    like = f"\n{receipt['like_won']:.0f} of {receipt['like_n']:.0f} like it" if receipt["like_n"] else ""
    return said + like + f"\ngrade {receipt['grade']}"


def _why(receipt: pd.Series) -> str:
    lines = []
    for reason in receipt["reasons"]:
        sign = "[green]+[/]" if reason["direction"] == "for" else "[red]-[/]"
        counts = f" ({reason['counts_won']} of {reason['counts_n']} like it won)" if reason["counts_n"] else ""
        lines.append(f"{sign} {escape(reason['text'])}{counts}")
    return "\n".join(lines or [escape(receipt["note"])])


def figures(found: Evaluation, out: Console) -> None:
    """Print the forward figures of every rung beside the base rate, with their intervals."""
    parts = Table(title="Parts, forward in time")
    for column in ("part", "first", "last", "snapshots", "prospects", "won", "base rate"):
        parts.add_column(column)
    for row in found.parts.to_dict("records"):
        days = [f"{row[end]:%Y-%m-%d}" for end in ("first", "last")]
        counts = [f"{row[c]:,}" for c in ("snapshots", "prospects", "won")]
        parts.add_row(row["part"], *days, *counts, f"{row['base_rate']:.1%}")
    table = Table(title="On the test part; 95 % intervals by resampling prospects")
    table.add_column("model")
    for words in METRICS.values():
        table.add_column(words)
    for model in SHOWN:
        rows = found.table[found.table["model"] == model].set_index("metric")
        table.add_row(NAMES.get(model, model), *(_figure(rows, metric) for metric in METRICS))
    out.print(parts)
    out.print(table)
    for row in found.ladder.itertuples():
        out.print(f"  {NAMES.get(row.rung, row.rung)}: {escape(str(row.why))}")
    out.print(f"[bold]{escape(found.words)}[/]")


def _figure(rows: pd.DataFrame, metric: str) -> str:
    if metric not in rows.index or pd.isna(rows.loc[metric, "value"]):
        return "-"
    row = rows.loc[metric]
    return f"{row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"


def replayed(found: Replayed, receipt_id: str, out: Console) -> None:
    """Print a receipt that was made again, and whether it is the published one."""
    now = found.receipt
    chance = "no chance" if now.chance is None else f"{now.chance:.1%}"
    out.print(f"[bold]{escape(now.prospect_id)}[/] as of {now.as_of}: {chance}, grade {now.grade or '-'}")
    for reason in now.reasons:
        out.print(f"  {'+' if reason.direction == 'for' else '-'} {escape(reason.sentence)}")
    made_of = now.versions
    out.print(
        f"bundle {made_of.bundle}, definitions {made_of.definitions}, features {made_of.catalog}, data {made_of.data}"
    )
    if found.same:
        out.print(f"[green]The same to the last bit:[/] {receipt_id}")
        return
    out.print(f"[red]Not the same:[/] published {receipt_id}, now {now.receipt_id}")
    for name, (then, again) in found.differences.items():
        out.print(f"  {name}: published {escape(str(then))}, now {escape(str(again))}")


def frame(table: pd.DataFrame, out: Console, *, title: str = "") -> None:
    """Print any table as it is."""
    shown = Table(title=title or None)
    for column in table.columns:
        shown.add_column(str(column), overflow="fold")
    for row in table.itertuples(index=False):
        shown.add_row(*(escape("" if pd.isna(v) else str(v)) for v in row))
    out.print(shown)
