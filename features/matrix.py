"""From facts and a catalogue to the matrix that models see: one row per snapshot, one column per feature.

`build` is the single implementation: training batches, the daily run and the real-time API call it with different
keys. A row depends on the facts visible at its own `as_of` and on nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.algebra.declaration import Declaration
from features.algebra.journeys import Filled, fill
from features.algebra.terms import Column, Slot
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
    slots = [slot for d in catalog.declarations for slot in d.term.slots()]
    filled = fill(facts, keys, slots, engine=engine)
    columns = {d.name: _column(d, filled) for d in catalog.declarations}
    return Matrix(keys, pd.DataFrame(columns, index=keys.index))


def _column(declaration: Declaration, filled: dict[str, Filled]) -> pd.Categorical | np.ndarray:
    def number(slot: Slot) -> Column:
        return filled[slot.events.stream].number(slot)

    if declaration.is_category:
        (slot,) = declaration.term.slots()
        return filled[slot.events.stream].category(slot)
    with np.errstate(over="ignore"):
        return declaration.term.value(number).astype(np.float32)
