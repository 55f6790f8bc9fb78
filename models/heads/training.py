"""What a rung is fitted on: labelled snapshots of one period, and the prospects they belong to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.heads.encoding import Encoded, Encoding
from models.measures.ranking import Floats, Ints
from models.measures.splits import Mask


@dataclass(frozen=True)
class Training:
    """Labelled snapshots; the same rows in every attribute.

    Attributes
    ----------
    values : DataFrame, shape (n_rows, n_features)
        Features, as in a matrix.
    label : float array, shape (n_rows,)
        1.0 won within H, 0.0 not; never missing.
    as_of : int array, shape (n_rows,)
        Microseconds since 1970, UTC.
    who : int array, shape (n_rows,)
        One number per prospect.
    horizon : int
        H in microseconds.
    """

    values: pd.DataFrame
    label: Floats
    as_of: Ints
    who: Ints
    encoding: Encoding
    horizon: int
    seed: int = 7
    threads: int = 2

    @classmethod
    def of(
        cls, values: pd.DataFrame, label: npt.ArrayLike, *, keys: pd.DataFrame, encoding: Encoding,
        horizon: pd.Timedelta, seed: int = 7, threads: int = 2,
    ) -> Training:  # fmt: skip
        """Join a feature table, its labels and its keys (prospect_id, as_of in UTC)."""
        return cls(
            values,
            np.asarray(label, dtype=np.float64),
            keys["as_of"].to_numpy(dtype="datetime64[us]").astype(np.int64),
            pd.factorize(keys["prospect_id"], sort=True)[0].astype(np.int64),
            encoding,
            int(horizon / pd.Timedelta(microseconds=1)),
            seed=seed,
            threads=threads,
        )

    def take(self, rows: Mask) -> Training:
        """Keep some rows."""
        return replace(
            self,
            values=self.values.loc[rows],
            label=self.label[rows],
            as_of=self.as_of[rows],
            who=self.who[rows],
        )

    @cached_property
    def x(self) -> Encoded:
        """The features as numbers, float32, shape (n_rows, n_features)."""
        return self.encoding.apply(self.values)

    @cached_property
    def winners(self) -> Ints:
        """Prospects that won within H of one of their snapshots."""
        return np.unique(self.who[self.label == 1.0])

    @property
    def wins(self) -> int:
        """Number of winning prospects: the size of the evidence, whatever the number of snapshots."""
        return len(self.winners)

    @cached_property
    def weight(self) -> Floats:
        """Weight of each row such that every prospect counts once, shape (n_rows,)."""
        return 1.0 / np.bincount(self.who)[self.who]

    def folds(self, n: int) -> Ints:
        """Return fold numbers 0 to n - 1 such that a prospect is in one fold and winners are spread evenly."""
        people = np.random.default_rng(self.seed).permutation(np.unique(self.who))
        won = np.isin(people, self.winners)
        dealt = np.concatenate([people[won], people[~won]])
        fold = np.zeros(int(self.who.max()) + 1, dtype=np.int64)
        fold[dealt] = np.arange(len(dealt)) % n
        return fold[self.who]
