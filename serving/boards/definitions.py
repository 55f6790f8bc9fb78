"""The board of definitions: the words, the rules that run, the numbers, and who would move if one changed."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, ConfigDict

from serving.boards.board import Board


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Example(_Row):
    """One prospect; `here` says whether this run knows it, so that its page can be opened."""

    prospect_id: str
    name: str | None
    here: bool


class Term(_Row):
    """One word with its rule, and the prospects that it held for before the run's `as_of`; `share` of all known."""

    name: str
    means: str
    evidence: str
    owner: str
    since: dt.date
    prospects: int
    share: float | None
    examples: tuple[Example, ...]


class Number(_Row):
    """One field of the definitions that is not a word: its value and what it does.

    `meaning` is true where models depend on it: another value makes them stale.
    """

    field: str
    value: str
    says: str
    meaning: bool


class Option(_Row):
    """One value that a number could have, and what it would lead to: a count per column of the table."""

    words: str
    in_force: bool
    counts: tuple[float, ...]
    of: int | None = None


class WhatIf(_Row):
    """What another value of one number would do; `why_not` says in words why it is not shown."""

    field: str
    asks: str
    columns: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    beware: str = ""
    why_not: str = ""


class Offer(_Row):
    """One offer as it is kept today; a missing bound is None."""

    offer_id: str
    name: str
    description: str | None
    valid_from: dt.date | None
    valid_to: dt.date | None
    stages: str | None
    segments: str | None


class Difference(_Row):
    """One field that a proposal changes."""

    field: str
    now: str
    proposed: str


class Move(_Row):
    """Who would come and who would leave under a proposal; up to five examples each."""

    term: str
    before: int
    after: int
    comes: int
    leaves: int
    coming: tuple[Example, ...]
    leaving: tuple[Example, ...]


class Proposal(_Row):
    """Definitions that somebody proposes, beside those in force; `refused` says why they cannot be read or run."""

    file: str
    refused: str = ""
    differences: tuple[Difference, ...] = ()
    moves: tuple[Move, ...] = ()
    stale: bool = False
    open_now: int = 0
    open_then: int = 0


class Definitions(Board):
    """All of it; `hash` names everything, `meaning` only what a model depends on."""

    hash: str = ""
    meaning: str = ""
    everybody: int = 0
    terms: tuple[Term, ...] = ()
    numbers: tuple[Number, ...] = ()
    what_ifs: tuple[WhatIf, ...] = ()
    offers: tuple[Offer, ...] = ()
    proposal: Proposal | None = None
