"""From facts and a catalogue to the matrix that models see: one row per snapshot, one column per feature.

`build` is the single implementation: training batches, the daily run and the real-time API call it with different
keys. A row depends on the facts visible at its own `as_of` and on nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.algebra.filling import Filling, Snapshots, category
from features.catalog import Catalog
from features.facts.ledger import Facts


@dataclass(frozen=True)
class Matrix:
    """Features as of moments.

    Attributes
    ----------
    keys : DataFrame, shape (n_snapshots, 2)
        prospect_id, as_of (UTC).
    values : DataFrame, shape (n_snapshots, n_features)
        float32, missing is NaN; categories as pandas categories of text. Same index as `keys`.
    """

    keys: pd.DataFrame
    values: pd.DataFrame

    def __len__(self) -> int:
        return len(self.keys)

    def where(self, rows: object) -> Matrix:
        """Keep the rows of a boolean mask or positions, renumbered from 0."""
        return Matrix(self.keys.loc[rows].reset_index(drop=True), self.values.loc[rows].reset_index(drop=True))


def build(facts: Facts, keys: pd.DataFrame, catalog: Catalog, *, engine: str = "numba") -> Matrix:
    """Compute every feature of the catalogue for every snapshot.

    Parameters
    ----------
    keys : DataFrame, shape (n_snapshots, 2)
        prospect_id and as_of, sorted by both, each pair once (as `features.time.cohort` returns them). A prospect
        without facts gets the row of somebody of whom nothing is known.
    engine : {"numba", "numpy"}
        The kernel or its plain second implementation.

    Returns
    -------
    Matrix
        Rows as in `keys`, columns in the catalogue's order.
    """
    keys = keys[["prospect_id", "as_of"]].reset_index(drop=True)
    filling = asked(facts, Snapshots.of(keys), catalog, engine=engine)
    numbers = [d.name for d in catalog.declarations if not d.is_category]
    values = np.empty((len(numbers), len(keys)), dtype=np.float32)
    codes = [np.empty(len(keys), dtype=np.int64) for _ in filling.levels]
    for filled in filling.blocks():
        values[:, filled.rows] = filled.numbers.T
        for column, part in zip(codes, filled.words, strict=True):
            column[filled.rows] = part
    frame = pd.DataFrame(values.T, index=keys.index, columns=numbers, copy=False)
    words = iter(zip(codes, filling.levels, strict=True))
    for place, declaration in enumerate(catalog.declarations):
        if declaration.is_category:
            frame.insert(place, declaration.name, category(*next(words)))
    return Matrix(keys, frame)


def asked(facts: Facts, snapshots: Snapshots, catalog: Catalog, *, engine: str = "numba") -> Filling:
    """Lay out a catalogue for some snapshots, to be read block by block without a matrix in memory.

    `Filled.numbers` has the features that are numbers and `Filled.words` the categories, both in the catalogue's order.
    """
    numbers = [d.term for d in catalog.declarations if not d.is_category]
    words = [next(iter(d.term.slots())) for d in catalog.declarations if d.is_category]
    return Filling(facts, snapshots, numbers=numbers, words=words, engine=engine)
