"""The board of definitions: the words with those they hold for, the numbers, and who would move."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import pandas as pd

from features.errors import DefinitionsError
from features.facts.contract import TABLES
from features.facts.evidence import holders
from features.facts.ledger import current
from features.facts.moves import Move
from pipelines.steps import defining
from pipelines.steps.boards.day import Day
from pipelines.steps.boards.numbers import numbers
from pipelines.steps.boards.what_if import what_ifs
from serving.boards import definitions as shape

EXAMPLES: Final = 3


def board(day: Day) -> shape.Definitions:
    """Run every definition on what was known on the day.

    Raises
    ------
    DefinitionsError
        The evidence of a term does not run.
    """
    said, who = day.definitions, _People(day)
    everybody = day.facts.prospects["prospect_id"].nunique()
    terms = [
        shape.Term(
            name=name, means=term.means, evidence=term.evidence, owner=term.owner, since=term.since,
            prospects=len(ids), share=len(ids) / everybody if everybody else None, examples=who.some(ids),
        )
        for (name, term), ids in zip(said.terms.items(), holders(said, day.facts).values(), strict=True)
    ]  # fmt: skip
    return shape.Definitions(
        hash=said.hash, meaning=said.meaning, everybody=everybody, terms=tuple(terms), numbers=numbers(said),
        what_ifs=what_ifs(day), offers=_offers(day), proposal=_proposal(day, who),
    )  # fmt: skip


class _People:
    """What a prospect is called, and whether this run has a page for it."""

    def __init__(self, day: Day) -> None:
        accounts = current(day.facts.accounts, TABLES["accounts"].key).set_index("account_id")["name"]
        rows = current(day.facts.prospects, TABLES["prospects"].key).set_index("prospect_id")
        self._names = rows["account_id"].map(accounts)
        self._here = set(day.matrix.keys["prospect_id"])

    def some(self, ids: pd.Series[str]) -> tuple[shape.Example, ...]:
        """Return a few of them, those with a page first."""
        here = ids.isin(self._here)
        return self.all([*ids[here].iloc[:EXAMPLES], *ids[~here].iloc[:EXAMPLES]][:EXAMPLES])

    def all(self, ids: Iterable[str]) -> tuple[shape.Example, ...]:
        """Return each of them."""
        return tuple(
            shape.Example(prospect_id=one, name=_text(self._names.get(one)), here=one in self._here) for one in ids
        )


def _offers(day: Day) -> tuple[shape.Offer, ...]:
    zone = day.definitions.zone

    def date(value: Any) -> Any:
        return None if pd.isna(value) else value.tz_convert(zone).date()

    rows = current(day.facts.offers, TABLES["offers"].key).sort_values("offer_id").to_dict("records")
    return tuple(
        shape.Offer(
            offer_id=row["offer_id"], name=row["name"], description=_text(row["description"]),
            valid_from=date(row["valid_from"]), valid_to=date(row["valid_to"]),
            stages=_names(row["stages"]), segments=_names(row["segments"]),
        )
        for row in rows
    )  # fmt: skip


def _proposal(day: Day, who: _People) -> shape.Proposal | None:
    """Read the proposal that lies in the home, if any; one that cannot be read says why and hides nothing else."""
    file = day.home.path / defining.PROPOSED
    if not file.exists():
        return None
    try:
        made = defining.compare(day.definitions, file, day.facts, day.as_of)
    except DefinitionsError as error:
        return shape.Proposal(file=file.name, refused=str(error))
    return shape.Proposal(
        file=file.name,
        differences=tuple(
            shape.Difference(field=d.field, now=d.now, proposed=d.proposed) for d in made.found.differences
        ),
        moves=tuple(_move(move, who) for move in made.found.moves),
        stale=made.found.stale,
        open_now=made.open_now,
        open_then=made.open_then,
    )


def _move(move: Move, who: _People) -> shape.Move:
    return shape.Move(
        term=move.term, before=move.before, after=move.after, comes=move.comes, leaves=move.leaves,
        coming=who.all(move.coming), leaving=who.all(move.leaving),
    )  # fmt: skip


def _text(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)


def _names(value: Any) -> str | None:
    """Write names kept with commas between them with a space after each."""
    return None if pd.isna(value) else ", ".join(part.strip() for part in str(value).split(",") if part.strip())
