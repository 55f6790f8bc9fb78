"""Guess the two tables that matter most: who the prospects are, and how it ended."""

from __future__ import annotations

from pipelines.sources.guessed.attributes import Attributes, attributes
from pipelines.sources.guessed.guess import (
    OWN_TIME,
    Basis,
    TableGuess,
    amount_of,
    ending_table,
    leave_strangers,
    recorded,
)
from pipelines.sources.guessed.profile import ColumnLook
from pipelines.sources.guessed.words_to_sql import (
    Habits,
    about,
    about_number,
    about_time,
    is_plain,
    is_time,
    number,
    pick,
    text,
    time,
)
from pipelines.sources.reading import quoted


def prospects(base: Basis) -> tuple[TableGuess, Attributes]:
    """Guess prospects.sql, and the attributes that its further columns are."""
    raw, habits = base.raw, base.habits
    made = TableGuess("prospects", raw, f"{quoted(raw.name)} ({raw.where}, {raw.rows:,} rows) holds the prospects")
    made.add("prospect_id", text(base.key), f"prospect_id is {about(base.key)}")
    used = {base.key.name, *(base.ending.columns if base.ending else ())}
    if base.created is None:
        made.needed += ["created_at: when the prospect came to be; no column was found that is such a time",
                        "recorded_at: when the company knew of it; created_at where nothing else is known"]  # fmt: skip
    else:
        _prospect_times(made, base.created, pick(raw, "modified_at", is_time), habits)
        without = f"{quoted(base.created.name)} is null"
        made.leave(base.sample, without, "no time of creation", because=f"they have no {quoted(base.created.name)}")
        used.add(base.created.name)
    for role in ("account_id", "owner_id", "territory", "segment", "source"):
        column = pick(raw, role, is_plain, used)
        if column is None:
            made.needed.append(f"{role}: no column of such a name was found; may stay empty")
        elif column.name in base.late:
            made.needed.append(f"{role}: {quoted(column.name)} may tell the outcome ({base.late[column.name]})")
            used.add(column.name)
        else:
            made.add(role, text(column), f"{role} is {about(column)}")
            used.add(column.name)
    found = attributes(raw, habits, used, base.late)
    made.columns += found.columns
    return made, found.with_contract([g.column for g in made.columns])


def _prospect_times(made: TableGuess, created: ColumnLook, modified: ColumnLook | None, habits: Habits) -> None:
    sql = time(created, habits)
    made.add("created_at", sql, f"created_at is {about_time(created, habits)}")
    why = f"recorded_at is {quoted(created.name)} too: {OWN_TIME}"
    if modified is not None:
        why = (
            f"recorded_at is {quoted(created.name)}, not {quoted(modified.name)}: a row says only when it was last "
            "changed, and prospects would be unknown until then. Fields that were changed later are known too early"
        )
    made.add("recorded_at", sql, why)


def outcomes(base: Basis) -> TableGuess | None:
    """Guess outcomes.sql, from the prospects' own table or from one that refers to it; None where nothing ends."""
    raw, key, end = base.raw, base.key, base.ending
    if end is None or not end.when:
        other = ending_table(base.sample, base.raw, base.key, base.habits)
        if other is not None:
            raw, key, end = other
    if end is None:
        return None
    made = TableGuess("outcomes", raw, f"{quoted(raw.name)} ({raw.where}, {raw.rows:,} rows) says how prospects ended")
    made.add("prospect_id", text(key), f"prospect_id is {about(key)}")
    made.add("result", end.result, f"result: {end.why}")
    made.keep = end.closed
    made.why_keep = "only rows that ended are outcomes"
    if not end.when:
        made.needed += ["occurred_at: when it was won or lost; no column was found that is such a time",
                        "recorded_at: when the company knew of it; occurred_at if nothing else is known"]  # fmt: skip
    else:
        made.add("occurred_at", end.when, f"occurred_at is {end.why_when}")
        made.leave(base.sample, f"{end.when} is null", "ended without a time", because="it is not said when they ended")
        recorded(made, (end.when, "occurred_at"), pick(raw, "modified_at", is_time), base.habits)
    leave_strangers(base, made, key)
    amount = amount_of(raw, end)
    if amount is None or not end.won:
        made.needed.append("amount: no column that reads as a sum of money was found; may stay empty")
    else:
        sql = f"case when {end.won} then {number(amount, base.habits)} end"
        made.add("amount", sql, f"amount is {about_number(amount, base.habits)}; of wins only")
    reason = pick(raw, "reason", lambda c: is_plain(c) and not c.number, [*end.columns, key.name])
    if reason is not None and reason is not amount:
        made.add("reason", text(reason), f"reason is {about(reason)}")
    return made
