"""Whether the champion's chances hold on the outcomes that are known since it was trained."""

from __future__ import annotations

from typing import Final

import numpy as np

from models.evidence.watching.rule import Action, CannotTell, Measure, Rule, State
from models.evidence.watching.watched import Watched
from models.measures import probability
from models.measures.metrics import resamples

LEAST_WINS: Final = 20
LARGEST_ERROR: Final = 0.05
"""As in TK005, which asks the same at the training."""
WARN_RATIO: Final = 1.25
"""As in TK006."""
ALARM_RATIO: Final = 1.5
DRAWS: Final = 200


def chances_hold(given: Watched) -> tuple[Measure, ...]:
    """Answer how many win of those who were given a chance, and by how much the chances miss on average."""
    if given.bundle is None:
        raise CannotTell("there is no champion yet")
    if given.bundle.calibration is None:
        raise CannotTell("the champion says no chances, only an order")
    if given.later is None:
        raise CannotTell(given.no_later)
    keys, label = given.later.matrix.keys, given.later.label
    rows = (keys["as_of"] >= given.bundle.trained_as_of).to_numpy() & ~np.isnan(label)
    won = keys["prospect_id"][rows & (label == 1.0)].nunique()
    if won < LEAST_WINS:
        raise CannotTell(
            f"{won} prospects are known to have won within {given.definitions.horizon_days} days of a day since the "
            f"champion was trained, {LEAST_WINS} needed"
        )
    margin = given.bundle.rung.margin(given.later.matrix.values[rows])
    chance, happened = given.bundle.calibration.apply(margin), label[rows]
    weights = np.concatenate(list(resamples(keys[rows], seed=given.seed, draws=DRAWS)))
    return _ratio(chance, happened, weights, won), _error(chance, happened, weights, won)


def _ratio(chance: np.ndarray, happened: np.ndarray, weights: np.ndarray, won: int) -> Measure:
    ratio = float(happened.sum() / chance.sum())
    low, high = np.quantile((weights @ happened) / (weights @ chance), [0.025, 0.975])
    state = State.GOOD
    if high < 1 / WARN_RATIO or low > WARN_RATIO:
        state = State.ALARMS if high < 1 / ALARM_RATIO or low > ALARM_RATIO else State.WARNS
    says = (
        f"{chance.mean():.1%} were expected to win and {happened.mean():.1%} did: {ratio:.2f} [{low:.2f}, {high:.2f}] "
        f"of the wins foretold, {won} winning prospects"
    )
    return Measure(
        "wins against those foretold", says, state, value=ratio, usual=1.0, low=float(low), high=float(high), n=won,
        unit="times",
    )  # fmt: skip


def _error(chance: np.ndarray, happened: np.ndarray, weights: np.ndarray, won: int) -> Measure:
    bins = probability.equal_mass_bins(chance)
    ones = np.ones((1, len(chance)))
    error = float(probability.calibration_error(ones, happened, chance=chance, bin_of=bins)[0])
    drawn = probability.calibration_error(weights, happened, chance=chance, bin_of=bins)
    # noise alone makes the error positive, once more in each draw: the basic interval takes that out (see TK005)
    low, high = (2 * error - np.quantile(drawn, q) for q in (0.975, 0.025))
    says = f"chances miss what happened by {error:.3f} [{low:.3f}, {high:.3f}] on average"
    return Measure(
        "mean distance of chance and share that won", says, State.WARNS if low > LARGEST_ERROR else State.GOOD,
        value=error, high=float(high), low=float(low), n=won, unit="",
    )  # fmt: skip


RULES: Final = (
    Rule(
        "TW007", "Chances do not hold", Action.RETRAIN,
        f"At least {LEAST_WINS} prospects are known to have won since the training. Warns when the wins are surely "
        f"(95 % interval) {WARN_RATIO} times those foretold or more, or as many times fewer, or the mean distance of "
        f"chance and outcome is surely above {LARGEST_ERROR}; alarms at {ALARM_RATIO} times.",
        "Trust the order, not the percentages, and train again (`takt train`). If wins are entered late (TK004), set "
        "`observed_until` first.",
        chances_hold,
    ),
)  # fmt: skip
