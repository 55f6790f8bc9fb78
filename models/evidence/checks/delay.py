"""Whether the labels are complete: wins that are booked late are missing from the newest snapshots."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from features.facts.contract import TABLES
from features.facts.ledger import Facts, current
from models.evidence.checks.check import Check, NotApplicable, Seen, Severity
from models.evidence.checks.given import Given
from models.evidence.checks.parts import LEAST_WINS
from models.measures.ranking import Floats

MISSING_SHARE: Final = 0.05
RECORDED: Final = 0.95
LEAST_SEEN: Final = 0.1
"""A win is counted at most 1 / this many times: so young ones say little about those not recorded yet."""


def label_delay(given: Given) -> Seen | None:
    """Answer what share of the wins of the newest horizon is probably not recorded yet.

    Each recorded win stands for 1 / F(its age) wins that happened when it did, F(d) the share of wins that are
    recorded within d days. Only what was recorded in time is seen, so F is the product-limit estimate for right
    truncation (Lagakos, Barraj & De Gruttola, 1988, Biometrika 75: 515-523).
    """
    if given.facts is None:
        raise NotApplicable("no facts were given")
    if not given.times_recorded:
        raise NotApplicable("the source does not know when outcomes were recorded")
    end = given.bundle.trained_as_of
    delay, age = _delays(given.facts, end)
    if len(delay) < LEAST_WINS:
        raise NotApplicable(f"{len(delay)} recorded wins, {LEAST_WINS} needed")
    newest = age < given.bundle.horizon_days
    if not newest.any():
        raise NotApplicable(f"no win happened in the last {given.bundle.horizon_days} days")
    weight = 1 / np.maximum(recorded_within(delay, age, age[newest]), LEAST_SEEN)
    missing = float((weight - 1).sum())
    share = missing / float(weight.sum())
    if share < MISSING_SHARE:
        return None
    days = _days_until(delay, age)
    return Seen(
        f"of the wins of the last {given.bundle.horizon_days} days, {newest.sum()} are recorded and about "
        f"{missing:.0f} ({share:.0%}) are not yet; {RECORDED:.0%} of wins are recorded within {days:.0f} days",
        {"missing": missing, "share": share, "days": days},
    )


def recorded_within(delay: Floats, age: Floats, days: Floats) -> Floats:
    """Return F(d), the share of wins recorded within d days, for each d of `days`.

    Parameters
    ----------
    delay, age : array, shape (n_wins,)
        Days from each win to its record, and to the moment of looking; `delay <= age`.
    """
    at = np.unique(delay)
    # of the wins old enough to have shown a delay of x, those recorded within x; one of them at exactly x or not
    possible = np.array([((delay <= x) & (age >= x)).sum() for x in at])
    exactly = np.array([(delay == x).sum() for x in at])
    kept = 1 - exactly / possible
    # F(x) is the product over all longer delays
    share = np.append(np.cumprod(kept[::-1])[::-1][1:], 1.0)
    place = np.searchsorted(at, days, side="right") - 1
    found: Floats = np.where(place >= 0, share[np.maximum(place, 0)], 0.0)
    return found


def _delays(facts: Facts, end: pd.Timestamp) -> tuple[Floats, Floats]:
    """Return delay and age in days of every win recorded before `end`; the first record of each counts."""
    key = list(TABLES["outcomes"].key)
    known = facts.outcomes[facts.outcomes["recorded_at"] < end]
    won = current(known, TABLES["outcomes"].key)
    won = won[(won["result"] == "won") & (won["occurred_at"] < end)]
    first = known.groupby(key, as_index=False)["recorded_at"].min()
    seen = won[key].merge(first, on=key)
    day = pd.Timedelta(days=1)
    delay = ((seen["recorded_at"] - seen["occurred_at"]) / day).clip(lower=0.0).to_numpy(dtype=np.float64)
    return delay, ((end - seen["occurred_at"]) / day).to_numpy(dtype=np.float64)


def _days_until(delay: Floats, age: Floats) -> float:
    at = np.unique(delay)
    return float(np.ceil(at[np.argmax(recorded_within(delay, age, at) >= RECORDED)]))


CHECKS: Final = (
    Check(
        "TK004", "Outcomes are recorded late", Severity.WARNING,
        f"At least {100 * MISSING_SHARE:.0f} % of the wins of the last horizon are estimated not to be recorded yet.",
        "Set `observed_until` in definitions.yaml so many days back, or have wins entered sooner: until then the "
        "newest snapshots look worse than they were.",
        label_delay,
    ),
)  # fmt: skip
