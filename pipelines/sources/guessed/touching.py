"""Guess the touches: what was done, with whom, in which direction, and how the sample calls it."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.sources.guessed import names
from pipelines.sources.guessed.around import REFERS, known_only
from pipelines.sources.guessed.attributes import attribute_name
from pipelines.sources.guessed.guess import Basis, TableGuess, leave_strangers, recorded, reference
from pipelines.sources.guessed.names import sorted_into, speaks_of
from pipelines.sources.guessed.profile import ColumnLook, TableLook
from pipelines.sources.guessed.telling import telling
from pipelines.sources.guessed.words_to_sql import (
    about,
    about_number,
    about_time,
    among,
    is_number,
    is_plain,
    is_time,
    number,
    pick,
    shown,
    text,
    time,
    unique,
)
from pipelines.sources.reading import literal, quoted


@dataclass
class Touches:
    """touches.sql, and the kinds that definitions.yaml must add for it."""

    made: TableGuess
    kinds: dict[str, str] = field(default_factory=dict)


def touches(base: Basis, free: list[TableLook]) -> Touches | None:
    """Guess touches.sql: the table of most rows that refers to prospects and has a time and a kind."""
    for table in sorted(free, key=lambda t: (not speaks_of(names.TABLES["touches"], t.name), -t.rows)):
        link = reference(base.sample, table, (base.raw, base.key))
        at = pick(table, "occurred_at", is_time) if link is not None else None
        if link is not None and at is not None:
            kind = pick(table, "kind", lambda c: bool(c.values) and not c.times, [link.name])
            if kind is not None or speaks_of(names.TABLES["touches"], table.name):
                return _touches(base, table, (link, at), kind)
    return None


def _touches(base: Basis, table: TableLook, where: tuple[ColumnLook, ColumnLook], kind: ColumnLook | None) -> Touches:
    link, at = where
    made = TableGuess("touches", table, f"{quoted(table.name)} ({table.where}, {table.rows:,} rows) holds the touches")
    found, used = Touches(made), {link.name, at.name, *([kind.name] if kind else [])}
    own = pick(table, "own_id", unique, used) or next((c for c in table.columns if _is_key(c, used)), None)
    if own is not None:
        made.add("touch_id", text(own), f"touch_id is {about(own)}")
    else:
        order = ", ".join([quoted(at.name), *(quoted(c.name) for c in table.columns if c is not at)])
        sql = f"{text(link)} || '-' || row_number() over (partition by {quoted(link.name)} order by {order})"
        made.add("touch_id", sql, "touch_id is counted within the prospect: no column tells touches apart, and a touch "
                 "that is entered late would change the numbers of later ones")  # fmt: skip
    made.add("prospect_id", text(link), f"prospect_id is {about(link)}")
    made.add("occurred_at", time(at, base.habits), f"occurred_at is {about_time(at, base.habits)}")
    recorded(made, (time(at, base.habits), "occurred_at"), pick(table, "modified_at", is_time, used), base.habits)
    leave_strangers(base, made, link)
    if at.present < at.rows:
        made.leave(base.sample, f"{quoted(at.name)} is null", "no time", because=f"they have no {quoted(at.name)}")
    _kind(base, found, link, kind)
    _direction(made, pick(table, "direction", lambda c: bool(c.values), used), found)
    channel = pick(table, "channel", lambda c: bool(c.values), used)
    if channel is not None:
        sql = _by_words(channel, {v: sorted_into(v, names.CHANNELS) for v in channel.values})
        if sql:
            made.add("channel", sql, f"channel is {about(channel)}; words that fit no channel are left empty")
    seconds = pick(table, "duration_s", is_number, used)
    if seconds is not None:
        made.add(
            "duration_s",
            number(seconds, base.habits),
            f"duration_s is {about_number(seconds, base.habits)}; in seconds",
        )
    made.needed.append("result: what came of it, such as interested, answered or no_answer; may stay empty")
    return found


def link_people(base: Basis, made: TableGuess, people: TableGuess) -> None:
    """Let the touches name the contact, where a column holds the contacts' ids."""
    key = next(c for c in people.raw.columns if text(c) == people.columns[0].sql)
    column = pick(made.raw, "contact_id", is_plain)
    if (
        column is not None
        and base.sample.contained((made.raw.name, column.name), (people.raw.name, key.name)) >= REFERS
    ):
        sql, said = known_only(base, (made.raw, column), (people.raw, key.name))
        made.add("contact_id", sql, f"contact_id is {about(column)}{said}")


def _is_key(column: ColumnLook, used: set[str]) -> bool:
    return column.unique and column.name not in used and not column.times and column.name.lower().endswith(("id", "nr"))


def _by_words(column: ColumnLook, said: dict[str, str | None]) -> str:
    cases = "".join(f" when {literal(v)} then {literal(word)}" for v, word in said.items() if word)
    return f"case {text(column)}{cases} end" if cases else ""


def _kind(base: Basis, found: Touches, link: ColumnLook, kind: ColumnLook | None) -> None:
    """Add kind: each word as a kind of the contract, or as a new one; words of no contact at all are stages."""
    made = found.made
    if kind is None:
        made.add("kind", "'event'", "kind is the same for all: no column says what was done")
        return
    said = {v: sorted_into(v, names.KINDS) for v in kind.values}
    ends = _leave_outcomes(base, made, link, kind)
    if kind.present < kind.rows:
        made.leave(base.sample, f"{text(kind)} is null", "no kind", because=f"they have no {quoted(kind.name)}")
    if sum(word is not None for word in said.values()) * 2 < len(said):
        made.add(
            "kind", "'stage'", f"kind: the words of {about(kind)} are no kinds of contact and are taken for stages"
        )
        made.add("stage", text(kind), f"stage is {about(kind)}")
        return
    new = {v: attribute_name(v) for v, word in said.items() if word is None and v not in ends}
    found.kinds = {name: v for v, name in new.items()}
    words = {v: word or new.get(v) for v, word in said.items()}
    told = ", ".join(f"{v!r} is {word}" for v, word in words.items() if word)
    made.add("kind", _by_words(kind, words), f"kind is {about(kind)}: {told}")


def _leave_outcomes(base: Basis, made: TableGuess, link: ColumnLook, kind: ColumnLook) -> list[str]:
    """Leave out the words that are the outcome, by what they say and by who has them; return those words."""
    ends = [v for v in kind.values if speaks_of(names.WON, v) or speaks_of(names.LOST, v)]
    if ends:
        why = f"{shown(ends)} of {quoted(kind.name)} look like the outcome, which must not be a touch"
        made.leave(base.sample, f"{text(kind)} in {among(ends)}", "words of the outcome", because=why)
    told = {v: why for v, why in telling(base, made.raw, link, kind=kind).items() if v not in ends}
    if told:
        why = f"{'; '.join(told.values())}: they tell the outcome, which must not be a touch"
        made.leave(base.sample, f"{text(kind)} in {among(told)}", "words that tell the outcome", because=why)
    return [*ends, *told]


def _direction(made: TableGuess, column: ColumnLook | None, found: Touches) -> None:
    if column is not None:
        said = {
            v: "inbound" if speaks_of(names.INBOUND, v) else "outbound" if speaks_of(names.OUTBOUND, v) else None
            for v in column.values
        }
        if all(said.values()):
            made.add("direction", _by_words(column, said), f"direction is {about(column)}")
            return
    sql = next(g.sql for g in found.made.columns if g.column == "kind")
    if not sql.startswith("case"):
        made.add("direction", "'outbound'", "direction: all is taken to come from the company; no column says so")
        return
    made.add(
        "direction",
        f"case when {sql} in ('form', 'download', 'visit') then 'inbound' else 'outbound' end",
        "direction: forms, downloads and visits are taken to come from the prospect, all else from the company",
    )
