"""Discrete-time hazards: the chance to be won in a period, given still open at its start, and the same of being lost.

A snapshot watched for 40 days is one row for each period of `EDGES` that it was at risk in and that was watched whole;
the row's label is whether the win fell into it. That is how a model for yes or no learns from censored times (Cox,
1972, section 6; Tutz & Schmid, 2016). Losing is a second, competing question, asked of the rows not won in the period,
so that both chances together never exceed 1. The chances add up to the cumulative incidence: who was lost before is no
future winner.

A period in which nothing was watched has no hazard, and what lies behind it no chance (NaN).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Protocol

import numpy as np
import pandas as pd
from scipy.special import expit

from models.heads.encoding import Encoding
from models.heads.ladder import STEPS, Step
from models.heads.periods import EDGES, LEAST_WATCHED, STARTS, Periods, known_columns, period_table, varies, watched
from models.heads.rung import Rung
from models.heads.training import Training
from models.measures.ranking import Floats, Ints
from models.measures.splits import Mask

LEAST_ENDS: Final = 20
"""Winning (or lost) prospects below which hazards are counted by period and nothing is learned about features."""
MOST_ROWS: Final = 20_000
"""Rows (snapshot and period) that a rung is fitted on: ends are rare, and the thousandth without one teaches little."""
POOLED: Final = "pooled"
BOTH: Final = "both"
RUNGS: Final[Mapping[str, Step]] = {name: STEPS[name] for name in ("logistic", "boosted")}
_LONGEST: Final = pd.Timedelta(days=int(np.diff(EDGES).max()))
_AT_A_TIME: Final = 20_000


class Cause(Protocol):
    """One way to end: its hazard in each period."""

    @property
    def name(self) -> str:
        """Name of the rung."""

    def hazards(self, values: pd.DataFrame) -> Floats:
        """Return the chance to end so in each period, given open at its start, shape (n_rows, n_periods)."""

    def to_files(self) -> Mapping[str, str]:
        """Return file names and texts."""


@dataclass(frozen=True)
class Pooled:
    """The same hazards for everybody: what was counted (Aalen & Johansen, 1978, when cumulated)."""

    rates: tuple[float, ...]
    name: str = POOLED

    def hazards(self, values: pd.DataFrame) -> Floats:
        """Return the rates for each row."""
        return np.tile(np.array(self.rates), (len(values), 1))

    def to_files(self) -> Mapping[str, str]:
        """Return pooled.json."""
        return {"pooled.json": json.dumps(asdict(self), sort_keys=True)}


@dataclass(frozen=True)
class Learned:
    """Hazards that depend on the features: rungs of the ladder that see the period as further columns.

    Of several rungs the log-odds are averaged; they were fitted on the same rows and share their encoding. `shift` is
    added: the log of the share of the rows without an end that they were fitted on (King & Zeng, 2001, section 4.1).
    """

    rungs: tuple[Rung, ...]
    shift: float = 0.0

    @property
    def name(self) -> str:
        """Name of the rung, "both" for two."""
        return self.rungs[0].name if len(self.rungs) == 1 else BOTH

    def hazards(self, values: pd.DataFrame) -> Floats:
        """Return the chance for each row and period."""
        out, encoding = np.empty((len(values), len(STARTS))), self.rungs[0].encoding
        for start in range(0, len(values), _AT_A_TIME):
            part = known_columns(values.iloc[start : start + _AT_A_TIME], encoding)
            row, period = np.divmod(np.arange(len(part) * len(STARTS)), len(STARTS))
            table = period_table(part, row, period)
            # added rung by rung: a sum over an axis may differ in its last bit with the number of rows
            margin = sum((rung.margin(table) for rung in self.rungs[1:]), start=self.rungs[0].margin(table))
            out[start : start + len(part)] = expit(margin / len(self.rungs) + self.shift).reshape(len(part), -1)
        return out

    def to_files(self) -> Mapping[str, str]:
        """Return encoding.json and the files of the rungs."""
        names = [rung.name for rung in self.rungs]
        encoding = {"rungs": names, "shift": self.shift, **asdict(self.rungs[0].encoding)}
        files = {"encoding.json": json.dumps(encoding, sort_keys=True)}
        for rung in self.rungs:
            files |= rung.to_files()
        return files


def read_cause(files: Mapping[str, str]) -> Cause:
    """Read what `Pooled.to_files` or `Learned.to_files` wrote."""
    if "pooled.json" in files:
        raw: dict[str, Any] = json.loads(files["pooled.json"])
        return Pooled(tuple(raw["rates"]))
    raw = json.loads(files["encoding.json"])
    encoding = Encoding(tuple(raw["features"]), {name: tuple(found) for name, found in raw["levels"].items()})
    return Learned(tuple(RUNGS[name].read(files, encoding) for name in raw["rungs"]), raw["shift"])


@dataclass(frozen=True)
class Hazards:
    """Both causes and the periods that are known.

    Attributes
    ----------
    won, over : Cause
        The hazard of being won; that of being lost among those not won in the period.
    watched : int
        Periods from the first one on that were watched in `LEAST_WATCHED` snapshots, ended before or not: so far
        there are chances.
    at_risk : tuple of int
        Snapshots of the fit that were still open at the start of each period, and watched in it.
    """

    won: Cause
    over: Cause
    watched: int
    at_risk: tuple[int, ...]

    @property
    def name(self) -> str:
        """Name of the rung that says who is won."""
        return self.won.name

    def of_winning(self, values: pd.DataFrame) -> Floats:
        """Return the chance to be won in each period given open at its start, shape (n_rows, n_periods).

        NaN where fewer than `LEAST_WATCHED` were still open: the cumulated chance hardly depends on such a period,
        because hardly anybody gets there, but a claim about it would rest on nothing.
        """
        known = np.array(self.at_risk) >= LEAST_WATCHED
        return np.where(known, self.won.hazards(values), np.nan)

    def incidence(self, values: pd.DataFrame) -> Floats:
        """Return the chance to be won by the end of each period, shape (n_rows, n_periods); NaN where unknown."""
        won, over = self.won.hazards(values), self.over.hazards(values)
        stays = np.cumprod((1 - won) * (1 - over), axis=1)
        still = np.column_stack([np.ones(len(values)), stays[:, :-1]])
        cumulated = np.minimum(np.cumsum(still * won, axis=1), 1.0)
        cumulated[:, self.watched :] = np.nan
        return cumulated


def fit_hazards(
    values: pd.DataFrame, spells: pd.DataFrame, *, keys: pd.DataFrame, rung: str, seed: int = 7, threads: int = 2
) -> Hazards:
    """Fit both causes by one rung; a cause with too few ends is counted by period.

    Parameters
    ----------
    values, spells, keys : DataFrame, shape (n_snapshots, ...)
        Features, `features.time.spells` and prospect_id with as_of of the same rows.
    rung : str
        "pooled", or one of `RUNGS`.
    """
    periods = Periods.of(spells)
    still = periods.won == 0.0
    asked = ((periods.won, np.ones_like(still)), (periods.over, still))
    causes = [
        _fit_cause(
            periods,
            label,
            among=among,
            values=values,
            keys=keys,
            rung=rung,
            training={"seed": seed, "threads": threads},
        )
        for label, among in asked
    ]
    enough = watched(spells).sum(axis=0) >= LEAST_WATCHED
    return Hazards(causes[0], causes[1], int(np.cumprod(enough).sum()), periods.at_risk)


def average(first: Hazards, second: Hazards) -> Hazards:
    """Average the log-odds of two learned fits on the same rows; a cause that was only counted stays as it is."""

    def both(one: Cause, other: Cause) -> Cause:
        if isinstance(one, Learned) and isinstance(other, Learned):
            return Learned((*one.rungs, *other.rungs), one.shift)
        return one

    won, over = both(first.won, second.won), both(first.over, second.over)
    return Hazards(won, over, first.watched, first.at_risk)


def _fit_cause(
    periods: Periods, label: Floats, *, among: Mask, values: pd.DataFrame, keys: pd.DataFrame, rung: str,
    training: Mapping[str, int],
) -> Cause:  # fmt: skip
    row, period, ended = periods.row[among], periods.period[among], label[among]
    ends = keys["prospect_id"].iloc[row[ended == 1.0]].nunique()
    if rung == POOLED or ends < LEAST_ENDS or ended.all():
        return Pooled(periods.rates(label, among))
    drawn, shift = _draw(ended, seed=training["seed"])
    row, period, ended = row[drawn], period[drawn], ended[drawn]
    table = period_table(values.loc[:, varies(values)], row, period)
    starts = keys.iloc[row].reset_index(drop=True)
    starts["as_of"] = starts["as_of"] + pd.to_timedelta(STARTS[period], unit="D")
    given = Training.of(table, ended, keys=starts, encoding=Encoding.fit(table), horizon=_LONGEST, **training)
    return Learned((RUNGS[rung].fit(given),), shift)


def _draw(ended: Floats, *, seed: int) -> tuple[Ints, float]:
    """Keep every row with an end and, of the others, what `MOST_ROWS` leaves room for, at least as many as have an end.

    Also returns the log of the share of the others that is kept, which a fit on these rows must be shifted by.
    """
    with_end, without = np.flatnonzero(ended == 1.0), np.flatnonzero(ended == 0.0)
    room = max(MOST_ROWS - len(with_end), len(with_end))
    kept = np.random.default_rng(seed).permutation(without)[:room]
    return np.sort(np.concatenate([with_end, kept])), float(np.log(len(kept) / len(without)))
