"""Whether the chances hold on later data, and the base rate with them."""

from __future__ import annotations

from typing import Final

import numpy as np

from models.evidence.checks.check import Check, NotApplicable, Seen, Severity
from models.evidence.checks.given import Given
from models.evidence.checks.parts import LEAST_WINS, later_data, split_of
from models.measures import probability
from models.measures.metrics import resamples

LARGEST_ERROR: Final = 0.05
LEAST_MOVE: Final = 1.25
DRAWS: Final = 200


def chances_hold(given: Given) -> Seen | None:
    """Answer whether the calibration error on later data is surely above `LARGEST_ERROR`.

    Noise alone makes the error positive, in the data and once more in each draw from them. The basic bootstrap
    interval, 2 x error - draws, takes that out (Davison & Hinkley, 1997, ch. 5.2); percentiles would add it twice.
    """
    if given.bundle.calibration is None:
        raise NotApplicable("the model says no chances, only an order")
    part = later_data(given)
    chance = given.bundle.calibration.apply(given.bundle.rung.margin(part.matrix.values))
    bins = probability.equal_mass_bins(chance)
    ones = np.ones((1, len(chance)))
    error = float(probability.calibration_error(ones, part.label, chance=chance, bin_of=bins)[0])
    drawn = np.concatenate(
        [
            probability.calibration_error(weight, part.label, chance=chance, bin_of=bins)
            for weight in resamples(part.matrix.keys, seed=given.seed, draws=DRAWS)
        ]
    )
    low, high = (2 * error - np.quantile(drawn, q) for q in (0.975, 0.025))
    if low <= LARGEST_ERROR:
        return None
    return Seen(
        f"chances miss what happened by {error:.3f} [{low:.3f}, {high:.3f}] on average on later data: "
        f"{chance.mean():.1%} were expected to win, {part.label.mean():.1%} did",
        {"error": error, "low": float(low), "high": float(high)},
    )


def base_rate_holds(given: Given) -> Seen | None:
    """Answer whether the share that wins is another one on the test than on the calibration part."""
    split = split_of(given)
    part = later_data(given)
    rows = split.calibrate | split.test
    if given.part(split.calibrate).wins < LEAST_WINS:
        wins = given.part(split.calibrate).wins
        raise NotApplicable(f"{wins} winning prospects in the calibration part, {LEAST_WINS} needed")
    label, tested = given.label[rows], split.test[rows]
    before, after = float(label[~tested].mean()), float(part.label.mean())
    drawn = np.concatenate(
        [
            probability.mean(weight[:, tested], label[tested]) - probability.mean(weight[:, ~tested], label[~tested])
            for weight in resamples(given.matrix.keys[rows], seed=given.seed, draws=DRAWS)
        ]
    )
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    sure = low > 0 or high < 0
    if not sure or 1 / LEAST_MOVE < after / before < LEAST_MOVE:
        return None
    return Seen(
        f"{before:.1%} of the snapshots won in the calibration part, {after:.1%} on later data "
        f"({after - before:+.1%} [{low:+.1%}, {high:+.1%}])",
        {"before": before, "after": after, "low": float(low), "high": float(high)},
    )


CHECKS: Final = (
    Check(
        "TK005", "Chances do not hold on later data", Severity.WARNING,
        f"The calibration error on later data lies above {LARGEST_ERROR}, with its whole 95 % interval.",
        "Trust the order, not the percentages, and train again as soon as newer outcomes are known.",
        chances_hold,
    ),
    Check(
        "TK006", "The base rate moved", Severity.WARNING,
        f"The share that wins differs between the calibration part and later data by a factor of {LEAST_MOVE} or more "
        "(either way), and the 95 % interval of the difference leaves 0 out.",
        "Find out what changed (prices, a campaign, whom marketing lets in); read chances as an order until then.",
        base_rate_holds,
    ),
)  # fmt: skip
