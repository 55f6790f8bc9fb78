"""The calls of a day as rows of a file: one line per call, the same columns in CSV and XLSX."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from serving.pages.words import CHANNELS, person
from serving.store import queries
from serving.store.queries import Listed
from serving.store.tables import Run

Cell = str | int | float | dt.date | dt.datetime | None
AT_A_TIME: Final = 1000


@dataclass(frozen=True)
class Column:
    """One column: its heading, its width in letters, how a spreadsheet writes it, and what it holds."""

    heading: str
    width: int
    form: str
    of: Callable[[Listed, Run], Cell]


def lines(store: Session, run: Run, *, owner: str | None, pool: bool) -> Iterator[Listed]:
    """Yield every call of a list in its order: of everybody, of one owner, or of the pool."""
    after: int | None = 0
    while after is not None:
        page = queries.call_list(store, run, owner=owner, pool=pool, after=after, limit=AT_A_TIME)
        yield from page.items
        after = page.after


def cells(line: Listed, run: Run) -> list[Cell]:
    """Return the values of one call, in the order of `COLUMNS`; what is not known is None."""
    return [column.of(line, run) for column in COLUMNS]


def reasons(line: Listed, direction: str) -> list[str]:
    """Return the reasons of one direction ("for", "against") in words, with their counts where a receipt has them."""
    return [_reason(reason) for reason in line.receipt.reasons if reason["direction"] == direction]


def way(line: Listed, kind: str) -> str | None:
    """Return "phone" or "email" of the person to ask for; None where there is none, or the person refuses."""
    contact = line.contact
    if contact is None or contact.do_not_contact:
        return None
    value: str | None = getattr(contact, kind)
    return value


def _reason(reason: dict[str, Any]) -> str:
    counts = f" ({reason['counts_won']} of {reason['counts_n']} like it won)" if reason.get("counts_n") else ""
    return f"{reason['text']}{counts}"


def _who(line: Listed, _run: Run) -> str | None:
    return None if line.contact is None else person(line.contact)


def _role(line: Listed, _run: Run) -> str | None:
    return None if line.contact is None else line.contact.role


def _channel(line: Listed, _run: Run) -> str | None:
    return CHANNELS.get(line.call.channel or "", line.call.channel)


def _local(moment: dt.datetime | None, run: Run) -> dt.datetime | None:
    """Bring a moment to the company's zone and take the zone off, for spreadsheets know none."""
    if moment is None:
        return None
    return moment.astimezone(ZoneInfo(run.timezone)).replace(tzinfo=None, second=0, microsecond=0)


TEXT: Final = "@"
COLUMNS: Final = (
    Column("Day", 12, "yyyy-mm-dd", lambda _, run: run.day),
    Column("Rank", 6, "0", lambda line, _: line.call.rank),
    Column("Salesperson", 14, TEXT, lambda line, _: line.call.owner_id),
    Column("Prospect", 28, TEXT, lambda line, _: line.prospect.name),
    Column("Prospect id", 14, TEXT, lambda line, _: line.prospect.prospect_id),
    Column("Person", 22, TEXT, _who),
    Column("Role", 20, TEXT, _role),
    Column("Channel", 12, TEXT, _channel),
    Column("Phone", 20, TEXT, lambda line, _: way(line, "phone")),
    Column("E-mail", 28, TEXT, lambda line, _: way(line, "email")),
    Column("Time zone", 18, TEXT, lambda line, _: None if line.contact is None else line.contact.timezone),
    Column("Best hours", 32, TEXT, lambda line, _: line.call.hours),
    Column("Chance", 9, "0%", lambda line, _: line.receipt.chance),
    Column("Chance from", 9, "0%", lambda line, _: line.receipt.low),
    Column("Chance to", 9, "0%", lambda line, _: line.receipt.high),
    Column("Grade", 7, TEXT, lambda line, _: line.receipt.grade),
    Column("Trend", 9, TEXT, lambda line, _: line.receipt.trend),
    Column("Speaks for it", 60, TEXT, lambda line, _: "; ".join(reasons(line, "for")) or None),
    Column("Speaks against it", 40, TEXT, lambda line, _: "; ".join(reasons(line, "against")) or None),
    Column("Why this person", 40, TEXT, lambda line, _: line.call.why_contact),
    Column("Offer", 40, TEXT, lambda line, _: line.call.offer_words),
    Column("When", 40, TEXT, lambda line, _: line.call.timing_words),
    Column("Value of the call", 14, "#,##0", lambda line, _: line.call.value),
    Column("Value of a win", 14, "#,##0", lambda line, _: line.call.amount),
    Column("Currency", 9, TEXT, lambda _, run: run.currency),
    Column("Segment", 16, TEXT, lambda line, _: line.prospect.segment),
    Column("Last touch", 17, "yyyy-mm-dd hh:mm", lambda line, run: _local(line.prospect.last_touch_at, run)),
    Column("Receipt", 22, TEXT, lambda line, _: line.receipt.receipt_id),
)
