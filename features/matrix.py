"""From facts and a catalogue to the matrix that models see: one row per snapshot, one column per feature.

`build` is the single implementation: training batches, the daily run and the real-time API call it with different
keys. A row depends on the facts visible at its own `as_of` and on nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.algebra.declaration import Declaration
from features.algebra.filling import Filled, blocks, category
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
    texts = {d.name: next(iter(d.term.slots())) for d in catalog.declarations if d.is_category}
    numbers = [d for d in catalog.declarations if not d.is_category]
    values = np.empty((len(numbers), len(keys)), dtype=np.float32)
    codes = {name: np.empty(len(keys), dtype=np.int64) for name in texts}
    levels: dict[str, pd.Index] = dict.fromkeys(texts, pd.Index([], dtype="str"))
    for rows, filled in blocks(facts, keys, slots, engine=engine):
        for column, declaration in zip(values, numbers, strict=True):
            column[rows] = _number(declaration, filled)
        for name, slot in texts.items():
            codes[name][rows] = filled[slot.events.stream].codes(slot)
            levels[name] = filled[slot.events.stream].levels(slot)
    frame = pd.DataFrame(values.T, index=keys.index, columns=[d.name for d in numbers], copy=False)
    for place, declaration in enumerate(catalog.declarations):
        if (name := declaration.name) in texts:
            frame.insert(place, name, category(codes[name], levels[name]))
    return Matrix(keys, frame)


def _number(declaration: Declaration, filled: dict[str, Filled]) -> npt.NDArray[np.float32]:
    def number(slot: Slot) -> Column:
        return filled[slot.events.stream].number(slot)

    with np.errstate(over="ignore"):
        return declaration.term.value(number).astype(np.float32)
