"""Fit, calibrate and measure a ladder for any question that is answered by yes or no later.

The rung is fitted on the training period, calibrated on the period after it and measured on the test period after
that, and exactly this model is kept: figures, checks and comparisons look at it and at nothing else. What it learned
from ends two horizons and the test period before today; `Fitted.note` says the dates. Where scores are made for today,
the same rung is fitted once more on everything labelled (`models.heads.refitted`, `Fitted.served`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.errors import NotEnoughHistory
from models.heads.encoding import Encoding
from models.heads.held_out import CHOSEN, REPORT_COLUMNS, HeldOut, first_looks
from models.heads.ladder import LEAST_WINS_FOR_CHANCE, Calibrated, Climbed, climb
from models.heads.recency import fit_recency
from models.heads.training import Training
from models.measures.calibration import fit_calibration
from models.measures.likeness import Bands, fit_bands
from models.measures.splits import ForwardSplit, Mask, forward_split


@dataclass(frozen=True)
class Versions:
    """Of what a model was made."""

    company: str
    horizon_days: int
    trained_as_of: pd.Timestamp
    definitions_hash: str
    catalog_hash: str
    data_version: str


@dataclass(frozen=True)
class Question:
    """What a head answers.

    Attributes
    ----------
    head : str
        Its name, for example "win".
    horizon : Timedelta
        How long after a row's `as_of` the answer may come; the gap between the parts of the split.
    capacity : int
        Calls that the team makes on a day: at what depth a list is judged.
    of_events : bool
        Whether each row is an event of its own, as a try to reach somebody is, and not one look of many at a prospect.
    """

    head: str
    versions: Versions
    horizon: pd.Timedelta
    capacity: int
    of_events: bool = False


@dataclass(frozen=True)
class Served:
    """What scores from now on: a model, counts of the alike on the scale of its margins, and what it was made of."""

    model: Calibrated
    bands: Bands
    words: str


@dataclass(frozen=True)
class Fitted:
    """A fitted head with everything that was measured about it; `Bundle.of` keeps it.

    Attributes
    ----------
    kept : Calibrated
        The rung that was chosen and measured, and its calibration (None: an order without chances).
    base_rate : float
        Share of the training and calibration rows that were answered by yes; NaN where none is labelled.
    bands : Bands
        Held-out rows by margin: of those scored alike, how many were answered by yes.
    ladder : DataFrame
        One row per rung: what it gained over the one below, and whether the step was taken.
    report : DataFrame
        model, metric, value, low, high, reason on the test part, for the base rate, each fitted rung, and
        `takt`.
    split : ForwardSplit or None
        None where history was too short for a test; `note` says so.
    told : DataFrame or None
        What the compared rungs said of days later than their fits, before the test part (`Rehearsal.told`).
    served : Served or None
        The same rung fitted once more on everything labelled, to score with; None: the kept one serves.
    """

    head: str
    kept: Calibrated
    base_rate: float
    bands: Bands
    versions: Versions
    ladder: pd.DataFrame
    report: pd.DataFrame
    split: ForwardSplit | None
    note: str
    told: pd.DataFrame | None = None
    served: Served | None = None

    @property
    def measured(self) -> Fitted:
        """The same without what was fitted after the test: what checks and comparisons must look at."""
        return replace(self, served=None)


def fit_head(
    values: pd.DataFrame, label: npt.ArrayLike, *, keys: pd.DataFrame, question: Question, seed: int = 7,
    threads: int = 2, draws: int = 200,
) -> Fitted:  # fmt: skip
    """Fit, calibrate and measure; always returns something that can rank, from zero answers on.

    Parameters
    ----------
    values : DataFrame, shape (n_rows, n_features)
        What was known at each row's `as_of`: numbers (missing NaN) and categories.
    label : array, shape (n_rows,)
        1.0 yes, 0.0 no, NaN not answered yet.
    keys : DataFrame, shape (n_rows, 2)
        `prospect_id`, the unit that is kept together when rows are drawn or folded, and `as_of` (UTC).
    draws : int
        Bootstrap draws of the intervals in the report.
    """
    answers = np.asarray(label, dtype=np.float64)
    try:
        split = forward_split(keys, answers, horizon=question.horizon, by_rows=question.of_events)
    except NotEnoughHistory as error:
        return _unmeasured(values, keys, question, why=str(error))
    training = Training.of(
        values, answers, keys=keys, encoding=Encoding.fit(values[split.train]),
        horizon=question.horizon, seed=seed, threads=threads,
    )  # fmt: skip
    climbed = climb(training, keys, split)
    fresh = first_looks(keys)[split.test]
    test = HeldOut(training.take(split.test), keys[split.test], fresh, question.capacity, draws)
    base_rate = float(answers[split.train | split.calibrate].mean())
    return Fitted(
        question.head, climbed.kept, base_rate, _bands(climbed.kept, training, keys, split), question.versions,
        climbed.table, test.report(climbed, base_rate), split, _note(climbed, split), climbed.told,
    )  # fmt: skip


def _bands(kept: Calibrated, training: Training, keys: pd.DataFrame, split: ForwardSplit) -> Bands:
    """Count on rows the rung was not fitted on: the test, and the calibration part where it is a part of its own."""
    held: Mask = split.test if split.shares_calibration else split.test | split.calibrate
    part = training.take(held)
    margin = kept.rung.margin(part.values)
    return fit_bands(margin, part.label, prospects=keys["prospect_id"][held], seed=training.seed)


def _unmeasured(values: pd.DataFrame, keys: pd.DataFrame, question: Question, *, why: str) -> Fitted:
    """Order by recency, without a chance and without a figure."""
    nothing = np.zeros(len(values))
    training = Training.of(values, nothing, keys=keys, encoding=Encoding.fit(values), horizon=question.horizon)
    kept = Calibrated(fit_recency(training), None)
    return Fitted(
        question.head, kept, float("nan"), Bands(), question.versions,
        pd.DataFrame([{"rung": "recency", "wins": 0, "taken": True, "why": why}]),
        pd.DataFrame(columns=REPORT_COLUMNS), None, f"Order by recency, nothing measured: {why}",
    )  # fmt: skip


def _note(climbed: Climbed, split: ForwardSplit) -> str:
    steps = [f"{row.rung}: {row.why}" for row in climbed.table.itertuples()]
    parts = [f"{part}: {words}" for part, words in split.words.items()]
    return "; ".join([f"rung {climbed.name}", *steps, *parts]) + "."


def recency_only(
    fitted: Fitted, values: pd.DataFrame, label: npt.ArrayLike, *, keys: pd.DataFrame, why: str, seed: int = 7
) -> Fitted:
    """Return the head with the lowest rung in the place of the one that was kept: what serves when that may not.

    The order by recency, calibrated on the same part and measured by the same draws as in `fit_head`; nothing is
    looked at that was not looked at there.

    Parameters
    ----------
    fitted : Fitted
        What `fit_head` returned for these values, labels and keys.
    why : str
        Why the kept rung may not serve; it stands in the ladder and in the note.
    seed : int
        As given to `fit_head`.
    """
    if fitted.split is None:
        return fitted
    split, encoding = fitted.split, fitted.kept.rung.encoding
    horizon = pd.Timedelta(days=fitted.versions.horizon_days)
    training = Training.of(values, label, keys=keys, encoding=encoding, horizon=horizon, seed=seed)
    rung = fit_recency(training.take(split.train))
    held = training.take(split.calibrate)
    wins = min(training.take(split.trial).wins, held.wins)
    enough = wins >= LEAST_WINS_FOR_CHANCE
    kept = Calibrated(rung, fit_calibration(rung.margin(held.values), held.label, wins=wins) if enough else None)
    others = fitted.report[fitted.report["model"] != CHOSEN]
    measured = others[others["model"] == rung.name].assign(model=CHOSEN)
    lowest = fitted.ladder["rung"] == rung.name
    ladder = fitted.ladder.assign(
        taken=lowest, why=fitted.ladder["why"].where(lowest | ~fitted.ladder["taken"].astype(bool), why)
    )
    return replace(
        fitted.measured, kept=kept, bands=_bands(kept, training, keys, split), ladder=ladder,
        report=pd.concat([others, measured], ignore_index=True),
        note=f"rung {rung.name} in the place of {fitted.kept.rung.name}: {why}. {fitted.note}",
    )  # fmt: skip
