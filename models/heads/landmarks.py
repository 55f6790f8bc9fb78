"""Snapshots that are followed from then on, and their division into earlier and later ones without a gap.

A label "won within H" needs a gap of H between the parts of a forward split: for 90 days, half a year of history is
not enough. Spells need none. Each part is followed until the next one begins and censored there, as everything is
censored on the day of training:

    trial, followed until | held, followed until | test, followed until the end of the observation
    train = trial and held, followed until the test begins
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from features.catalog import Catalog
from features.errors import NotEnoughHistory, SchemaMismatch
from features.facts.ledger import Facts
from features.matrix import Matrix
from features.time.spells import OPEN, WON, spells
from models.heads.periods import EDGES
from models.measures.ranking import Floats
from models.measures.splits import Mask, forward_split
from models.measures.survival import Ends, longest

MOST: Final = 20_000
"""Snapshots of a part that are looked at; of more, so many are drawn, each alike, to stay like the cohorts."""
FIRST: Final = pd.Timedelta(days=EDGES[1])
TEST_SHARE: Final = 0.3
HELD_SHARE: Final = 0.2
"""Shares of newcomers; larger than for a label, because the first days of a part are followed longest."""


@dataclass(frozen=True)
class Landmarks:
    """Snapshots and what came after each; the same rows in every attribute (van Houwelingen, 2007, has the name).

    Attributes
    ----------
    values, keys : DataFrame
        Features, and prospect_id with as_of.
    spells : DataFrame
        `features.time.spells`, followed until one moment for all.
    """

    values: pd.DataFrame
    keys: pd.DataFrame
    spells: pd.DataFrame

    @property
    def won(self) -> Mask:
        """Rows that were won while they were followed."""
        won: Mask = (self.spells["end"] == WON).to_numpy()
        return won

    @property
    def winners(self) -> int:
        """Prospects that were won."""
        return int(self.keys["prospect_id"][self.won].nunique())

    @property
    def ends(self) -> Ends:
        """How the rows ended, for `models.measures.survival`."""
        over = ~self.won & (self.spells["end"] != OPEN).to_numpy()
        return Ends(self.spells["days"].to_numpy(), self.won, over)

    @property
    def times(self) -> tuple[float, ...]:
        """Ends of the periods to which enough rows are followed."""
        times = tuple(map(float, EDGES[1:]))
        return times[: longest(self.ends, times)]


@dataclass(frozen=True)
class Followed:
    """A matrix, the facts that say what came after, and when these are known; `seed` draws `MOST` of more rows."""

    matrix: Matrix
    facts: Facts
    since: pd.Timestamp | None
    until: pd.Timestamp
    seed: int

    def landmarks(self, rows: Mask, until: pd.Timestamp) -> Landmarks:
        """Follow some rows until a moment; those with less than a first period until then are left out."""
        found = np.flatnonzero(rows & (self.matrix.keys["as_of"] + FIRST <= until).to_numpy())
        drawn = np.sort(np.random.default_rng(self.seed).permutation(found)[:MOST])
        part = self.matrix.where(drawn)
        ends = spells(self.facts, part.keys, observed_from=self.since, observed_until=until)
        return Landmarks(part.values, part.keys, ends)

    def everything(self) -> Landmarks:
        """Follow the rows until the end of the observation."""
        return self.landmarks(np.ones(len(self.matrix), dtype=np.bool_), self.until)

    def first_periods(self) -> Floats:
        """Label every row by whether it was won in the first period; NaN where that was not watched whole."""
        ends = spells(self.facts, self.matrix.keys, observed_from=self.since, observed_until=self.until)
        won = (ends["end"] == WON) & (ends["days"] < EDGES[1])
        label: Floats = won.astype("float64").where(ends["until_days"] >= EDGES[1]).to_numpy()
        return label


@dataclass(frozen=True)
class Parts:
    """The parts of the forward split; `words` says their dates."""

    trial: Landmarks
    held: Landmarks
    train: Landmarks
    test: Landmarks
    words: str


def divide(followed: Followed) -> Parts:
    """Cut by newcomers, as `forward_split` does, the first period being its horizon.

    Raises
    ------
    NotEnoughHistory
        There are no three parts; the text says what there is.
    """
    keys, label = followed.matrix.keys, followed.first_periods()
    split = forward_split(keys, label, horizon=FIRST, test_share=TEST_SHARE, calibrate_share=HELD_SHARE, least_wins=0)
    if split.by_folds:
        raise NotEnoughHistory(f"no later snapshots to choose on ({split.words['train']}). Wait, or load more history.")
    later, last = keys["as_of"][split.calibrate].min(), keys["as_of"][split.test].min()
    before, between = (keys["as_of"] < later).to_numpy(), (keys["as_of"] < last).to_numpy()
    parts = (
        followed.landmarks(before, later), followed.landmarks(between & ~before, last),
        followed.landmarks(between, last), followed.landmarks(~between, followed.until),
    )  # fmt: skip
    words = (
        f"chosen on snapshots from {later.date()}, fitted on those before {last.date()} as known then, "
        f"measured on those from {last.date()}, followed until {followed.until.date()}"
    )
    return Parts(*parts, words)


def check_columns(matrix: Matrix, catalog: Catalog) -> None:
    """Refuse a matrix that was built with another catalogue.

    Raises
    ------
    SchemaMismatch
        A column is missing or not declared.
    """
    missing = [n for n in catalog.names if n not in matrix.values.columns]
    extra = [n for n in matrix.values.columns if n not in catalog.names]
    if missing or extra:
        raise SchemaMismatch(
            f"the matrix and the catalogue {catalog.hash} differ: missing {missing}, not declared {extra}. "
            "Build the matrix with this catalogue."
        )
