"""Whether as many rows come as usual: the last day against the same weekday, and the last week against earlier weeks.

What is usual is the median of the `WEEKS` before, which a day of import does not move. Counts vary more than chance
alone would have them vary (they come in campaigns and holidays), so the distribution is a negative binomial whose
dispersion is taken from the same weeks, robustly: the median of (x - m)^2 / m, which for Poisson counts is 0.455 (the
median of chi-squared with one degree of freedom), never below 1. That m is itself a median of few weeks widens it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy import stats

from models.evidence.watching.rule import Action, CannotTell, Measure, Rule, State
from models.evidence.watching.watched import Watched
from models.evidence.watching.workdays import WEEKS, day_of, delivered, local_days, said

WARN_P: Final = 1e-3
ALARM_P: Final = 1e-5
LESS: Final = 0.7
MORE: Final = 1.5
"""Shares of the usual that are no news however sure they are."""
LEAST_WEEKLY: Final = 5.0
"""Rows a week below which a table or kind is too rare to miss."""
LEAST_DAILY: Final = 5.0
"""Rows a day below which only whole weeks are compared: of two rows none is no news."""
KINDS: Final = {"touches": "kind", "outcomes": "result", "attribute_changes": "name"}
_MEDIAN_CHI2: Final = 0.455
_OWN_ERROR: Final = 1 + 1.57 / WEEKS
"""The variance of a median of `WEEKS` counts on top of that of the count itself."""
NOT_ADDED: Final = ("withdrawals",)


@dataclass(frozen=True)
class Usual:
    """What one window should have held: the median of earlier ones and how widely they vary."""

    window: str
    count: int
    median: float
    dispersion: float

    @property
    def law(self) -> Any:
        """The distribution of the count were all as usual."""
        if self.dispersion <= 1:
            return stats.poisson(self.median)
        return stats.nbinom(self.median / (self.dispersion - 1), 1 / self.dispersion)

    @property
    def fewer(self) -> float:
        """Chance of so few rows or fewer."""
        return float(self.law.cdf(self.count))

    @property
    def more(self) -> float:
        """Chance of so many rows or more."""
        return float(self.law.sf(self.count - 1))


def too_few(given: Watched) -> tuple[Measure, ...]:
    """Answer for each table and kind whether fewer rows came than usual."""
    return tuple(_measure(name, group, windows, low=True) for name, group, windows in _counted(given))


def too_many(given: Watched) -> tuple[Measure, ...]:
    """Answer for each table and kind whether more rows came than usual."""
    return tuple(_measure(name, group, windows, low=False) for name, group, windows in _counted(given))


def _counted(given: Watched) -> Iterator[tuple[str, bool, list[Usual]]]:
    """Yield each table and kind, whether it is a kind, and its two windows."""
    zone, tables = given.calendar.zone, delivered(given.facts)
    today = day_of(given.complete_until, zone)
    days = {name: local_days(t["recorded_at"], zone) for name, t in tables.items() if name not in NOT_ADDED}
    everything = np.concatenate(list(days.values()))
    before = everything[everything < today]
    if not len(before):
        raise CannotTell("there are no facts of a day that is over")
    last = before.max()
    first = last - np.timedelta64(7 * (WEEKS + 1), "D")
    old = {name: of for name, of in days.items() if len(of) and of.min() <= first}
    if not any((of > first).any() for of in old.values()):
        raise CannotTell(f"no table reaches back {WEEKS + 1} weeks with rows in them, which say what is usual")
    for name, of in old.items():
        column = KINDS.get(name)
        parts = {name: of}
        if column is not None:
            kinds = tables[name][column].astype("str").to_numpy()
            parts |= {f"{name}: {kind}": of[kinds == kind] for kind in np.unique(kinds)}
        for part, rows in parts.items():
            windows = _windows(rows, last)
            if windows:
                yield part, part != name, windows


def _windows(days: Any, last: np.datetime64) -> list[Usual]:
    """Return the last day and the last week with what is usual; empty where hardly anything ever comes."""
    ago = (last - days).astype(np.int64)
    counts = np.bincount(ago[(ago >= 0) & (ago < 7 * (WEEKS + 1))], minlength=7 * (WEEKS + 1))
    by_week = counts.reshape(WEEKS + 1, 7)
    weekly = by_week.sum(axis=1)
    median = float(np.median(weekly[1:]))
    if median < LEAST_WEEKLY:
        return []
    week = Usual("the last 7 days", int(weekly[0]), median, _dispersion(weekly[1:, None]))
    usual_day = float(np.median(by_week[1:, 0]))
    day = Usual(f"{said(last)}", int(by_week[0, 0]), usual_day, _dispersion(by_week[1:]))
    return [day, week] if usual_day >= LEAST_DAILY else [week]


def _dispersion(weeks: Any) -> float:
    """Return how many times the variance of Poisson the counts have, by weekday; shape (WEEKS, 7 or 1)."""
    median = np.median(weeks, axis=0)
    known = median > 0
    spread = (weeks[:, known] - median[known]) ** 2 / median[known]
    return max(1.0, float(np.median(spread)) / _MEDIAN_CHI2) * _OWN_ERROR


def _measure(name: str, is_kind: bool, windows: list[Usual], *, low: bool) -> Measure:
    found = min(windows, key=lambda w: w.fewer if low else w.more)
    chance = found.fewer if low else found.more
    far = found.count < LESS * found.median if low else found.count > MORE * found.median
    state = State.GOOD
    if far and chance < WARN_P:
        # one kind may be given up, or renamed: told, but no reason to stop the list
        state = State.ALARMS if chance < ALARM_P and not is_kind else State.WARNS
    ends = [float(found.law.ppf(WARN_P)), float(found.law.ppf(1 - WARN_P))]
    says = f"{name}: {found.count:,} rows on {found.window}, usual {found.median:,.0f}"
    says = says.replace(" on the last", " in the last")
    return Measure(
        name, f"{says} ({ends[0]:,.0f} to {ends[1]:,.0f})", state, value=float(found.count), usual=found.median,
        low=ends[0], high=ends[1], n=WEEKS, unit="rows",
    )  # fmt: skip


_HOW: Final = (
    f"The last whole day with rows against the same weekday of the {WEEKS} weeks before (from {LEAST_DAILY:.0f} rows a "
    f"day on), and the last 7 days against those weeks, per table and kind with {LEAST_WEEKLY:.0f} rows a week or "
    "more. Warns when chance would bring that in fewer than 1 of 1,000 days, alarms below 1 in 100,000 for a whole "
    "table (a kind only warns), and only "
)

RULES: Final = (
    Rule(
        "TW002", "Rows are missing", Action.HOLD,
        _HOW + f"below {100 * LESS:.0f} % of the usual.",
        "Look at what stopped: one office, one kind of activity, a renamed field or a filter of the export. When it is "
        "repaired, pull again. If the company really did less, release it: `takt monitor --release TW002 --why ...`.",
        too_few, of_data=True,
    ),
    Rule(
        "TW003", "More rows than usual", Action.TELL,
        _HOW + f"above {100 * MORE:.0f} % of the usual.",
        "Look whether the same rows come twice under new ids, or a list was imported. Counts of the last days are "
        "features: until it is repaired, the prospects concerned look busier than they are.",
        too_many, of_data=True,
    ),
)  # fmt: skip
