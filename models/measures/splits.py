"""Which snapshots to fit on, which to calibrate on and which to judge on: forward in time only.

A score made on 1 June is judged by wins until 1 June + H. A model that is fitted on 1 June therefore cannot
use snapshots of the last H days: their labels are not known yet. Every boundary here leaves that gap of H,
so that what is measured is what production can do. (scikit-lego's `TimeGapSplit` has the idea as
`gap_duration`.)

    train | gap of H | calibrate | gap of H | test

Worked example, run as a doctest: weekly snapshots of 2025, one new prospect a week, H = 28 days. The last
25 % of the newcomers are the test, from 13 October on. A snapshot of 15 September has its label closed on
13 October, one of 22 September has not: calibrate ends with 15 September. It starts with 4 August, so train
ends 28 days earlier, with 7 July.

>>> import numpy as np, pandas as pd
>>> weeks = pd.date_range("2025-01-06", "2025-12-29", freq="7D", tz="UTC").as_unit("us")
>>> keys = pd.DataFrame({"prospect_id": [f"p{w}" for w in range(52)], "as_of": weeks})
>>> split = forward_split(keys, np.ones(52), horizon=pd.Timedelta(days=28), least_wins=5)
>>> for part, words in split.words.items():
...     print(f"{part}: {words}")
train: snapshots 2025-01-06 to 2025-07-07, labels closed by 2025-08-04
calibrate: snapshots 2025-08-04 to 2025-09-15, labels closed by 2025-10-13
test: snapshots 2025-10-13 to 2025-12-29, labels closed by 2026-01-26
calibration: on later snapshots than training
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.errors import NotEnoughHistory

Mask = npt.NDArray[np.bool_]
Micros = npt.NDArray[np.int64]

LEAST_SPAN: Final = 4.5
"""Horizons that the labelled span must have for two gaps; below, the gaps would eat what is to be learned."""


@dataclass(frozen=True)
class ForwardSplit:
    """Rows of each part; a row without label is in none.

    Attributes
    ----------
    train : bool array, shape (n_rows,)
        Rows that the kept model is fitted on; `max(train as_of) + H <= min(test as_of)`.
    trial, calibrate : bool array, shape (n_rows,)
        Models are compared and calibrated by what they say of `calibrate` when fitted on `trial`;
        `max(trial as_of) + H <= min(calibrate as_of)`, except `by_folds`.
    test : bool array, shape (n_rows,)
        Rows on which the kept model is measured, and nothing is chosen.
    shares_calibration : bool
        False: trial is train, and calibrate lies between train and test. True where history is too short for two
        gaps: calibrate is a part of train.
    by_folds : bool
        True where history is too short even to divide train by a gap: trial and calibrate are all of train, and
        what is said of a prospect must come from a fit on other prospects. That is not later data.
    words : mapping
        The parts as date ranges in words; first and last snapshot both belong to the part.
    """

    train: Mask
    trial: Mask
    calibrate: Mask
    test: Mask
    shares_calibration: bool
    by_folds: bool
    words: Mapping[str, str]


def forward_split(
    keys: pd.DataFrame,
    label: npt.ArrayLike,
    *,
    horizon: pd.Timedelta,
    test_share: float = 0.25,
    calibrate_share: float = 0.15,
    least_wins: int = 20,
    by_rows: bool = False,
) -> ForwardSplit:
    """Split labelled snapshots into train, calibrate and test, each later than the one before by a gap of H.

    The shares are shares of *newcomers* (prospects at their first snapshot), not of days: where arrivals
    dry up, a test cut by days would hold only stale prospects. All snapshots from a boundary on belong to
    its part. Rows that are events of their own (tries to reach somebody) are counted themselves (`by_rows`): a
    company that calls the same customers for years has few newcomers, all of them long ago.

    Parameters
    ----------
    keys : DataFrame, shape (n_rows, 2)
        prospect_id and as_of (UTC).
    label : array, shape (n_rows,)
        1.0 won within H, 0.0 not, NaN unlabelled.
    horizon : Timedelta
        H, the length of the label's window `[as_of, as_of + H)`.
    least_wins : int
        Winning prospects that trial and calibrate each need; with fewer they share one period.
    by_rows : bool
        Whether the shares are of rows and not of newcomers.

    Raises
    ------
    NotEnoughHistory
        There are no two labelled snapshot days that lie H apart.
    """
    rows = _Rows.of(keys, label, horizon, by_rows=by_rows)
    test = rows.cut(rows.labelled, test_share)
    if test is None:
        raise NotEnoughHistory(rows.too_short())
    early = rows.known_by(test)
    later = rows.cut(early, calibrate_share / (1 - test_share))
    if later is not None:
        trial, calibrate = rows.known_by(later), early & (rows.as_of >= later)
        if min(rows.wins(trial), rows.wins(calibrate)) >= least_wins:
            train = trial if rows.span() >= LEAST_SPAN * rows.horizon else early
            return rows.split(train, trial, calibrate=calibrate, test=rows.since(test))
    return rows.split(early, early, calibrate=early, test=rows.since(test))


def rolling_origin(
    keys: pd.DataFrame, label: npt.ArrayLike, *, horizon: pd.Timedelta, folds: int = 4
) -> Iterator[tuple[Mask, Mask]]:
    """Yield (train, test) rows for origins that roll forward: ever more history, the next block as test.

    The later half of the labelled days is divided into consecutive blocks; for each, train is every
    snapshot whose label was closed when the block starts.

    Raises
    ------
    NotEnoughHistory
        Fewer labelled days than folds, or none early enough for the first block.
    """
    rows = _Rows.of(keys, label, horizon)
    days = np.unique(rows.as_of[rows.labelled])
    blocks = np.array_split(days[len(days) // 2 :], folds)
    if not all(len(b) for b in blocks) or not rows.known_by(int(blocks[0][0])).any():
        raise NotEnoughHistory(f"{folds} folds were asked for. {rows.too_short()}")
    for block in blocks:
        inside = (rows.as_of >= block[0]) & (rows.as_of <= block[-1])
        yield rows.known_by(int(block[0])), rows.labelled & inside


@dataclass(frozen=True)
class _Rows:
    """The rows as numbers: as_of in microseconds, one code per prospect."""

    as_of: Micros
    who: npt.NDArray[np.int64]
    won: Mask
    labelled: Mask
    horizon: int
    by_rows: bool = False

    @classmethod
    def of(cls, keys: pd.DataFrame, label: npt.ArrayLike, horizon: pd.Timedelta, *, by_rows: bool = False) -> _Rows:
        values = np.asarray(label, dtype=np.float64)
        if len(values) != len(keys):
            raise ValueError(f"{len(keys)} keys but {len(values)} labels: they must be the same rows.")
        return cls(
            as_of=keys["as_of"].to_numpy(dtype="datetime64[us]").astype(np.int64),
            who=pd.factorize(keys["prospect_id"])[0].astype(np.int64),
            won=values == 1.0,
            labelled=~np.isnan(values),
            horizon=int(horizon / pd.Timedelta(microseconds=1)),
            by_rows=by_rows,
        )

    def known_by(self, moment: int) -> Mask:
        return self.labelled & (self.as_of + self.horizon <= moment)

    def since(self, moment: int) -> Mask:
        return self.labelled & (self.as_of >= moment)

    def wins(self, rows: Mask) -> int:
        return len(np.unique(self.who[rows & self.won]))

    def span(self) -> int:
        days = self.as_of[self.labelled]
        return int(days.max() - days.min()) if len(days) else 0

    def cut(self, rows: Mask, share: float) -> int | None:
        """Choose the day from which on about `share` of the newcomers (or rows) lie, H after the last earlier one."""
        days, mass = self._each(rows) if self.by_rows else self._newcomers(rows)
        before = np.searchsorted(days, days - self.horizon, side="right")
        total = np.concatenate([[0.0], np.cumsum(mass)])
        late, early = total[-1] - total[:-1], total[before]
        possible = before > 0
        if not possible.any():
            return None
        got = np.divide(late, late + early, out=np.zeros_like(late), where=late + early > 0)
        return int(days[np.argmin(np.where(possible, np.abs(got - share), np.inf))])

    def _each(self, rows: Mask) -> tuple[Micros, npt.NDArray[np.float64]]:
        days, count = np.unique(self.as_of[rows], return_counts=True)
        return days, count.astype(float)

    def _newcomers(self, rows: Mask) -> tuple[Micros, npt.NDArray[np.float64]]:
        """Count first snapshots by day; those of the first day are stock, there since nobody knows when."""
        days = np.unique(self.as_of[rows])
        order = np.flatnonzero(rows)[np.argsort(self.as_of[rows], kind="stable")]
        _, first = np.unique(self.who[order], return_index=True)
        mass = np.bincount(np.searchsorted(days, self.as_of[order][first]), minlength=len(days)).astype(float)
        if mass[1:].sum() == 0:
            return days, np.ones(len(days))
        return days, np.concatenate([[mass[1:].mean()], mass[1:]])

    def split(self, train: Mask, trial: Mask, *, calibrate: Mask, test: Mask) -> ForwardSplit:
        shared, folds = train is not trial or trial is calibrate, trial is calibrate
        words = {"train": self._words(train), "calibrate": self._words(calibrate), "test": self._words(test)}
        words["calibration"] = "on later snapshots than training"
        if folds:
            words["calibration"] = "on the training period, by predictions for prospects left out of the fit"
        elif shared:
            words["calibration"] = f"inside the training period, by a fit on {self._words(trial)}"
        return ForwardSplit(train, trial, calibrate, test, shared, folds, words)

    def _words(self, rows: Mask) -> str:
        first, last = self.as_of[rows].min(), self.as_of[rows].max()
        return f"snapshots {_day(first)} to {_day(last)}, labels closed by {_day(last + self.horizon)}"

    def too_short(self) -> str:
        days = self.as_of[self.labelled]
        where = f" from {_day(days.min())} to {_day(days.max())}" if len(days) else ""
        return (
            f"{self.labelled.sum()} of {len(self.as_of)} snapshots are labelled{where} "
            f"({self.wins(self.labelled)} winning prospects); a forward test needs snapshots at least the "
            f"horizon of {self.horizon / 86_400e6:g} days apart. Wait, load more history, or shorten horizon_days."
        )


def _day(moment: Any) -> str:
    return str(np.datetime64(int(moment), "us").astype("datetime64[D]"))
