"""Who is kept off the list by others only: by their account, or because the day has only so many calls."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from models.decision.assignment import NOBODY, Candidates, anybody
from models.decision.exploration import EXPERIMENT, VALUE, Drawn
from models.decision.obstacles import Day
from models.decision.team import Team
from models.decision.worth import amount_of
from models.measures.ranking import Ints


def waiting(free: pd.DataFrame, candidates: Candidates, *, drawn: Drawn, team: Team, day: Day) -> pd.DataFrame:
    """Answer for every candidate who is not called which others stand in the way.

    Parameters
    ----------
    free : DataFrame, shape (n, ...), index 0 to n - 1, best first
        `prospect_id`, `owner_id`, `value`, `in_money`, `moved`, `by_value` (bool: was on a list before places were
        drawn).
    candidates : Candidates, shape (n,)
        The same, as they were allocated.

    Returns
    -------
    DataFrame, shape (n - called, 5), by index of `free`
        `prospect_id`, `owner_id`, `reason` ("account_called" or "no_capacity"), `words`, `until`.
    """
    off = np.flatnonzero(drawn.owner == NOBODY)
    words = np.full(len(free), "", dtype="object")
    for k in np.unique(candidates.kind[off]):
        rows = off[candidates.kind[off] == k]
        words[rows] = _ranks(free, rows, candidates, drawn=drawn, team=team, day=day)
    wait = np.ones(len(free), dtype=np.int64)
    tied = np.zeros(len(free), dtype=np.bool_)
    rules = day.definitions
    for codes, gap, what in (
        (candidates.person, rules.minimum_gap_days, "the same person is asked"),
        (candidates.account, rules.minimum_gap_account_days, "the same account is called"),
    ):
        by = _called(codes, drawn.owner)[off]
        rows = off[by >= 0]
        tied[rows], wait[rows] = True, gap + 1
        words[rows] = [f"{what} today for prospect {p}" for p in free["prospect_id"].to_numpy()[by[by >= 0]]]
    closed = ~anybody(team.may_today)[candidates.kind] & ~tied
    until = day.until(wait, candidates.kind, team).mask(closed)
    reason = np.where(tied, "account_called", "no_capacity")
    out = free[["prospect_id", "owner_id"]].assign(reason=reason, words=words, until=until.to_numpy())
    return out.iloc[off].astype({"reason": "str", "words": "str"})


def _called(codes: Ints, owner: Ints) -> Ints:
    """Return for each candidate the row of the called one with the same code, -1 where there is none."""
    called = np.flatnonzero((owner >= 0) & (codes >= 0))
    holder = np.full(int(codes.max(initial=NOBODY)) + 2, NOBODY, dtype=np.int64)
    holder[codes[called]] = called
    return holder[codes]


def _ranks(
    free: pd.DataFrame, rows: Ints, candidates: Candidates, *, drawn: Drawn, team: Team, day: Day
) -> list[str]:  # fmt: skip
    """Say for candidates of one kind where they stand, and what the last one listed by value is worth."""
    kind = int(candidates.kind[rows[0]])
    may = team.may_today
    if not may[kind].any():
        return [f"{team.names(kind)} has no calls to make: the day's capacity is 0"] * len(rows)
    rivals = anybody(may & may[kind])[candidates.kind]
    capacity, of = int(team.places[may[kind]].sum()), int(rivals.sum())
    taken = int(((drawn.how == EXPERIMENT) & may[kind][drawn.owner]).sum())
    room = f"the day's capacity of {capacity}" + (f" ({taken} for an experiment)" if taken else "")
    ahead = np.flatnonzero((drawn.how == VALUE) & may[kind][drawn.owner])
    against = _against(free, ahead[-1:], day)
    columns = (np.cumsum(rivals)[rows], *(free[name].to_numpy()[rows] for name in ("by_value", "value", "moved")))
    return [
        f"the place was drawn by chance today; by value it would have been called, rank {place} of {of}"
        if by_value
        else f"below {room}, rank {place} of {of}{against(value, moved)}"
        for place, by_value, value, moved in zip(*columns, strict=True)
    ]


def _against(free: pd.DataFrame, last: Ints, day: Day) -> Callable[[float, str], str]:
    """Return what compares a value with that of the last one listed; says nothing where there is only an order.

    The order is that of weights: where somebody of greater value waits, the words say what moved which of the two.
    """
    in_money = bool(free["in_money"].iloc[0])
    needed = float(free["value"].iloc[last[0]]) if len(last) else np.nan
    least = amount_of(needed, in_money, day.definitions)
    lifted = str(free["moved"].iloc[last[0]]) if len(last) else ""

    def said(value: float, moved: str) -> str:
        if np.isnan(value) or np.isnan(needed):
            return ""
        words = f": the last one listed is worth {least}, this one {amount_of(value, in_money, day.definitions)}"
        why = [w for w in (moved, lifted and f"the last one listed was {lifted}") if w]
        return f"{words} ({'; '.join(why)})" if value > needed and why else words

    return said
