"""Whether the champion keeps its promise: wins among the calls of a morning, as its card said and as it came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from features.time.labels import observed_until, won_within
from models.evidence.watching.rule import Action, CannotTell, Measure, Rule, State
from models.evidence.watching.watched import Watched
from models.measures.metrics import resamples
from models.measures.ranking import Floats

LEAST_CALLS: Final = 50
LEAST_PROSPECTS: Final = 20
ALARM_SHARE: Final = 0.75
"""A list that brings less than this share of the promise alarms; less than promised, surely, warns."""
DRAWS: Final = 500
CARD: Final = "wins among the calls listed, against the model card"
OWN: Final = "wins among the calls listed, against the lists' own chances"


def kept(given: Watched) -> tuple[Measure, ...]:
    """Answer what share of the calls listed went to somebody who won, against what was promised."""
    calls, won = _judged(given)
    share = float(won.mean())
    weights = np.concatenate(list(resamples(calls, seed=given.seed, draws=DRAWS)))
    low, high = map(float, np.quantile(weights @ won / weights.sum(axis=1), [0.025, 0.975]))
    found = _Found(share, low, high, calls, won)
    return _against_card(given, found), _against_chances(found, weights)


@dataclass(frozen=True)
class _Found:
    """The share of calls to winners with its 95 % interval, from draws of whole prospects."""

    share: float
    low: float
    high: float
    calls: pd.DataFrame
    won: Floats

    @property
    def words(self) -> str:
        first = self.calls["as_of"].min()
        return (
            f"of {len(self.calls):,} calls listed since {first:%-d %B %Y}, {self.share:.1%} [{self.low:.1%}, "
            f"{self.high:.1%}] went to prospects who won"
        )


def _judged(given: Watched) -> tuple[pd.DataFrame, Floats]:
    """Return the calls of this champion's lists whose horizon has passed, and whether each was followed by a win."""
    if given.bundle is None:
        raise CannotTell("there is no champion yet")
    calls = given.listed[given.listed["bundle"] == given.bundle.fingerprint].reset_index(drop=True)
    if calls.empty:
        raise CannotTell("no list of this champion has been published yet")
    until = observed_until(given.facts, given.looked_at, definitions=given.definitions)
    days = given.definitions.horizon_days
    label = won_within(given.facts, calls[["prospect_id", "as_of"]], days=days, observed_until=until).to_numpy()
    known = ~np.isnan(label)
    people = calls["prospect_id"][known].nunique()
    if known.sum() < LEAST_CALLS or people < LEAST_PROSPECTS:
        from_ = (calls["as_of"].min() + given.horizon).date()
        raise CannotTell(
            f"{known.sum()} calls to {people} prospects of this champion's lists are {days} days old, {LEAST_CALLS} to "
            f"{LEAST_PROSPECTS} needed; the first are judged on {_day(from_)}"
        )
    return calls[known].reset_index(drop=True), label[known]


def _against_card(given: Watched, found: _Found) -> Measure:
    promised = _promised(given.promise)
    if promised is None:
        why = "the card promised nothing: its training had no later data to measure on"
        return Measure(CARD, why, State.UNKNOWN, value=found.share, low=found.low, high=found.high, n=len(found.won))
    share, low, high = promised
    # the interval of a difference from those of its parts (Zou & Donner, 2008, Statistics in Medicine 27: 1693)
    most = found.share - share + float(np.hypot(found.high - found.share, share - low))
    state = State.GOOD
    if most < 0:
        state = State.ALARMS if found.share < ALARM_SHARE * share else State.WARNS
    says = f"{found.words}; its card promised {share:.1%} [{low:.1%}, {high:.1%}] at the team's capacity"
    return Measure(
        CARD, says, state, value=found.share, usual=share, low=found.low, high=found.high, n=len(found.won), unit="%"
    )


def _promised(promise: Mapping[str, Any] | None) -> tuple[float, float, float] | None:
    """Return the share of a mean morning's calls that went to winners in the test part, with its interval."""
    if promise is None:
        return None
    for row in promise.get("at_capacity", ()):
        if row["calls"] == promise.get("capacity") and row["called"]:
            told = row["lists"][promise["kept"]]["calls_to_winners"]
            if None not in (told["value"], told["low"], told["high"]):
                value, low, high = (float(told[k]) / float(row["called"]) for k in ("value", "low", "high"))
                return value, low, high
    return None


def _against_chances(found: _Found, weights: Floats) -> Measure:
    chance = found.calls["chance"].to_numpy(np.float64)
    if np.isnan(chance).any():
        return Measure(OWN, "the lists said no chances, only an order", State.UNKNOWN)
    expected = float(chance.sum())
    ratio = float(found.won.sum()) / expected
    low, high = map(float, np.quantile((weights @ found.won) / (weights @ chance), [0.025, 0.975]))
    state = State.GOOD
    if high < 1:
        state = State.ALARMS if ratio < ALARM_SHARE else State.WARNS
    says = (
        f"the lists' own chances added up to {expected:.1f} calls to winners and {found.won.sum():.0f} came: "
        f"{ratio:.2f} [{low:.2f}, {high:.2f}] of them"
    )
    return Measure(OWN, says, state, value=ratio, usual=1.0, low=low, high=high, n=len(found.won), unit="times")


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"


RULES: Final = (
    Rule(
        "TW008", "The promise is not kept", Action.RETRAIN,
        f"Calls listed by this champion whose horizon has passed ({LEAST_CALLS} at least, to {LEAST_PROSPECTS} "
        "prospects). Warns when surely (95 % interval) fewer of them went to winners than its card promised at the "
        f"team's capacity, or than the lists' own chances add up to; alarms below {ALARM_SHARE:.0%} of either.",
        "Train again (`takt train`). Lists obey gaps, territories and absences and explore a little, the card does "
        "not: a list somewhat below its card is normal where many are left out; one below its own chances is not.",
        kept,
    ),
)  # fmt: skip
