"""What each rung would have said of later days, had it been fitted earlier: the rows on which rungs are compared.

One calibration period holds few wins, and on few wins a better rung does not surely look better. So the comparison
also looks at earlier periods of the same length, each by a fit on what was known when it began: "rolling origin"
(Tashman, 2000, "Out-of-sample tests of forecasting accuracy"). The same model, fitted on less, has to earn its step on
all of them together.

    past | gap of H | block 3      past | gap of H | block 2      past | gap of H | calibrate
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from models.heads.rung import Rung
from models.heads.training import Training
from models.measures import probability
from models.measures.calibration import fit_calibration
from models.measures.metrics import Gain, resamples
from models.measures.ranking import Floats
from models.measures.splits import ForwardSplit, Mask

METRIC: Final = "log_loss"
FOLDS: Final = 5
EARLIER: Final = 3
"""Blocks before the calibration period that are looked at, as far as history reaches."""
LEAST_PAST: Final = 0.5
"""Winning prospects known when a block begins, as a share of those known when the calibration period does: a fit on far
less is another model, and says little of the one that is to serve."""

Fit = Callable[[Training, dict[str, Rung]], Rung]
"""Fits a rung, given the rungs that were fitted on the same rows so far."""
SURE: Final = 0.95
"""Level of the interval of a gain that a step needs."""
LIKELY: Final = 0.8
"""The same where the rung that is left stays a part of the one that is taken: then little can be lost by the step."""
DRAWS: Final = 400


@dataclass(frozen=True)
class Block:
    """Rows that are foretold together: `rows` of the held ones, by fits on `past`, which are kept in `rungs`."""

    past: Training
    rows: Mask
    rungs: dict[str, Rung] = field(default_factory=dict)

    def margin(self, name: str, fit: Fit, values: pd.DataFrame) -> Floats:
        """Fit the rung on the past, once, and return what it says of the block."""
        return fit_once(name, fit, self.past, rungs=self.rungs).margin(values.loc[self.rows])


def fit_once(name: str, fit: Fit, training: Training, *, rungs: dict[str, Rung]) -> Rung:
    """Return the rung from `rungs`, where it was fitted before, else fit it on `training` and keep it there."""
    if name not in rungs:
        rungs[name] = fit(training, rungs)
    return rungs[name]


@dataclass(frozen=True)
class Rehearsal:
    """Rows to be foretold, and by what.

    Attributes
    ----------
    held : Training
        The rows on which rungs are compared.
    keys : DataFrame, shape (n_held, 2)
        prospect_id and as_of of the same rows.
    latest : bool array, shape (n_held,)
        The rows of the calibration period.
    blocks : tuple of Block
        Each held row is in one.
    wins : int
        Winning prospects of the calibration period, or those known before it where they are fewer.
    by_folds : bool
        As in the split: the blocks are other prospects, and not later days.
    """

    held: Training
    keys: pd.DataFrame
    latest: Mask
    blocks: tuple[Block, ...]
    wins: int
    by_folds: bool = False

    @classmethod
    def of(cls, training: Training, keys: pd.DataFrame, split: ForwardSplit) -> Rehearsal:
        """Lay out the blocks of a split; nothing of the test part is looked at."""
        trial, calibrate = training.take(split.trial), training.take(split.calibrate)
        wins = min(trial.wins, calibrate.wins)
        pasts = [] if split.by_folds else [(split.trial, split.calibrate), *_earlier(training, split)]
        union = np.logical_or.reduce([split.calibrate, *(block for _, block in pasts)])
        held = training.take(union)
        if split.by_folds:
            fold = held.folds(FOLDS)
            blocks = tuple(Block(held.take(fold != out), fold == out) for out in np.unique(fold))
        else:
            blocks = tuple(Block(training.take(past), block[union]) for past, block in pasts)
        return cls(held, keys[union], split.calibrate[union], blocks, wins, split.by_folds)

    def margins(self, name: str, fit: Fit, *, least_wins: int) -> Floats:
        """Return margins of the held rows by fits that have not seen them; NaN where too few wins were known."""
        margin = np.full(len(self.held.label), np.nan)
        for block in self.blocks:
            if least_wins == 0 or (block.past.wins >= least_wins and not block.past.label.all()):
                margin[block.rows] = block.margin(name, fit, self.held.values)
        return margin

    def gain(self, margin: Floats, over: Floats, *, level: float = SURE) -> Gain:
        """Answer what one rung gains over another, in log loss, on the rows that both have foretold.

        The interval is by draws of whole prospects.
        """
        both = ~np.isnan(margin) & ~np.isnan(over)
        part = self.held.take(both)
        ours, theirs = (probability.log_loss(part.label, self._chances(part, m[both])) for m in (margin, over))
        saved = theirs - ours
        weights = resamples(self.keys[both], seed=part.seed, draws=DRAWS)
        drawn = np.concatenate([probability.mean(weight, saved) for weight in weights])
        low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
        return Gain(METRIC, float(saved.mean()), float(low), float(high))

    def told(self, margins: Mapping[str, Floats]) -> pd.DataFrame:
        """Return what rungs said of later days, for the record: one row per held row.

        Returns
        -------
        DataFrame, shape (n_held, 4 + n_rungs)
            prospect_id, as_of, label, block (0 the earliest), and a column of margins per rung, NaN where it was not
            fitted. Without a row where no block is later than the fit that foretells it (folds of prospects).
        """
        order = sorted(range(len(self.blocks)), key=lambda i: self.keys["as_of"][self.blocks[i].rows].min())
        block = np.zeros(len(self.keys), dtype=np.int64)
        for number, at in enumerate(order):
            block[self.blocks[at].rows] = number
        told = self.keys.assign(label=self.held.label, block=block, **margins).reset_index(drop=True)
        return told.iloc[:0] if self.by_folds else told

    def _chances(self, part: Training, margin: Floats) -> Floats:
        """Calibrate each fold of prospects on the other folds, always by a sigmoid."""
        fold, label = part.folds(FOLDS), part.label
        chance = np.empty(len(margin))
        for out in np.unique(fold):
            rest = fold != out if (fold != out).any() else fold == out
            chance[fold == out] = fit_calibration(margin[rest], label[rest], wins=0).apply(margin[fold == out])
        return chance


def _earlier(training: Training, split: ForwardSplit) -> list[tuple[Mask, Mask]]:
    """Return (past, block), latest first: blocks as long as the calibration period, back from where it begins."""
    begins = int(training.as_of[split.test].min())
    known = ~np.isnan(training.label) & (training.as_of + training.horizon <= begins)
    days = np.unique(training.as_of[known])
    start = int(training.as_of[split.calibrate].min())
    later = days[days >= start]
    width = int(later[-1] - start + (np.diff(days).min() if len(days) > 1 else training.horizon))
    enough = LEAST_PAST * training.take(split.trial).wins
    found: list[tuple[Mask, Mask]] = []
    for _ in range(EARLIER):
        end, start = start, start - width
        past = known & (training.as_of + training.horizon <= start)
        block = known & (training.as_of >= start) & (training.as_of < end)
        if training.take(past).wins < max(enough, 1) or not block.any():
            break
        found.append((past, block))
    return found
