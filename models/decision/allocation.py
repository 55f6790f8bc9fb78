"""Who calls whom: the lists of greatest total value, under everybody's capacity and one call per account and person.

`models.decision.assignment` has the program and its solution. Among lists of equal value the one is taken that leaves
no earlier candidate behind who could have had a later one's place.
"""

from __future__ import annotations

import numpy as np

from models.decision.assignment import NOBODY, Candidates, Mask, anybody, best, undominated
from models.decision.errors import DecisionError
from models.measures.ranking import Ints


def allocate(candidates: Candidates, may: Mask, places: Ints) -> Ints:
    """Answer which salesperson calls each candidate.

    Parameters
    ----------
    may : bool array, shape (n_kinds, n_owners)
        Who may be given a prospect of each kind.
    places : int array, shape (n_owners,)
        Calls that each can make today, 0 or more.

    Returns
    -------
    int array, shape (n,)
        Column of `may`, or -1: called by nobody today.

    Raises
    ------
    DecisionError
        Weights are negative, not finite or not in falling order.
    """
    weight = candidates.weight
    if not np.isfinite(weight).all() or (weight < 0).any() or (np.diff(weight) > 0).any():
        raise DecisionError("allocation: weights must be finite, not below 0 and in falling order; sort best first.")
    out = np.full(len(weight), NOBODY, dtype=np.int64)
    may = may & (places > 0)[None, :]
    rows = np.flatnonzero(anybody(may)[candidates.kind])
    rows = rows[undominated(candidates.take(rows))]
    if len(rows):
        few = candidates.take(rows)
        out[rows] = _settle(best(few, may, places), few, may, places=places)
    return out


def allocate_in_turn(candidates: Candidates, may: Mask, places: Ints, *, first: Mask) -> Ints:
    """Answer the same where some candidates have their places before all others (an experiment lists them).

    They share the places as any list does, by value; what they leave, places and accounts, is for the others.

    Parameters
    ----------
    first : bool array, shape (n,)
        None of them: the same as `allocate`.
    """
    out = np.full(len(first), NOBODY, dtype=np.int64)
    out[first] = allocate(candidates.take(np.flatnonzero(first)), may, places)
    left = places - np.bincount(out[out >= 0], minlength=len(places))
    others = np.flatnonzero(~first & ~candidates.tied_to(out >= 0))
    out[others] = allocate(candidates.take(others), may, left)
    return out


def _settle(owner: Ints, few: Candidates, may: Mask, *, places: Ints) -> Ints:
    """Fill places left empty, and let an earlier candidate take the place of a later one, until nobody can.

    The solver is blind to differences below its tolerance and to the order among equals, and has no reason to place a
    call of value 0. Each step puts an earlier candidate on a list, so that the total never falls and the steps end.
    """
    owner = owner.copy()
    left = places - np.bincount(owner[owner >= 0], minlength=len(places))
    moved = True
    while moved:
        moved = False
        for candidate in _hopeful(owner, left, few, may=may):
            moved |= _place(int(candidate), owner, left, few=few, whose=may[few.kind[candidate]])
    return owner


def _hopeful(owner: Ints, left: Ints, few: Candidates, *, may: Mask) -> Ints:
    """Return who waits, and may be given to a list that has a free place or a later candidate."""
    rows = np.arange(len(owner))
    last = np.full(len(left), -1, dtype=np.int64)
    np.maximum.at(last, owner[owner >= 0], rows[owner >= 0])
    end = np.where(left > 0, len(owner), last)
    reach = np.where(may, end[None, :], -1).max(axis=1)[few.kind]
    return np.flatnonzero((owner == NOBODY) & (rows < reach))


def _place(candidate: int, owner: Ints, left: Ints, *, few: Candidates, whose: Mask) -> bool:
    """Put one candidate on a list if that does no harm; change `owner` and `left`, and say whether it was done."""
    listed = np.flatnonzero(owner >= 0)
    tied = np.zeros(len(listed), dtype=np.bool_)
    for codes in (few.account, few.person):
        if codes[candidate] != NOBODY:
            tied |= codes[listed] == codes[candidate]
    free = np.flatnonzero(whose & (left > 0))
    if not tied.any() and len(free):
        owner[candidate] = free[0]
        left[free[0]] -= 1
        return True
    # the one call that stands in the way, or the last of all that could make room
    behind = listed[tied] if tied.any() else listed[whose[owner[listed]]][-1:]
    if len(behind) != 1 or behind[0] < candidate or not whose[owner[behind[0]]]:
        return False
    owner[candidate], owner[behind[0]] = owner[behind[0]], NOBODY
    return True
