"""Spells divided into periods: the rows that a discrete-time hazard is learned from, and their columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from features.time.spells import OPEN, WON
from models.heads.encoding import Encoding
from models.measures.ranking import Floats, Ints
from models.measures.splits import Mask

EDGES: Final = (0, 7, 14, 21, 30, 45, 60, 75, 90)
"""Days after `as_of` at which a period ends and the next starts; `[start, end)`."""
STARTS: Final = np.array(EDGES[:-1])
LEAST_WATCHED: Final = 20
"""Snapshots that must have been at risk in a period for its hazard to be said."""
AGE: Final = "prospect_age_days"
AGES: Final = (0, 7, 14, 21, 30, 45, 60, 90, 120, 180, 270, 365, 730, np.inf)
"""Bounds, in days, of the age at the start of a period: the one fact of later days that is known today. Deals that take
two months to be signed are signed at an age, not at a distance from the day on which somebody looks."""
_PERIOD: Final = ("period", "period_start_days", "period_age")


@dataclass(frozen=True)
class Periods:
    """One row for each snapshot and period at risk: position of the snapshot, period, and how it ended (0/1)."""

    row: Ints
    period: Ints
    won: Floats
    over: Floats

    @classmethod
    def of(cls, spells: pd.DataFrame) -> Periods:
        """Divide spells (`features.time.spells`) into periods.

        A period counts where the snapshot was watched from its start (`from_days`) and would have been until its end
        (`until_days`), whether or not it ended within. To keep a half-watched period only where the win fell into
        the watched half would make wins look likelier than they are.
        """
        days, end = spells["days"].to_numpy()[:, None], spells["end"].to_numpy().astype(object)[:, None]
        stop = np.array(EDGES[1:])
        row, period = np.nonzero(watched(spells) & (days >= STARTS))
        inside = (days[row, 0] < stop[period]) & (end[row, 0] != OPEN)
        won = inside & (end[row, 0] == WON)
        return cls(row, period, won.astype(np.float64), (inside & ~won).astype(np.float64))

    @property
    def at_risk(self) -> tuple[int, ...]:
        """Rows of each period."""
        return tuple(map(int, np.bincount(self.period, minlength=len(STARTS))))

    def rates(self, label: Floats, among: Mask) -> tuple[float, ...]:
        """Return the share of each period's rows that ended so, 0 where there is no row."""
        at_risk = np.bincount(self.period[among], minlength=len(STARTS))
        ended = np.bincount(self.period[among], weights=label[among], minlength=len(STARTS))
        return tuple(map(float, ended / np.maximum(at_risk, 1)))


def watched(spells: pd.DataFrame) -> Mask:
    """Say which periods of each snapshot were watched whole, or would have been, shape (n_rows, n_periods)."""
    begun = spells["from_days"].to_numpy()[:, None] <= STARTS
    whole: Mask = begun & (spells["until_days"].to_numpy()[:, None] >= np.array(EDGES[1:]))
    return whole


def varies(values: pd.DataFrame) -> list[bool]:
    """Say which columns take more than one value (missing is one): the others cost time and teach nothing."""
    return [column.nunique(dropna=False) > 1 or name == AGE for name, column in values.items()]


def known_columns(values: pd.DataFrame, encoding: Encoding) -> pd.DataFrame:
    """Keep the columns of the fit; what is missing is told by the encoding."""
    return values[[name for name in encoding.features if name in values.columns]]


def period_table(values: pd.DataFrame, row: Ints, period: Ints) -> pd.DataFrame:
    """Return one row of features for each snapshot and period; the period as a level and as a number of days."""
    table = values.iloc[row].reset_index(drop=True)
    names = [str(start) for start in STARTS]
    table[_PERIOD[0]] = pd.Categorical.from_codes(period, categories=names)
    table[_PERIOD[1]] = STARTS[period].astype(np.float32)
    if AGE in values.columns:
        age = values[AGE].to_numpy()[row] + STARTS[period]
        table[_PERIOD[2]] = pd.cut(age, AGES, right=False, labels=[f"{a:g}" for a in AGES[:-1]], ordered=False)
    return table
