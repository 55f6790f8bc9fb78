"""Places drawn by chance, so that the others are learned about, and prospects held out; both with known chances.

A list of c places has `exploration x c` places to draw, on average: the whole part always, the rest by a lottery (5 %
of 8 is 0.4: one place with chance 0.4). They are taken from the end of the list. Whoever stood there, and everybody
else whom this salesperson could be given, is drawn for them with equal chances.

Each prospect that could be drawn belongs to one salesperson's pool: an owned one to its owner's, one without an owner
to that of somebody who may be given it, dealt in turn. Only the first prospect of an account and of a person is in a
pool, and none whose account or person is on a list. So lotteries of different salespeople never touch, and the logged
`propensity` is exactly the chance, over all seeds, of being on the list that day (inclusion probability; Horvitz and
Thompson 1952), given the day's facts, who is held out, and whom an experiment lists: those are listed for sure, and no
lottery takes their place.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.decision.assignment import NOBODY, Candidates, Mask, anybody
from models.decision.team import Team
from models.measures.ranking import Floats, Ints

VALUE: Final = "value"
EXPLORATION: Final = "exploration"
EXPERIMENT: Final = "experiment"


@dataclass(frozen=True)
class Drawn:
    """The lists after the lotteries.

    Attributes
    ----------
    owner : int array, shape (n,)
        Who calls each candidate, -1: nobody.
    how : object array of str, shape (n,)
        "value", "exploration" or "experiment"; "" for those not called.
    propensity : float array, shape (n,)
        The chance of being called today; 0 for those who could not have been drawn.
    lotteries : DataFrame
        By salesperson (column of the team): `places`, `share` of a place left to the lottery, `drawn` places,
        `pool` (candidates for them).
    """

    owner: Ints
    how: npt.NDArray[np.object_]
    propensity: Floats
    lotteries: pd.DataFrame


def held_out(prospect_id: pd.Series[Any], share: float, seed: int) -> Mask:
    """Say who is never listed: a share of prospects by a hash of seed and id, the same on every day.

    Another seed holds out others: keep one seed for as long as the effect of the list is measured.
    """
    if share == 0:
        return np.zeros(len(prospect_id), dtype=np.bool_)
    return np.array([_uniform("hold-out", seed, who) < share for who in prospect_id], dtype=np.bool_)


def explore(
    owner: Ints, candidates: Candidates, team: Team, *, share: float, seed: int, day: dt.date, fixed: Mask | None = None
) -> Drawn:
    """Give the last places of each list to candidates drawn by chance.

    Parameters
    ----------
    owner : int array, shape (n,)
        Lists by value (`allocate`), candidates best first.
    share : float
        Of each list's places.
    seed : int
        Not below 0. A lottery depends on seed, day and the salesperson's name, not on who else is in the team.
    fixed : bool array, shape (n,), optional
        Of those on the lists, whom an experiment put there.
    """
    stays = np.zeros(len(owner), dtype=np.bool_) if fixed is None else fixed
    pools = _pools(owner, candidates, team.may_today)
    out = owner.copy()
    how = np.where(stays, EXPERIMENT, np.where(owner >= 0, VALUE, "")).astype("object")
    propensity = (owner >= 0).astype(np.float64)
    rows = []
    for who, (name, places) in enumerate(zip(team.owners, team.places, strict=True)):
        listed, taken = np.flatnonzero((owner == who) & ~stays), int(((owner == who) & stays).sum())
        lottery = _Lottery.of(listed, pools[who], places=int(places), taken=taken, share=share)
        rng = np.random.default_rng([seed, day.toordinal(), _number(name)])
        drawn = lottery.drawn + int(rng.random() < lottery.chance)
        pool = lottery.split(drawn)[1]
        out[pool], how[pool] = NOBODY, ""
        chosen = rng.permutation(pool)[:drawn]
        out[chosen] = who
        # where everybody is called, nothing was left to chance
        how[chosen] = EXPLORATION if len(pool) > drawn else VALUE
        propensity[lottery.all] = lottery.inclusion
        rows.append((name, int(places), lottery.chance, drawn, len(pool)))
    columns = ["owner_id", "places", "share", "drawn", "pool"]
    return Drawn(out, how, propensity, pd.DataFrame(rows, columns=columns))


@dataclass(frozen=True)
class _Lottery:
    """One list, best first, and those who could be drawn for its last places, best first; `places` not taken yet."""

    listed: Ints
    others: Ints
    places: int
    drawn: int
    chance: float

    @classmethod
    def of(cls, listed: Ints, others: Ints, *, places: int, taken: int, share: float) -> _Lottery:
        # 5 % of 20 is one place, also in floating point
        expected = min(round(places * share, 9), float(places - taken))
        return cls(listed, others, places - taken, int(expected), expected - int(expected))

    @property
    def all(self) -> Ints:
        return np.concatenate([self.listed, self.others])

    def split(self, drawn: int) -> tuple[Ints, Ints]:
        """Return whom value keeps on the list when so many places are drawn, and the pool for those."""
        kept = self.listed[: max(self.places - drawn, 0)]
        return kept, self.all[len(kept) :]

    @property
    def inclusion(self) -> Floats:
        """The chance of each of `all` to be called, over both results of the lottery of places."""
        out = np.zeros(len(self.listed) + len(self.others))
        for drawn, chance in ((self.drawn, 1 - self.chance), (self.drawn + 1, self.chance)):
            if chance > 0:
                kept, pool = self.split(drawn)
                out[: len(kept)] += chance
                out[len(kept) :] += chance * min(1.0, drawn / max(len(pool), 1))
        return out


def _pools(owner: Ints, candidates: Candidates, may: Mask) -> list[Ints]:
    """Return for each salesperson who is not listed and could be called by them, best first; no two tied."""
    free = (owner == NOBODY) & anybody(may)[candidates.kind]
    for codes in (candidates.account, candidates.person):
        busy = codes[(owner >= 0) & (codes >= 0)]
        free &= ~np.isin(codes, busy)
        tied = np.flatnonzero(free & (codes >= 0))
        free[tied] = False
        free[tied[np.unique(codes[tied], return_index=True)[1]]] = True
    rows = np.flatnonzero(free)
    whose = np.full(len(rows), NOBODY, dtype=np.int64)
    for kind in np.unique(candidates.kind[rows]):
        of_kind = candidates.kind[rows] == kind
        allowed = np.flatnonzero(may[kind])
        whose[of_kind] = allowed[np.arange(of_kind.sum()) % len(allowed)]
    return [rows[whose == who] for who in range(may.shape[1])]


def _number(*parts: object) -> int:
    """Return 64 bits that depend on the parts alone, on every machine."""
    return int.from_bytes(hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()[:8])


def _uniform(*parts: object) -> float:
    return _number(*parts) / 2.0**64
