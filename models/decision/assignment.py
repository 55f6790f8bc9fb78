"""The integer program behind the lists, and its exact solution for many thousand prospects in seconds.

    maximise    sum of gain[p] x[p, o]
    such that   each prospect p at most one salesperson o, and only one who may be given it
                each salesperson o at most `places[o]` prospects
                each account, and each person, at most one prospect

x is 0 or 1. Without people who belong to several accounts this is a transportation problem, whose relaxation has a
whole solution (Hoffman and Kruskal 1956); otherwise HiGHS branches (Huangfu and Hall 2018, by `scipy.optimize`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import LinearConstraint, linprog, milp
from scipy.sparse import csr_array

from models.decision.errors import DecisionError
from models.measures.ranking import Floats, Ints

Mask = npt.NDArray[np.bool_]
NOBODY: Final = -1
_SCALE: Final = 1_000.0
"""The largest gain as the solver sees it, so that its tolerance of 1e-7 is small beside a difference of values."""
_SLACK: Final = 1e-6


@dataclass(frozen=True)
class Candidates:
    """Prospects that could be called today, **best first**: the order decides between equal weights.

    Attributes
    ----------
    weight : float array, shape (n,)
        Finite, not below 0, not rising.
    kind : int array, shape (n,)
        Row of the table of who may be given it.
    account, person : int array, shape (n,)
        A code from 0; -1: none, and then no constraint.
    """

    weight: Floats
    kind: Ints
    account: Ints
    person: Ints

    def take(self, rows: Ints) -> Candidates:
        """Return the candidates of these rows, in this order."""
        return Candidates(self.weight[rows], self.kind[rows], self.account[rows], self.person[rows])

    def tied_to(self, called: Mask) -> Mask:
        """Say who has the account or the person of somebody who is called; the called ones themselves have."""
        out = np.zeros(len(called), dtype=np.bool_)
        for codes in (self.account, self.person):
            out |= (codes >= 0) & np.isin(codes, codes[called])
        return out


def anybody(may: Mask) -> Mask:
    """Say for each kind whether anybody may be given it."""
    out: Mask = may.max(axis=1, initial=False)
    return out


def undominated(candidates: Candidates) -> Ints:
    """Return the rows that can be in a best list at all: of candidates who can stand in for each other the first.

    Two of one kind and one account can, unless one of them is a person who belongs to a second account as well.
    """
    frame = pd.DataFrame(
        {"kind": candidates.kind, "account": candidates.account, "person": candidates.person}
    )  # fmt: skip
    inside = frame.groupby("person")["account"].transform("nunique").eq(1) & frame["account"].ge(0)
    frame["person"] = frame["person"].mask(inside, NOBODY)
    tied = frame["account"].ge(0) | frame["person"].ge(0)
    return np.flatnonzero(~(tied & frame.duplicated()))


def best(candidates: Candidates, may: Mask, places: Ints) -> Ints:
    """Return the column of `may` of each candidate in an assignment of greatest total, -1 for those left out.

    The program is solved for the first candidates of each kind. Its prices of places, accounts and persons bound what
    each other candidate could add (column generation, Gilmore and Gomory 1961): who could add something joins, until
    nobody is left. Where the solution is not whole, all who lie within its distance to the whole one join as well.

    Parameters
    ----------
    may : bool array, shape (n_kinds, n_owners)
    places : int array, shape (n_owners,)
    """
    gain = candidates.weight / max(candidates.weight.max(initial=0), np.finfo(np.float64).tiny) * _SCALE
    step = np.maximum(may @ places, 1)[candidates.kind]
    inside = _first(np.ones(len(gain), dtype=np.bool_), candidates.kind, step)
    while True:
        rows = np.flatnonzero(inside)
        program = _Program(candidates, gain, may=may, places=places, rows=rows)
        x, price = program.relaxed()
        missing = ~inside & (gain - price > _SLACK)
        if missing.any():
            inside |= _first(missing, candidates.kind, step)
            continue
        if np.abs(x - x.round()).max(initial=0) > _SLACK:
            whole = program.whole()
            missing = ~inside & (gain - price >= program.total(whole) - program.total(x) - _SLACK)
            if missing.any():
                inside |= missing
                continue
            x = whole
        return program.owner_of(x)


def _first(which: Mask, kind: Ints, most: Ints) -> Mask:
    """Keep of each kind the first `most` that are marked."""
    count = pd.Series(which).groupby(kind).cumsum().to_numpy()
    out: Mask = which & (count <= most)
    return out


@dataclass(frozen=True)
class _Program:
    """The program of some of the candidates (`rows`); a variable is a pair of a candidate and who may be given it."""

    candidates: Candidates
    gain: Floats
    may: Mask
    places: Ints
    rows: Ints

    @cached_property
    def pairs(self) -> tuple[Ints, Ints]:
        """Candidate and salesperson of each variable."""
        pair, owner = np.nonzero(self.may[self.candidates.kind[self.rows]])
        return self.rows[pair], owner

    @cached_property
    def limits(self) -> tuple[csr_array, Floats, Ints]:
        """Matrix, upper bounds and numbers of the constraints that can bind.

        Numbers count all constraints: one per salesperson, then per candidate, per account, per person.
        """
        row, owner = self.pairs
        variable = np.arange(len(row))
        parts, most, offset = [(variable, owner)], [self.places.astype(np.float64)], len(self.places)
        for codes in (np.arange(len(self.gain)), self.candidates.account, self.candidates.person):
            used = codes[row] >= 0
            parts.append((variable[used], codes[row[used]] + offset))
            most.append(np.ones(int(codes.max(initial=NOBODY)) + 1))
            offset += len(most[-1])
        column, constraint = (np.concatenate(part) for part in zip(*parts, strict=True))
        bound = np.concatenate(most)
        binds = np.bincount(constraint, minlength=offset) > bound
        place = np.cumsum(binds) - 1
        kept = binds[constraint]
        shape = (int(binds.sum()), len(row))
        matrix = csr_array((np.ones(int(kept.sum())), (place[constraint[kept]], column[kept])), shape=shape)
        return matrix, bound[binds], np.flatnonzero(binds)

    def relaxed(self) -> tuple[Floats, Floats]:
        """Return the best x between 0 and 1, and for every candidate the gain from which on it could add something."""
        matrix, most, numbers = self.limits
        owners, n = len(self.places), len(self.gain)
        duals = np.zeros(owners + n + self._codes(self.candidates.account) + self._codes(self.candidates.person))
        gain = self.gain[self.pairs[0]]
        found = linprog(-gain, A_ub=matrix, b_ub=most, bounds=(0, 1), method="highs-ds") if len(gain) else None
        if found is not None:
            duals[numbers] = -_solved(found).ineqlin.marginals
        place = np.where(self.may, duals[:owners], np.inf).min(axis=1, initial=np.inf)[self.candidates.kind]
        account = np.append(duals[owners + n :][: self._codes(self.candidates.account)], 0.0)
        person = np.append(duals[len(duals) - self._codes(self.candidates.person) :], 0.0)
        # a code of -1 reads the 0 that stands last
        price = place + account[self.candidates.account] + person[self.candidates.person]
        return (np.zeros(0) if found is None else found.x), price

    def whole(self) -> Floats:
        """Return the best x of zeros and ones."""
        matrix, most, _ = self.limits
        gain = self.gain[self.pairs[0]]
        limits, options = LinearConstraint(matrix, ub=most), {"mip_rel_gap": 0.0}
        found = _solved(milp(-gain, integrality=np.ones(len(gain)), bounds=(0, 1), constraints=limits, options=options))
        x: Floats = found.x.round()
        return x

    def total(self, x: Floats) -> float:
        """Return the total gain of a solution."""
        return float(self.gain[self.pairs[0]] @ x)

    def owner_of(self, x: Floats) -> Ints:
        """Return the salesperson of every candidate in a solution, -1 where there is none."""
        row, owner = self.pairs
        out = np.full(len(self.gain), NOBODY, dtype=np.int64)
        chosen = x > 0.5
        out[row[chosen]] = owner[chosen]
        return out

    @staticmethod
    def _codes(codes: Ints) -> int:
        return int(codes.max(initial=NOBODY)) + 1


def _solved(found: Any) -> Any:
    if not found.success:
        raise DecisionError(f"the lists could not be solved: {found.message} Please report this day's candidates.")
    return found
