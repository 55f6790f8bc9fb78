"""How many wins a list would have had: two orders at the team's real capacity, on the same later snapshots.

On each snapshot day the first `calls` of the cohort are on the list. A prospect that was won counts as one win,
whatever the number of its snapshots: it counts by the share of the days before its win on which the list had it.
The interval is that of a bootstrap over prospects, on paired draws: both lists are asked about the same wins (Efron &
Tibshirani, 1993, ch. 13). The lists are those that the real cohorts would have had; what is drawn is who wins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.heads.encoding import Encoding
from models.heads.recency import fit_recency
from models.heads.training import Training
from models.measures.metrics import Gain, gain
from models.measures.ranking import Floats, Ints, Ranking

DRAWS = 1000


@dataclass(frozen=True)
class Compared:
    """Wins at capacity of one order against another.

    Attributes
    ----------
    won : int
        Winning prospects in all.
    new, old : float
        Those that the two lists had.
    low, high : float
        95 % interval of `new - old`.
    calls_all : bool
        No cohort is larger than the capacity: both lists hold everybody.
    """

    won: int
    new: float
    old: float
    low: float
    high: float
    calls_all: bool

    @property
    def value(self) -> float:
        """Wins that the new list has and the old one has not, net."""
        return self.new - self.old


def on_list(order: Floats, keys: pd.DataFrame, *, calls: int) -> Floats:
    """Return the share of each row that is on its day's list of the `calls` first, shape (n_rows,).

    Rows of equal order share the places that are left for them.
    """
    ranking = Ranking.of(order, np.zeros(len(order), dtype=np.bool_), day=_days(keys))
    size = np.diff(np.append(ranking.starts, len(order)))
    day_of = np.searchsorted(ranking.days, np.arange(len(size)), side="right") - 1
    before = ranking.starts - ranking.starts[ranking.days][day_of]
    share = np.clip(calls - before, 0, size) / size
    out = np.empty(len(order))
    out[ranking.rows] = np.repeat(share, size)
    return out


def compare(
    label: Floats, new: Floats, old: Floats, *, keys: pd.DataFrame, calls: int, seed: int, draws: int = DRAWS
) -> Compared:  # fmt: skip
    """Answer how many more wins a list by `new` would have had than one by `old`.

    Parameters
    ----------
    label, new, old : array, shape (n_rows,)
        0.0 or 1.0, and what the two lists are ordered by (falling).
    keys : DataFrame, shape (n_rows, 2)
        prospect_id (the unit of the draws) and as_of.
    calls : int
        Places on a day's list.
    """
    lists = np.stack([on_list(order, keys, calls=calls) for order in (new, old)])
    who, ids = pd.factorize(keys["prospect_id"])
    won = label == 1.0
    winners, of = np.unique(who[won], return_inverse=True)
    days = np.maximum(np.bincount(of, minlength=len(winners)), 1)
    had = np.stack([np.bincount(of, weights=one[won], minlength=len(winners)) / days for one in lists])
    more = had[0] - had[1]
    # only winners differ, so all others are drawn as one lump
    chance = np.append(np.full(len(winners), 1 / len(ids)), 1 - len(winners) / len(ids))
    counts = np.random.default_rng(seed).multinomial(len(ids), np.maximum(chance, 0.0), size=draws)
    low, high = np.quantile(counts[:, :-1] @ more, [0.025, 0.975])
    calls_all = int(np.bincount(pd.factorize(keys["as_of"])[0]).max()) <= calls
    return Compared(len(winners), float(had[0].sum()), float(had[1].sum()), float(low), float(high), calls_all)


def recency_order(values: pd.DataFrame, keys: pd.DataFrame) -> Floats:
    """Return the order of the lowest rung for these rows; no label is looked at."""
    nothing = np.zeros(len(values))
    training = Training.of(values, nothing, keys=keys, encoding=Encoding.fit(values), horizon=pd.Timedelta(0))
    return fit_recency(training).margin(values)


@dataclass(frozen=True)
class Loss:
    """One order loses to another: at capacity, and as a whole (AUC)."""

    capacity: Compared
    auc: Gain

    def words(self, name: str) -> str:
        """Say by how much the model loses to the order called `name`."""
        one = self.capacity
        lists = (
            f"the list of the model has {one.new:.1f} of {one.won} wins, that of {name} {one.old:.1f} "
            f"({one.value:+.1f} [{one.low:+.1f}, {one.high:+.1f}])"
        )
        order = f"AUC {self.auc.value:+.3f} [{self.auc.low:+.3f}, {self.auc.high:+.3f}] against it"
        return (
            f"{lists}; {order}" if one.high < 0 else f"{lists}, not surely more, and the whole order is worse: {order}"
        )


def loses(label: Floats, order: Floats, other: Floats, *, keys: pd.DataFrame, calls: int, seed: int) -> Loss | None:
    """Answer whether `order` loses to `other`, beyond noise.

    It does where its list surely has fewer wins at capacity (the 95 % interval of the difference lies below 0); and
    where its order as a whole is surely worse (AUC) while its list does not surely have more wins: of a few places a
    day wins are few, and what the rest of the order says of them is then the better evidence.
    """
    found = compare(label, order, other, keys=keys, calls=calls, seed=seed)
    whole = gain(label, order, other, keys=keys, metric="auc", seed=seed)
    worse = whole.high < 0 and found.low <= 0
    return Loss(found, whole) if found.high < 0 or worse else None


def _days(keys: pd.DataFrame) -> Ints:
    days: Ints = keys["as_of"].to_numpy(dtype="datetime64[us]").astype(np.int64)
    return days
