"""Who is to be taken out: the ids, and the texts by which a person is known, in every form in which they may stand."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

import pandas as pd

from features.facts.tables import TABLES
from pipelines.lake import Lake
from pipelines.trust.errors import EraseError

Kind = Literal["contact", "prospect"]
GONE: Final = "[erased]"
SHORTEST: Final = 4
"""Characters below which an id or a text is too common to be looked for inside of other texts."""
SAYING: Final = ("name", "email", "phone")


@dataclass(frozen=True)
class Person:
    """A person, or a prospect with the people who stand with nobody else.

    Attributes
    ----------
    kind, id : str
        What was named.
    ids : tuple of str
        Ids that are replaced, each by `random_id`, which nothing leads back from.
    texts : tuple of str
        Names, e-mail addresses and telephone numbers, the longest first.
    """

    kind: Kind
    id: str
    ids: tuple[str, ...]
    texts: tuple[str, ...]
    random_id: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Match every form of the texts, and the ids where they stand as words of their own."""
        forms = {form for text in self.texts for form in (text, _escaped(text))}
        words = {i for i in self.ids if len(i) >= SHORTEST and not (i.isdigit() and len(i) < 7)}
        parts = [re.escape(f) for f in sorted(forms, key=lambda f: (-len(f), f))]
        parts += [rf"(?<![\w-]){re.escape(w)}(?![\w-])" for w in sorted(words)]
        parts += [re.escape(json.dumps(i)) for i in sorted(set(self.ids) - words)]
        return re.compile("|".join(parts), re.IGNORECASE)

    def without(self, text: str) -> str:
        """Return a text with what names the person replaced."""
        if text in self.ids:
            return self.random_id
        return self.pattern.sub(self._instead, text)

    def named_in(self, text: str) -> bool:
        """Say whether a text names the person."""
        return text in self.ids or self.pattern.search(text) is not None

    def says(self, text: str) -> bool:
        """Say whether a text holds a name, address or number, and not only the id."""
        low = text.casefold()
        return any(t.casefold() in low for t in self.texts)

    def _instead(self, found: re.Match[str]) -> str:
        text = found[0]
        if text.strip('"') in self.ids:
            return text.replace(text.strip('"'), self.random_id)
        return GONE


def find(lake: Lake, kind: Kind, named: str, *, store_rows: list[dict[str, Any]]) -> Person:
    """Collect what a person is known by, from every version of the facts and from the published rows.

    Raises
    ------
    EraseError
        Nobody has this id.
    """
    contacts = lake.read("contacts")
    if kind == "contact":
        rows = contacts[contacts["contact_id"] == named]
        there = len(rows) or any(row.get("contact_id") == named for row in store_rows)
        ids = {named}
    else:
        own = contacts.groupby("contact_id")["prospect_id"].agg(lambda s: set(s.dropna()))
        mine = [who for who, of in own.items() if of == {named}]
        rows = contacts[contacts["contact_id"].isin(mine)]
        there = bool((lake.read("prospects")["prospect_id"] == named).any()) or bool(store_rows)
        ids = {named, *map(str, mine)}
    if not there:
        raise EraseError(f"no {kind} {named!r} is known here; nothing was changed. Look the id up in the pages.")
    said = {str(v) for c in SAYING for v in rows[c].dropna()} if len(rows) else set()
    said |= {str(row[c]) for row in store_rows for c in SAYING if row.get(c) and row.get("contact_id") in ids}
    texts = sorted({t.strip() for t in said if len(t.strip()) >= SHORTEST}, key=lambda t: (-len(t), t))
    return Person(kind, named, tuple(sorted(ids)), tuple(texts), f"erased-{secrets.token_hex(8)}")


def taken_out(table: str, rows: pd.DataFrame, person: Person) -> tuple[pd.DataFrame, int]:
    """Return a table of the lake without the person, and how many rows were dropped or changed.

    The person's own rows go. What happened with a prospect stays when a contact is erased, under the random id: the
    chances of others were learned from it. Of an erased prospect every row goes.
    """
    own = "contact_id" if table == "contacts" else "prospect_id" if person.kind == "prospect" else ""
    gone = rows[own].isin(person.ids) if own in rows else pd.Series(False, index=rows.index)
    if table in ("attribute_changes", "withdrawals"):
        gone = rows["id"].isin(person.ids)
    if table == "contacts" and person.kind == "prospect":
        gone |= rows["prospect_id"].eq(person.id) & rows["contact_id"].isin(person.ids)
    kept, changed = rows[~gone].copy(), pd.Series(False, index=rows.index[~gone])
    keys = set(TABLES[table].key) if table in TABLES else set()
    for column in kept.columns:
        # another person of the same name keeps it
        if (
            column in keys
            or not pd.api.types.is_string_dtype(kept[column])
            or (table == "contacts" and column == "name")
        ):
            continue
        now = kept[column].map(person.without, na_action="ignore").astype(kept[column].dtype)
        changed |= (now != kept[column]) & kept[column].notna()
        kept[column] = now
    return kept, int(gone.sum() + changed.sum())


def _escaped(text: str) -> str:
    return json.dumps(text)[1:-1]
