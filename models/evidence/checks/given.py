"""What checks look at: a bundle, the snapshots it was made from, the champion, today's cohort, the facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from features.facts.ledger import Facts
from features.matrix import Matrix
from models.bundle import Bundle
from models.measures.ranking import Floats
from models.measures.splits import ForwardSplit, Mask

Rebuild = Callable[[Facts, pd.DataFrame], Matrix]
"""From facts and keys to features, as the training did it: `lambda facts, keys: build(facts, keys, catalog)`."""


@dataclass(frozen=True)
class Part:
    """Some labelled snapshots: features with keys, and labels 0.0 or 1.0."""

    matrix: Matrix
    label: Floats

    @property
    def wins(self) -> int:
        """Winning prospects: the size of the evidence, whatever the number of snapshots."""
        return int(self.matrix.keys["prospect_id"][self.label == 1.0].nunique())


@dataclass(frozen=True)
class Given:
    """Everything that a check may look at; what is None makes the checks that need it not applicable.

    Attributes
    ----------
    bundle : Bundle
        The model that is checked.
    matrix : Matrix
        The snapshots of the training grid.
    label : float array, shape (n_rows,)
        1.0 won within H, 0.0 not, NaN unlabelled; same rows as the matrix.
    capacity : int
        Calls that the team makes on a day.
    definitions_hash, catalog_hash : str
        `Definitions.meaning` and `Catalog.hash` of today, which the bundle's must equal.
    split : ForwardSplit or None
        The parts that the bundle was fitted, calibrated and tested on.
    champion : Bundle or None
        The model that scores at present.
    today : Matrix or None
        The cohort that is to be scored.
    facts : Facts or None
        What was known at the bundle's `trained_as_of`.
    rebuild : callable or None
        Computes features from facts and keys, see `Rebuild`.
    times_recorded : bool
        False where the source does not know when facts became known (`recorded_at: occurred_at`).
    """

    bundle: Bundle
    matrix: Matrix
    label: Floats
    capacity: int
    definitions_hash: str
    catalog_hash: str
    split: ForwardSplit | None = None
    champion: Bundle | None = None
    today: Matrix | None = None
    facts: Facts | None = None
    rebuild: Rebuild | None = None
    times_recorded: bool = True
    seed: int = 7
    threads: int = 1

    @property
    def horizon(self) -> pd.Timedelta:
        """H of the label's window `[as_of, as_of + H)`."""
        return pd.Timedelta(days=self.bundle.horizon_days)

    def part(self, rows: Mask) -> Part:
        """Keep some rows."""
        return Part(self.matrix.where(rows), self.label[rows])
