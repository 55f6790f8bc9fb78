"""The ladder: recency, naive Bayes, a blend, logistic, boosted trees; a step up must be earned on later data.

The blend of naive Bayes with the two learners comes before the learners alone: it is the smaller step away from
counting, and they must show that they are better without it.

Rungs are compared by **log loss** of their calibrated chances. It is a proper score: it looks at every row
and rewards order and honesty together, where average precision hangs on the few rows at the top and needs
many more wins to tell two models apart. The chances compared are cross-fitted: each fifth of the held-out
prospects is calibrated on the others, so that no rung is calibrated on the rows on which it is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from models.heads.blended import FIT, Blended, blend, fit_blended
from models.heads.boosted import Boosted, fit_boosted
from models.heads.encoding import Encoding
from models.heads.frequency import Frequency, fit_frequency
from models.heads.logistic import Logistic, fit_logistic
from models.heads.recency import Recency, fit_recency
from models.heads.rehearsal import LIKELY, METRIC, SURE, Rehearsal, fit_once
from models.heads.rung import Rung
from models.heads.training import Training
from models.measures.calibration import Calibration, fit_calibration
from models.measures.ranking import Floats
from models.measures.splits import ForwardSplit

BASE_RATE: Final = "base rate"
COLUMNS: Final = ("rung", "wins", "metric", "against", "gain", "low", "high", "taken", "why")
LEAST_WINS_FOR_CHANCE: Final = 10
"""Winning prospects below which no chance is said at all: with 5 of 100, "5 %" may be 2 % or 11 %."""


ORDER_ONLY: Final = {"taken": True, "why": "an order without chances: too few wins to say any"}


@dataclass(frozen=True)
class Step:
    """One rung that may be climbed: how it is fitted, read back, and the winning prospects it needs.

    `flexible` rungs learn weights of facts together and can learn a period by heart. `join` makes a rung that consists
    of others, its `parts`, of those that are fitted already, and adds to them what is not.
    """

    fit: Callable[[Training], Rung]
    read: Callable[[Mapping[str, str], Encoding], Rung]
    least_wins: int
    flexible: bool = False
    join: Callable[[Training, dict[str, Rung]], Rung] | None = None
    parts: tuple[str, ...] = ()

    def fit_on(self, training: Training, rungs: dict[str, Rung]) -> Rung:
        """Fit the rung, or join it from `rungs`, which were fitted on the same rows."""
        return self.fit(training) if self.join is None else self.join(training, rungs)


STEPS: Final[Mapping[str, Step]] = {
    "recency": Step(fit_recency, Recency.from_files, 0),
    "frequency": Step(fit_frequency, Frequency.from_files, LEAST_WINS_FOR_CHANCE),
    "blended": Step(fit_blended, Blended.from_files, 20, flexible=True, join=blend, parts=tuple(FIT)),
    "logistic": Step(fit_logistic, Logistic.from_files, 20, flexible=True),
    "boosted": Step(fit_boosted, Boosted.from_files, 50, flexible=True),
}


@dataclass(frozen=True)
class Calibrated:
    """A fitted rung with the calibration that belongs to it; None where wins are too few for a chance."""

    rung: Rung
    calibration: Calibration | None

    def chance(self, margin: Floats) -> Floats:
        """Return chances for margins of this rung; all NaN without a calibration."""
        return np.full(len(margin), np.nan) if self.calibration is None else self.calibration.apply(margin)


@dataclass(frozen=True)
class Climbed:
    """Where the ladder led.

    Attributes
    ----------
    name : str
        The rung that is kept.
    rungs : mapping
        Every rung that was fitted, kept or not.
    table : DataFrame
        rung, wins, metric, against, gain, low, high, taken, why: one row per rung.
    told : DataFrame
        What each rung that was compared said of later days (`Rehearsal.told`).
    """

    name: str
    rungs: Mapping[str, Calibrated]
    table: pd.DataFrame
    told: pd.DataFrame

    @property
    def kept(self) -> Calibrated:
        """The rung that is kept."""
        return self.rungs[self.name]


def climb(training: Training, keys: pd.DataFrame, split: ForwardSplit) -> Climbed:
    """Fit the rungs from the bottom up and keep the highest that earned its step.

    Parameters
    ----------
    training : Training
        All rows of `split`, with their labels.
    keys : DataFrame, shape (n_rows, 2)
        prospect_id and as_of of the same rows; prospects are the clusters of the bootstrap.
    split : ForwardSplit
        Rungs are fitted on `train`; they are calibrated by their margins for `calibrate` when fitted on `trial`,
        and compared by those and by their margins for earlier periods (`Rehearsal`).

    Notes
    -----
    A step is taken if the 95 % interval of the gain over the rung that is kept so far lies above 0, or the 80 %
    interval where that rung is a part of the one that is taken. Where there is no later data to earn it on
    (`split.by_folds`), the flexible rungs are not taken at all: in a period of its own a model that has learned the
    period by heart looks best.
    """
    rehearsal, train = Rehearsal.of(training, keys, split), training.take(split.train)
    # where the latest block is foretold by the fit that is kept, both are one fit
    fitted: dict[str, Rung] = {} if split.shares_calibration else rehearsal.blocks[0].rungs
    rungs: dict[str, Calibrated] = {}
    margins = {BASE_RATE: np.zeros(len(rehearsal.held.label))}
    kept, rows = BASE_RATE, []
    for name, step in STEPS.items():
        row: dict[str, Any] = {"rung": name, "wins": rehearsal.wins, "taken": False}
        row["why"] = _why_not(step, rehearsal, split)
        rows.append(row)
        if _too_few(step, rehearsal):
            continue
        rung = fit_once(name, step.fit_on, train, rungs=fitted)
        rungs[name] = Calibrated(rung, None)
        if row["why"]:
            continue
        if rehearsal.wins < LEAST_WINS_FOR_CHANCE:
            row |= ORDER_ONLY
        else:
            margin = rehearsal.margins(name, step.fit_on, least_wins=step.least_wins)
            if np.isnan(margin[rehearsal.latest]).any():
                row["why"] = f"needs {step.least_wins} winning prospects outside every part that it has to foretell"
                continue
            margins[name] = margin
            rungs[name] = Calibrated(rung, _calibration(rehearsal, margin))
            row |= _compare(rehearsal, name, kept, margins=margins, by_folds=split.by_folds)
        kept = name if row["taken"] else kept
    told = rehearsal.told({name: margin for name, margin in margins.items() if name != BASE_RATE})
    return Climbed(kept, rungs, pd.DataFrame(rows).reindex(columns=COLUMNS), told)


def step_level(name: str, kept: str) -> float:
    """Return the level of the interval by which a step from the rung `kept` to `name` is judged."""
    return LIKELY if kept in STEPS[name].parts else SURE


def _too_few(step: Step, rehearsal: Rehearsal) -> bool:
    one_class = rehearsal.wins == 0 or any(block.past.label.all() for block in rehearsal.blocks[:1])
    return step.least_wins > 0 and (rehearsal.wins < step.least_wins or one_class)


def _why_not(step: Step, rehearsal: Rehearsal, split: ForwardSplit) -> str:
    if _too_few(step, rehearsal):
        return f"{rehearsal.wins} winning prospects, needs {step.least_wins}"
    if step.flexible and split.by_folds:
        return "history too short to earn the step on later data"
    return ""


def _calibration(rehearsal: Rehearsal, margin: Floats) -> Calibration:
    """Calibrate on the latest period alone: chances must hold now, not on average over the past."""
    latest = rehearsal.latest
    return fit_calibration(margin[latest], rehearsal.held.label[latest], wins=rehearsal.wins)


def _compare(
    rehearsal: Rehearsal, name: str, kept: str, *, margins: Mapping[str, Floats], by_folds: bool
) -> dict[str, Any]:
    level = step_level(name, kept)
    won = rehearsal.gain(margins[name], margins[kept], level=level)
    better = won.low > 0
    where = "prospects left out" if by_folds else "later data"
    why = f"{'better' if better else 'not better'} than {kept} on {where}"
    if level == LIKELY:
        why = f"{why}, by an {LIKELY:.0%} interval, since {kept} stays a part of it".replace("0%", "0 %")
    if name == "recency" and not better:
        why = f"{why}; it stays as the order of last resort"
    return {
        "metric": METRIC, "against": kept, "gain": won.value, "low": won.low, "high": won.high,
        "taken": better or name == "recency", "why": why,
    }  # fmt: skip
