"""Offers that were drawn by chance, with what was known of each person before, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.measures.policy import Logged, PolicyError
from models.measures.ranking import Floats, Ints, ratio

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Trial:
    """A randomised experiment with two or more arms.

    Attributes
    ----------
    values : DataFrame, shape (n_rows, n_features)
        What was known before the draw: numbers (missing NaN) and pandas categories.
    logged : Logged
        The arm drawn, its chance, the outcome, and rows of the same person.
    arms : tuple of str
        Their names; the first is what the others are compared with (the control).
    possible : bool array, shape (n_rows, n_arms), optional
        Which arms could have been drawn in this row; by default all.

    Raises
    ------
    PolicyError
        Fewer than two arms, an arm beyond the names, shapes that differ, or a row whose arm was not possible.
    """

    values: pd.DataFrame
    logged: Logged
    arms: tuple[str, ...]
    possible: Mask | None = None

    def __post_init__(self) -> None:
        n, k = len(self.logged), len(self.arms)
        if k < 2 or len(set(self.arms)) != k:
            raise PolicyError(f"a trial compares two or more different arms; got {list(self.arms)}.")
        if len(self.values) != n:
            raise PolicyError(f"values: got {len(self.values)} rows for {n} decisions; expected one each.")
        if n and not 0 <= self.logged.arm.min() <= self.logged.arm.max() < k:
            raise PolicyError(f"arm: got numbers up to {self.logged.arm.max()}, expected 0 to {k - 1} for {self.arms}.")
        if self.possible is not None:
            if self.possible.shape != (n, k):
                raise PolicyError(f"possible: got shape {self.possible.shape}, expected ({n}, {k}).")
            if not self.possible[np.arange(n), self.logged.arm].all():
                row = int(np.flatnonzero(~self.possible[np.arange(n), self.logged.arm])[0])
                raise PolicyError(f"possible, row {row}: the arm that was drawn is marked as impossible.")

    def __len__(self) -> int:
        return len(self.logged)

    @property
    def could(self) -> Mask:
        """Which arms could have been drawn, shape (n_rows, n_arms)."""
        return np.ones((len(self), len(self.arms)), dtype=np.bool_) if self.possible is None else self.possible

    @property
    def who(self) -> Ints:
        """One number per person, 0 to n_people - 1, shape (n_rows,)."""
        if self.logged.who is None:
            return np.arange(len(self), dtype=np.int64)
        return np.unique(self.logged.who, return_inverse=True)[1].astype(np.int64)

    @property
    def binary(self) -> bool:
        """Whether the outcome is yes or no."""
        return bool(np.isin(self.logged.outcome, (0.0, 1.0)).all())

    def means(self) -> Floats:
        """Return the mean outcome of each arm, weighed by one over the chance, shape (n_arms,); NaN if never drawn."""
        weight = 1 / self.logged.propensity
        size = np.bincount(self.logged.arm, weights=weight, minlength=len(self.arms))
        total = np.bincount(self.logged.arm, weights=weight * self.logged.outcome, minlength=len(self.arms))
        return ratio(total.astype(np.float64), size.astype(np.float64))

    def take(self, rows: Mask | Ints) -> Trial:
        """Keep some rows, renumbered from 0."""
        possible = None if self.possible is None else self.possible[rows]
        values = self.values.iloc[np.flatnonzero(rows) if rows.dtype == np.bool_ else rows]
        return replace(self, values=values.reset_index(drop=True), logged=self.logged.take(rows), possible=possible)

    def folds(self, n: int, *, seed: int) -> Ints:
        """Return fold numbers 0 to n - 1, a person in one fold, the people of each arm spread evenly."""
        who, arm = self.who, self.logged.arm
        people = np.random.default_rng(seed).permutation(int(who.max()) + 1 if len(who) else 0)
        first = np.zeros(len(people), dtype=np.int64)
        first[who[::-1]] = arm[::-1]
        dealt = people[np.argsort(first[people], kind="stable")]
        fold = np.zeros(len(people), dtype=np.int64)
        fold[dealt] = np.arange(len(dealt)) % n
        return fold[who]
