"""Fair lists: every salesperson's expected value per call near the team's, by how the unowned prospects are dealt.

Whom the team calls stays the same, and how many each one calls; so does the total value. Only who gets which of the
listed prospects without an owner changes:

    minimise    t
    such that   |mean value of o's list - team's mean| <= t x team's mean, for every salesperson o
                every unowned prospect on one list of somebody who may be given it, every list as long as before
                t >= band

If the least t is above the band, the band cannot be held and is widened to it; that is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, hstack, vstack

from models.decision.assignment import NOBODY, Mask
from models.measures.ranking import Floats, Ints

NODES: Final = 500
"""Branches that the solver may look at; a count, not a time, so that the same day gives the same lists."""
NEAR: Final = 0.01
"""The least t is sought to within this share of itself."""


@dataclass(frozen=True)
class Fair:
    """The lists dealt anew, how far from the team's mean the farthest one is (share of that mean), and the words."""

    owner: Ints
    spread: float
    words: str


def deal_fairly(owner: Ints, value: Floats, *, unowned: Mask, may: Mask, band: float) -> Fair:
    """Deal the listed prospects without an owner so that every list lies within the band, or as near as can be.

    Parameters
    ----------
    owner : int array, shape (n,)
        Column of `may` for each listed prospect; nobody is -1 here.
    value : float array, shape (n,)
        Expected value of each call; NaN: there is only an order, and nothing to be fair about.
    unowned : bool array, shape (n,)
        Prospects that may change hands.
    may : bool array, shape (n, n_owners)
        Who can be given each of them today.
    band : float
        Share of the team's mean.
    """
    if not len(owner) or np.isnan(value).any() or not value.sum() > 0:
        return Fair(owner, float("nan"), "no values are known to be fair about: prospects are dealt as they come")
    owners = may.shape[1]
    if spread(owner, value, owners) > band:
        owner = _swap(owner, value, unowned=unowned, may=may, band=band)
    if spread(owner, value, owners) > band:
        solved = _deal(owner, value, unowned=unowned, may=may, band=band)
        owner = min(owner, solved, key=lambda lists: spread(lists, value, owners))
    after = spread(owner, value, owners)
    # a solver's answer on the edge of the band is inside it
    return Fair(owner, after, _within(after, band) if after <= band * (1 + 1e-6) else _beyond(after, band))


def spread(owner: Ints, value: Floats, owners: int) -> float:
    """Return the largest distance of a list's mean from the team's, as a share of the team's."""
    calls = np.bincount(owner, minlength=owners)
    means = np.bincount(owner, value, minlength=owners)[calls > 0] / calls[calls > 0]
    return float(np.abs(means / value.mean() - 1).max())


def _swap(owner: Ints, value: Floats, *, unowned: Mask, may: Mask, band: float) -> Ints:
    """Exchange prospects between the farthest list and the others while that helps; stop as soon as the band holds.

    Seldom the least spread, but mostly within the band long before the program would be solved.
    """
    owner, owners = owner.copy(), may.shape[1]
    calls = np.maximum(np.bincount(owner, minlength=owners), 1)
    loose = np.flatnonzero(unowned)
    while spread(owner, value, owners) > band:
        far = np.bincount(owner, value - value.mean(), minlength=owners) / calls
        worst = int(np.abs(far).argmax())
        mine, others = loose[owner[loose] == worst], loose[owner[loose] != worst]
        more = value[others][None, :] - value[mine][:, None]
        theirs = owner[others]
        change = (far[worst] + more / calls[worst]) ** 2 - far[worst] ** 2
        change += (far[theirs] - more / calls[theirs]) ** 2 - far[theirs] ** 2
        change[~(may[others, worst][None, :] & may[mine][:, theirs])] = np.inf
        if change.min(initial=0.0) >= -1e-12 * value.mean() ** 2:
            break
        one, other = np.unravel_index(change.argmin(), change.shape)
        owner[mine[one]], owner[others[other]] = theirs[other], worst
    return owner


def _deal(owner: Ints, value: Floats, *, unowned: Mask, may: Mask, band: float) -> Ints:
    owners, mean = may.shape[1], value.mean()
    calls = np.bincount(owner, minlength=owners)
    loose = np.flatnonzero(unowned)
    pair, to = np.nonzero(may[loose] & (calls > 0)[None, :])
    n = len(pair)
    one = csr_array((np.ones(n), (pair, np.arange(n))), shape=(len(loose), n))
    length = csr_array((np.ones(n), (to, np.arange(n))), shape=(owners, n))
    worth = csr_array((value[loose[pair]] / mean, (to, np.arange(n))), shape=(owners, n))
    fixed = np.bincount(owner[~unowned], value[~unowned], minlength=owners) / mean
    room = csr_array(calls[:, None].astype(np.float64))
    none = csr_array((len(loose) + owners, 1))
    matrix = vstack([hstack([vstack([one, length]), none]), hstack([worth, -room]), hstack([worth, room])])
    exact = np.append(np.ones(len(loose)), np.bincount(owner[loose], minlength=owners))
    low = np.concatenate([exact, np.full(owners, -np.inf), calls - fixed])
    high = np.concatenate([exact, calls - fixed, np.full(owners, np.inf)])
    found = milp(
        np.append(np.zeros(n), 1.0),
        integrality=np.append(np.ones(n), 0),
        bounds=Bounds(np.append(np.zeros(n), band), np.append(np.ones(n), np.inf)),
        constraints=LinearConstraint(matrix, low, high),
        options={"node_limit": NODES, "mip_rel_gap": NEAR},
    )
    return _dealt(found, owner, loose[pair], to)


def _dealt(found: Any, owner: Ints, row: Ints, to: Ints) -> Ints:
    """Return who calls whom in a solution; as before where the solver found none within its branches."""
    if found.x is None:
        return owner
    chosen = found.x[:-1] > 0.5
    out = owner.copy()
    out[row] = NOBODY
    out[row[chosen]] = to[chosen]
    return out


def _within(after: float, band: float) -> str:
    return f"every salesperson's expected value per call is within {after:.0%} of the team's (the band is {band:.0%})"


def _beyond(after: float, band: float) -> str:
    return (
        f"the unowned prospects on the lists cannot bring every salesperson within {band:.0%} of the team's expected "
        f"value per call; the band was widened to {after:.0%}, the least that was found"
    )
