"""Put the guesses of all tables together: which are written, and what stays open."""

from __future__ import annotations

from pipelines.sources.guessed import around, touching
from pipelines.sources.guessed.attributes import Attributes
from pipelines.sources.guessed.central import outcomes, prospects
from pipelines.sources.guessed.guess import Basis, TableGuess
from pipelines.sources.guessed.profile import TableLook
from pipelines.sources.guessed.words_to_sql import about, text


def gathered(base: Basis) -> tuple[list[TableGuess], Attributes, dict[str, str], list[str]]:
    """Guess every table; one that lacks a required column is left out and named, prospects and outcomes stay."""
    first, own = prospects(base)
    end = outcomes(base)
    busy = {base.raw.name, *([end.raw.name] if end else [])}
    free = [t for t in base.sample.tables if t.name not in busy and t.rows]
    touched = touching.touches(base, free)
    free = [t for t in free if touched is None or t.name != touched.made.raw.name]
    firms, account, own = _accounts(base, first, own, free)
    free = [t for t in free if firms is None or t.name != firms.raw.name]
    people = around.contacts(base, free, account)
    if touched is not None and people is not None and not people.lacking:
        touching.link_people(base, touched.made, people)
    found = [t for t in (first, firms, people, touched and touched.made, end) if t]
    made = [t for t in found if t.table in ("prospects", "outcomes") or not t.lacking]
    unknown = [
        f"{t.table}.sql: not written, {', '.join(t.lacking)} could not be guessed" for t in found if t not in made
    ]
    there = {t.table for t in found}
    unknown += [f"{n}.sql: not written, no raw table was found that looks like {n} and refers to the prospects by a "
                "column that does not tell the outcome" for n in ("outcomes", "accounts", "contacts", "touches")
                if n not in there]  # fmt: skip
    read = {t.raw.name for t in made}
    unknown += [
        f"{t.where} ({t.rows:,} rows): no .sql reads it; add it by hand where it says something of the prospects"
        for t in base.sample.tables
        if t.name not in read
    ]
    return made, own, touched.kinds if touched else {}, unknown


def _accounts(
    base: Basis, first: TableGuess, own: Attributes, free: list[TableLook]
) -> tuple[TableGuess | None, tuple[TableLook, str] | None, Attributes]:
    """Guess the accounts, and let account_id of the prospects refer to them; without accounts it stays empty."""
    guessed = next((g for g in first.columns if g.column == "account_id"), None)
    first.columns = [g for g in first.columns if g is not guessed]
    found = around.accounts(base, free)
    if found is not None and not found[0].lacking:
        table, theirs, name = found
        key = next(c.name for c in table.raw.columns if text(c) == table.columns[0].sql)
        link = next(c for c in base.raw.columns if c.name == name)
        sql, said = around.known_only(base, (base.raw, link), (table.raw, key))
        first.add("account_id", sql, f"account_id is {about(link)}{said}")
        return table, (table.raw, key), _joined(own, table, theirs)
    mine = next((c for c in base.raw.columns if guessed and text(c) == guessed.sql), None)
    named = around.named_accounts(base, mine) if mine is not None else None
    if guessed is None or mine is None or named is None:
        return None, None, own
    first.columns.append(guessed)
    return named, (base.raw, mine.name), own


def _joined(own: Attributes, table: TableGuess, theirs: Attributes) -> Attributes:
    """Put the accounts' attributes behind the prospects', without those whose name is taken."""
    taken = {e[0] for e in own.entries} | set(own.late)
    twice = {e[0] for e in theirs.entries} & taken
    table.columns = [g for g in table.columns if g.column not in twice]
    return Attributes(own.columns, [*own.entries, *(e for e in theirs.entries if e[0] not in twice)], own.late)
