"""Guess the tables around the prospects: accounts, contacts and touches."""

from __future__ import annotations

from typing import Final

from pipelines.sources.guessed import names
from pipelines.sources.guessed.attributes import Attributes, attributes
from pipelines.sources.guessed.guess import Basis, TableGuess, reference
from pipelines.sources.guessed.names import speaks_of
from pipelines.sources.guessed.profile import ColumnLook, TableLook
from pipelines.sources.guessed.words_to_sql import (
    about,
    about_time,
    is_plain,
    is_time,
    pick,
    text,
    time,
    unique,
)
from pipelines.sources.reading import quoted

REFERS: Final = 0.5
"""A column refers to another table if this share of its different values is there."""


def accounts(base: Basis, free: list[TableLook]) -> tuple[TableGuess, Attributes, str] | None:
    """Guess accounts.sql, and the prospects' column that refers to it; None where no table fits."""
    fitting = [t for t in free if speaks_of(names.TABLES["accounts"], t.name) or pick(t, "account_id", unique)]
    for table in fitting:
        for key in (c for c in table.columns if c.unique and not c.times):
            mine = _refer(base, table, key)
            if mine is not None:
                return _accounts(base, table, key, mine)
    return None


def _refer(base: Basis, table: TableLook, key: ColumnLook) -> ColumnLook | None:
    """Find the prospects' column whose values are the accounts' keys and that does not tell the outcome."""
    for pattern in names.COLUMNS["account_id"]:
        for column in base.raw.columns:
            if speaks_of(pattern, column.name) and is_plain(column) and column.name not in base.late:
                share = base.sample.contained((base.raw.name, column.name), (table.name, key.name))
                if share >= REFERS:
                    return column
    return None


def _accounts(base: Basis, table: TableLook, key: ColumnLook, mine: ColumnLook) -> tuple[TableGuess, Attributes, str]:
    made = TableGuess(
        "accounts", table, f"{quoted(table.name)} ({table.where}, {table.rows:,} rows) holds the accounts"
    )
    made.add("account_id", text(key), f"account_id is {about(key)}; {quoted(mine.name)} of the prospects refers to it")
    used = {key.name}
    name = pick(table, "name", lambda c: is_plain(c) and not c.number)
    if name is not None:
        made.add("name", text(name), f"name is {about(name)}")
        used.add(name.name)
    _known_since(base, made, _first_prospect(base, table, (key, mine)))
    if made.lacking:
        return made, Attributes(), mine.name
    owner = pick(table, "owner_id", is_plain, used)
    found = attributes(table, base.habits, {*used, *([owner.name] if owner else [])}, {})
    made.columns += found.columns
    return made, found, mine.name


def named_accounts(base: Basis, column: ColumnLook) -> TableGuess | None:
    """Make an account of each company that the prospects name, where no table holds the accounts."""
    if base.created is None:
        return None
    raw, name = base.raw, text(column)
    made = TableGuess(
        "accounts", raw, f"no table holds the accounts: each {quoted(column.name)} of the prospects is one"
    )
    made.add("account_id", name, f"account_id is {about(column)}")
    made.add("recorded_at", f"min({time(base.created, base.habits)})", "recorded_at is the time of its first prospect")
    made.add("name", name, f"name is {quoted(column.name)} too")
    made.keep, made.why_keep = f"{quoted(column.name)} is not null", "rows without one have no account"
    made.group = quoted(column.name)
    return made


def known_only(base: Basis, child: tuple[TableLook, ColumnLook], parent: tuple[TableLook, str]) -> tuple[str, str]:
    """Give the SQL of a reference, empty where the other table does not have the id, and words for how often it has."""
    (table, column), (other, key) = child, parent
    share = base.sample.contained((table.name, column.name), (other.name, key))
    if share == 1:
        return text(column), ""
    held = f"select cast({quoted(key)} as varchar) from {quoted(other.name)}"
    return (
        f"case when {text(column)} in ({held}) then {text(column)} end",
        f"; {share:.1%} of its values stand in {quoted(other.name)}, the others are left empty",
    )


def _first_prospect(base: Basis, table: TableLook, link: tuple[ColumnLook, ColumnLook]) -> str:
    """Give the SQL of the first prospect's time; rows that no prospect refers to take the first one of all."""
    if base.created is None:
        return ""
    key, mine = link
    first = f"select min({time(base.created, base.habits)}) from {quoted(base.raw.name)}"
    one = f"{text(mine)} = {quoted(table.name)}.{quoted(key.name)}"
    if not key.is_text:
        one = f"{text(mine)} = cast({quoted(table.name)}.{quoted(key.name)} as varchar)"
    return f"coalesce(({first} where {one}), ({first}))"


def _known_since(base: Basis, made: TableGuess, first: str) -> None:
    """Add recorded_at of a person or a company: its own time, else the first prospect's."""
    changed = pick(made.raw, "modified_at", is_time)
    own = pick(made.raw, "created_at", is_time)
    if own is not None:
        more = "" if changed is None else f"; not {quoted(changed.name)}, before which it would be unknown"
        made.add(
            "recorded_at", time(own, base.habits), f"recorded_at is {about_time(own, base.habits)}, no better time "
            f"for the row as it is now{more}. Fields that were changed later count as known too early",
        )  # fmt: skip
    elif changed is not None:
        made.add("recorded_at", time(changed, base.habits), f"recorded_at is {about_time(changed, base.habits)}")
    elif first:
        made.add(
            "recorded_at", first, "recorded_at is the time of its first prospect: the table has no time of its own, "
            "and what was entered later counts as known too early",
        )  # fmt: skip
    else:
        made.needed.append("recorded_at: when the company knew of it; no time was found")


def contacts(base: Basis, free: list[TableLook], account: tuple[TableLook, str] | None) -> TableGuess | None:
    """Guess contacts.sql: people with an e-mail address who belong to a prospect or an account."""
    for table in free:
        mail = pick(table, "email", lambda c: c.email)
        if mail is None and not speaks_of(names.TABLES["contacts"], table.name):
            continue
        key = pick(table, "contact_id", unique) or pick(table, "own_id", unique) or (
            mail if mail is not None and mail.unique else None
        )  # fmt: skip
        if key is not None:
            return _contacts(base, table, (key, mail), account)
    return None


def _contacts(
    base: Basis, table: TableLook, who: tuple[ColumnLook, ColumnLook | None], account: tuple[TableLook, str] | None
) -> TableGuess | None:
    key, mail = who
    made = TableGuess(
        "contacts", table, f"{quoted(table.name)} ({table.where}, {table.rows:,} rows) holds the contacts"
    )
    made.add("contact_id", text(key), f"contact_id is {about(key)}")
    prospect = reference(base.sample, table, (base.raw, base.key))
    company = pick(table, "account_id", is_plain, [key.name])
    if prospect is not None:
        made.add("prospect_id", text(prospect), f"prospect_id is {about(prospect)}")
    if company is not None and account is not None:
        share = base.sample.contained((table.name, company.name), (account[0].name, account[1]))
        if share >= REFERS:
            sql, said = known_only(base, (table, company), account)
            made.add("account_id", sql, f"account_id is {about(company)}{said}")
    if len(made.columns) == 1:
        return None
    used = [key.name]
    for role in ("name", "role", "phone"):
        column = pick(table, role, lambda c: is_plain(c) and not c.email, [*used, *([company.name] if company else [])])
        if column is not None:
            made.add(role, text(column), f"{role} is {about(column)}")
            used.append(column.name)
    if mail is not None:
        made.add("email", text(mail), f"email is {about(mail)}")
    link = (prospect, base.key) if prospect is not None else None
    _known_since(base, made, _first_prospect(base, table, link) if link else _first_of_all(base))
    made.needed.append("do_not_contact_since: from when a person is not to be contacted; may stay empty")
    return made


def _first_of_all(base: Basis) -> str:
    return (
        "" if base.created is None else f"(select min({time(base.created, base.habits)}) from {quoted(base.raw.name)})"
    )
