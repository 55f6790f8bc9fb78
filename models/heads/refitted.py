"""Once more on everything known: what serves tomorrow has learned from the latest days, too.

The ladder chooses a rung, and its figures are measured, by a fit that ends two horizons and the test period before
today. That fit has done its work when the figures are written down. What serves is the same rung, fitted once more on
every labelled snapshot. Nobody can measure this very fit before its days have passed; what was measured is the way it
is made (docs/adr/0004). `Fitted.kept` stays the fit that was measured: figures, checks and comparisons look at it, and
only scores are made by `Fitted.served`.

What the new fit says of rows that it has learned from would flatter, so nothing is calibrated on it. The chances come
from what the measured fit said of the test part, the latest days that it had not seen. For that the new margins are
put on the scale of the old ones: shift and scale are such that on days of which *neither* knows an answer (those of
the last horizon) both have the same mean and spread. Naive Bayes needs it most, for its margins grow with what it has
learned.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.heads.encoding import Encoding
from models.heads.ladder import LEAST_WINS_FOR_CHANCE, STEPS, Calibrated
from models.heads.learned import Fitted, Served
from models.heads.training import Training
from models.measures.calibration import fit_calibration
from models.measures.ranking import Floats
from models.measures.splits import Mask

LOWEST: Final = "recency"
LEAST_ROWS: Final = 100
"""Rows without an answer from which on they give the scale; below, the test part does."""


def refitted(
    fitted: Fitted, values: pd.DataFrame, label: npt.ArrayLike, *, keys: pd.DataFrame, seed: int = 7, threads: int = 2
) -> Fitted:
    """Fit the kept rung once more on all labelled rows, to serve.

    Parameters
    ----------
    fitted : Fitted
        What `fit_head` returned for these values, labels and keys.
    values, label, keys, seed, threads
        As given to `fit_head`; rows without a label are learned from by nobody.

    Returns
    -------
    Fitted
        With `served`; as given where nothing was measured or the rung is recency, which has nothing more to learn.
    """
    rung, split = fitted.kept.rung, fitted.split
    if split is None or rung.name == LOWEST:
        return fitted
    answers = np.asarray(label, dtype=np.float64)
    known = ~np.isnan(answers)
    training = Training.of(
        values, answers, keys=keys, encoding=Encoding.fit(values[known]),
        horizon=pd.Timedelta(days=fitted.versions.horizon_days), seed=seed, threads=threads,
    )  # fmt: skip
    again = STEPS[rung.name].fit(training.take(known))
    unseen = values[~known] if (~known).sum() >= LEAST_ROWS else values[split.test]
    shift, scale = _onto(rung.margin(unseen), again.margin(unseen))
    latest = _latest(fitted.kept, training, split.test)
    model = Calibrated(again, None if latest.calibration is None else latest.calibration.after(shift, scale))
    days = keys["as_of"][known]
    words = (
        f"What serves is the same rung fitted once more on all {known.sum():,} labelled snapshots, {days.min().date()} "
        f"to {days.max().date()}, and calibrated on the test period; the figures are those of the fit before the test."
    )
    return replace(fitted, served=Served(model, fitted.bands.after(shift, scale), words))


def _onto(measured: Floats, again: Floats) -> tuple[float, float]:
    """Return shift and scale that give the new margins the mean and the spread of the measured ones."""
    spread, wanted = float(again.std()), float(measured.std())
    scale = wanted / spread if spread > 0 and wanted > 0 else 1.0
    return float(measured.mean() - scale * again.mean()), scale


def _latest(kept: Calibrated, training: Training, test: Mask) -> Calibrated:
    """Calibrate the measured fit on the test part, whose figures are taken; where it has few wins, leave it."""
    part = training.take(test)
    if kept.calibration is None or part.wins < LEAST_WINS_FOR_CHANCE or part.label.all():
        return kept
    return Calibrated(kept.rung, fit_calibration(kept.rung.margin(part.values), part.label, wins=part.wins))
