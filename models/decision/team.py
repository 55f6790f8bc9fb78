"""Who may call whom, and how many: salespeople, their capacity, and the kinds of prospects that they may be given.

An owned prospect goes to its owner only. One without an owner goes to anybody whose territories hold it; a salesperson
without territories may be given any. An owner's own prospect outside the owner's territories goes to nobody until one
of the two is corrected. Where no salesperson is known at all, the list is the team's common one (owner missing).

Salespeople are all owners of the day's cohort and all who are named by capacity, territories or absences. Somebody who
left the company and still owns prospects is one of them: capacity 0 says that they call nobody.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.facts.definitions import Definitions
from features.facts.ledger import Facts
from features.time.cohort import cohort as open_at
from models.decision.ownership import owners as owners_of
from models.decision.workdays import working
from models.heads.win import named_capacity
from models.measures.ranking import Ints

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Team:
    """Salespeople and the kinds of prospects, a kind being all that the same salespeople may be given.

    Attributes
    ----------
    owners : tuple of str or None, length m
        In ascending order; (None,) is the common pool.
    capacity : int array, shape (m,)
        Calls a day, not counting absences.
    calendar : bool array, shape (m, LOOK_AHEAD)
        Who works when, column 0 is the day of the list.
    may : bool array, shape (n_kinds, m)
        Who may be given a prospect of this kind on a day on which they work.
    """

    owners: tuple[str | None, ...]
    capacity: Ints
    calendar: Mask
    may: Mask

    @property
    def places(self) -> Ints:
        """Calls that each salesperson makes today: the capacity, 0 for those who do not work."""
        return np.where(self.calendar[:, 0], self.capacity, 0)

    @property
    def may_today(self) -> Mask:
        """Who can be given a prospect of each kind today, shape (n_kinds, m)."""
        return self.may & (self.places > 0)[None, :]

    def names(self, kind: int) -> str:
        """Say who may be given prospects of this kind: "kim", "kim or lee", "any of 7 salespeople", "the team"."""
        who = [o for o, allowed in zip(self.owners, self.may[kind], strict=True) if allowed]
        if len(who) > 3:
            return f"any of {len(who)} salespeople"
        return "the team" if who == [None] else " or ".join(map(str, who))


def team_capacity(facts: Facts, as_of: pd.Timestamp, *, definitions: Definitions) -> int:
    """Answer how many calls the whole team makes on a day: at this depth lists are judged.

    Parameters
    ----------
    facts : Facts
        Only those visible at `as_of` (`recorded_at < as_of`) are used.

    Returns
    -------
    int
        The capacities of all who own open prospects, by name or by default; where nobody owns some of them, of the
        others who are named too, for they may be given these; where no salesperson is known, the default once. Where
        nobody is open, that of all who are named. At least 1; absences do not count.
    """
    seen = facts.visible(as_of)
    owned = owners_of(seen).reindex(open_at(seen, as_of, definitions=definitions)["prospect_id"])
    if owned.empty:
        return named_capacity(definitions)
    named = _named(definitions) if owned.isna().any() else set()
    people: list[str | None] = [*named.union(owned.dropna())] or [None]
    return max(1, sum(definitions.capacity.of(who) for who in people))


def team_of(cohort: pd.DataFrame, day: dt.date, definitions: Definitions) -> tuple[Team, Ints]:
    """Answer who is in the team and which kind each prospect is of.

    Parameters
    ----------
    cohort : DataFrame, shape (n, ...)
        `owner_id`, `territory`; either may be missing.

    Returns
    -------
    Team
    int array, shape (n,)
        The kind of each prospect: a row of `Team.may`.
    """
    owners: tuple[str | None, ...] = tuple(sorted(_named(definitions) | set(cohort["owner_id"].dropna()))) or (None,)
    pairs = cohort[["owner_id", "territory"]].astype("object").fillna("")
    pair = pairs.groupby(["owner_id", "territory"]).ngroup().to_numpy(np.int64)
    distinct = pairs.drop_duplicates().sort_values(["owner_id", "territory"])
    each = [_may(owner, where, owners, definitions) for owner, where in distinct.to_numpy()]
    may, kind = np.unique(np.array(each, dtype=np.bool_).reshape(-1, len(owners)), axis=0, return_inverse=True)
    capacity = np.array([definitions.capacity.of(owner) for owner in owners], dtype=np.int64)
    return Team(owners, capacity, working(owners, day, definitions), may), kind.ravel()[pair].astype(np.int64)


def _named(definitions: Definitions) -> set[str]:
    """Return everybody whom capacity, territories or absences name."""
    return {*definitions.capacity.owners, *definitions.territories, *definitions.away}


def _may(owner: str, territory: str, owners: tuple[str | None, ...], definitions: Definitions) -> list[bool]:
    """Return who may be given a prospect of this owner and territory, "" standing for not known."""
    allowed: list[bool] = []
    for who in owners:
        within = who is None or who not in definitions.territories or territory in definitions.territories[who]
        # nothing says that an owned prospect of unknown territory lies outside the owner's
        allowed.append(who == owner and (within or not territory) if owner else within)
    return allowed


def no_salesperson(owner: Any, territory: Any) -> str:
    """Say why a prospect can be given to nobody."""
    where = f"territory {territory}" if pd.notna(territory) else "an unknown territory"
    if pd.notna(owner):
        return f"{owner} owns it, but {where} is not one of {owner}'s: change the owner or the territories"
    return f"nobody owns it and no salesperson may be given prospects of {where}"
