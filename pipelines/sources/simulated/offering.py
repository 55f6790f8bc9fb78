"""The right offer: five offers whose true effect depends on segment and stage, and who chooses which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.sources.simulated.draws import Bools, Floats, Ints, Rng, cumulated, pick
from pipelines.sources.simulated.parameters import WorldParameters
from pipelines.sources.simulated.sellers import Sellers

OFFERS: Final = ("list price", "pilot", "discount", "service bundle", "leasing")
STANDARD: Final = 0
DISCOUNT: Final = 2
LEASING: Final = 4
OFFER_STAGES: Final = ("contacted", "qualified", "proposal")
"""Stages 1 to 3; nothing is offered to a new prospect."""

# rows: small, medium, large; columns: list price, pilot, discount, service bundle, leasing
EFFECT: Final = np.array(
    [
        [[0, 0.16, 0.06, -0.05, 0.02], [0, 0.24, 0.02, -0.02, 0.05], [0, 0.04, -0.06, 0.16, 0.20]],  # contacted
        [[0, 0.08, 0.12, -0.02, 0.12], [0, 0.20, 0.03, 0.06, 0.04], [0, 0.10, -0.05, 0.22, 0.10]],  # qualified
        [[0, -0.06, 0.24, 0.02, 0.18], [0, 0.04, 0.08, 0.20, 0.06], [0, -0.04, 0.02, 0.28, 0.12]],  # proposal
    ]
)
"""Points added to the chance of a positive answer, shape (stage, segment, offer), need and right person given."""

DESIGN: Final = np.array([0.3, 0.175, 0.175, 0.175, 0.175])
"""Chances of the randomised share; they are logged."""
RANDOMISED: Final = 0.2
OFFERED: Final = 0.5
"""Share of conversations (from `contacted` on) in which an offer is made."""
BY_MAIL: Final = 0.15
"""Share of unanswered e-mails that carried one; nobody reacts to it."""
WITHOUT_NEED: Final = (0.1, 0.4)
"""A positive answer out of politeness: base chance, and the part of the effect that remains."""
_FAVOURITE, _SENSED_DISCOUNT = 4.0, 3.0


@dataclass(frozen=True)
class Desk:
    """How offers are chosen: shape (valid leasing 0/1, ...) because leasing starts in mid-world.

    `design` (2, 5) are the randomised chances, `habit` (2, 2, sellers, 5) the habits without and with a need:
    salespeople give the discount away where they sense a need, which is what makes its plain success rate lie.
    """

    leasing_from: int
    design: Floats
    habit: Floats

    def valid(self, day: int) -> int:
        """Return 1 from the day on that leasing is offered, 0 before."""
        return int(day >= self.leasing_from)

    def mean_effect(self) -> Floats:
        """Return the expected effect of an offer made in a need, shape (valid, sellers, stage, segment)."""
        habit = np.einsum("vso,tgo->vstg", self.habit[:, 1], EFFECT)
        design = np.einsum("vo,tgo->vtg", self.design, EFFECT)
        mixed: Floats = (1 - RANDOMISED) * habit + RANDOMISED * design[:, None]
        return mixed


def open_desk(world: WorldParameters, sellers: Sellers) -> Desk:
    """Write the habits of the team down."""
    valid = np.ones((2, len(OFFERS)))
    valid[0, LEASING] = 0
    liking = np.ones((len(sellers.favourite), len(OFFERS)))
    liking[np.arange(len(liking)), sellers.favourite] = _FAVOURITE
    sensing = liking * np.where(np.arange(len(OFFERS)) == DISCOUNT, _SENSED_DISCOUNT, 1.0)
    habit = np.stack([liking, sensing])[None] * valid[:, None, None]
    design = DESIGN * valid
    return Desk(
        leasing_from=world.days // 3,
        design=design / design.sum(axis=1, keepdims=True),
        habit=habit / habit.sum(axis=-1, keepdims=True),
    )


def choose(rng: Rng, desk: Desk, *, day: int, seller: Ints, need: Bools) -> tuple[Ints, Floats]:
    """Choose an offer for each conversation; the propensity is NaN where habit chose."""
    valid = desk.valid(day)
    by_chance = rng.random(len(seller)) < RANDOMISED
    weights = np.where(by_chance[:, None], desk.design[valid], desk.habit[valid, need.astype(int), seller])
    offer = pick(rng, cumulated(weights))
    return offer, np.where(by_chance, desk.design[valid, offer], np.nan)
