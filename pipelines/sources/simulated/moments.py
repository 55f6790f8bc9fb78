"""The right time: a hidden need that appears on some day, lasts a while, and may never come at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import gammaincc

from pipelines.sources.simulated.companies import ROLES
from pipelines.sources.simulated.draws import Bools, Floats, Ints, Rng, cumulated, pick, sigmoid
from pipelines.sources.simulated.leads import Cast
from pipelines.sources.simulated.parameters import NEVER, WorldParameters

STAGES: Final = ("new", "contacted", "qualified", "proposal")
PROPOSAL: Final = 3
WON: Final = 4
LOST: Final = 5

SIGNING: Final = np.array([0.0025, 0.0025, 0.0025, 0.015])
"""Chance a day to sign without being called, by stage, while the need is there. Being qualified buys nothing."""
DRIFTING: Final = 0.0012
"""Chance a day that a prospect is lost for no reason of ours."""
GONE: Final = 0.03
"""Further chance a day to be lost once the need is over: somebody else was faster."""
AGED: Final = 0.03
OLD_DAYS: Final = 130
"""Further chance a day to be tidied away, from this age on."""

_AT_ONCE, _SOON_DAYS, _WAIT_DAYS = 0.2, 5, 55
_LEAST_DAYS, _SHAPE, _SCALE_DAYS = 14, 3, 18
_INDUSTRY_FIT: Final = np.array([0.6, 0.9, 0.2, -0.2, -0.9, -0.7])
_SOURCE_FIT: Final = np.array([0.3, 0.1, 1.1, -1.0, -0.3])
_SEGMENT_FIT: Final = np.array([-0.5, 0.5, 0.2])
_RIGHT_ROLE: Final = np.array([[6, 1, 4, 1, 1, 1], [1, 2, 7, 2, 2, 0.5], [0.5, 3, 3, 2, 6, 0.3]])


@dataclass(frozen=True)
class Needs:
    """Hidden state of each lead; the need is there on the days `[appears, ends)`.

    `fit` has mean about 0 and standard deviation about 1; `pace` multiplies every chance of progress;
    `right` is the slot (0 to 5) of the person who decides; `curious` multiplies how much they look at us, need or none.
    """

    fit: Floats
    pace: Floats
    appears: Ints
    ends: Ints
    right: Ints
    curious: Floats

    def there(self, leads: Ints, day: int) -> Bools:
        """Tell for each of these leads whether the need is there on `day`."""
        held: Bools = (self.appears[leads] <= day) & (day < self.ends[leads])
        return held

    def loss(self, leads: Ints, day: int, age: Ints) -> Floats:
        """Return the chance to be lost on `day`."""
        return DRIFTING + GONE * (self.ends[leads] <= day) + AGED * (age >= OLD_DAYS)


def awaken(world: WorldParameters, cast: Cast) -> Needs:
    """Draw fit from what can be seen and a part that cannot; then whether, when and how long there is a need."""
    rng, leads, companies = world.rng("needs"), cast.leads, cast.companies
    size = world.prospects
    seen = _INDUSTRY_FIT[companies.industry[leads.account]] + _SOURCE_FIT[leads.source] + _SEGMENT_FIT[cast.segment]
    fit = 0.5 * seen + rng.normal(0, 0.8, size)
    comes = rng.random(size) < ever(fit)
    at_once = rng.random(size) < _AT_ONCE
    wait = np.where(at_once, rng.uniform(0, _SOON_DAYS, size), rng.exponential(_WAIT_DAYS, size))
    appears = np.where(comes, leads.created + 1 + wait.astype(np.int64), NEVER)
    lasts = _LEAST_DAYS + rng.gamma(_SHAPE, _SCALE_DAYS, size).astype(np.int64)
    return Needs(
        fit=fit,
        pace=np.clip(np.exp(0.3 * fit), 0.5, 1.35),
        appears=appears,
        ends=np.where(comes, appears + lasts, NEVER),
        right=_deciders(rng, cast),
        curious=np.exp(rng.normal(-0.3, 0.8, size)),
    )


def ever(fit: Floats) -> Floats:
    """Return the chance that there will ever be a need."""
    return sigmoid(0.5 + 1.0 * fit)


def waiting(days: Ints) -> Floats:
    """Return the chance that a need that comes at all comes `days` or more after the day behind the creation."""
    soon = _AT_ONCE * np.maximum(0.0, 1.0 - np.maximum(days, 0) / _SOON_DAYS)
    later: Floats = (1.0 - _AT_ONCE) * np.exp(-np.maximum(days, 0) / _WAIT_DAYS)
    return soon + later


def lasting(days: Ints) -> Floats:
    """Return the chance that a need is still there `days` after its first one."""
    beyond: Floats = gammaincc(_SHAPE, np.maximum(days - _LEAST_DAYS + 1, 0) / _SCALE_DAYS)
    return beyond


def _deciders(rng: Rng, cast: Cast) -> Ints:
    """Choose who decides at each lead: likely by role and size of the company, never certain."""
    slots = cast.leads.contacts
    role = cast.contacts.role[np.maximum(slots, 0)]
    weights = _RIGHT_ROLE[cast.segment[:, None], role] * np.exp(rng.normal(0, 0.5, slots.shape))
    return pick(rng, cumulated(np.where(slots >= 0, weights, 0.0)))


def is_executive(role: Ints) -> Bools:
    """Tell which roles sit at the top; habits prefer them."""
    return np.array([r in ("owner", "finance director") for r in ROLES])[role]
