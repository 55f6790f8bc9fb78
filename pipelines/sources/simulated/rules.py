"""The rules by which a day passes: used to simulate the world and to say what a perfect forecaster would say.

A day of an open prospect, in this order: it may be lost; otherwise it may sign unasked (only in a need);
otherwise the owner may try to reach somebody. A conversation moves a prospect to `proposal`, and from there to
won, only if the need is there *and* the person decides. All other conversations change what the CRM shows
(`contacted`, `qualified`) but not the chance of winning.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from pipelines.sources.simulated.draws import Floats, Ints
from pipelines.sources.simulated.leads import Cast
from pipelines.sources.simulated.moments import Needs
from pipelines.sources.simulated.offering import OFFERED, Desk
from pipelines.sources.simulated.reaching import Reach

MOVING: Final = np.array([0.52, 0.52, 0.52, 0.42])
"""Chance that a conversation with the decider in a need leads to a proposal (from 0 to 2) or to a win (from 3)."""
HOPING: Final = 0.25
"""Chance that any other conversation turns `contacted` into `qualified`: the salesperson hopes."""
MOST_ATTENTION: Final = 0.35
"""Nobody is tried with a higher chance than this on a day."""
_STAGE_PULL: Final = np.array([1.0, 1.0, 1.2, 1.4])
_FADING_DAYS, _LASTING = 30.0, 0.25


@dataclass(frozen=True)
class Rules:
    """Everybody and their habits, with the chances of one day as functions of the hidden state."""

    cast: Cast
    needs: Needs
    reach: Reach
    desk: Desk

    def pull(self, leads: Ints, age: Ints) -> Floats:
        """Return how strongly a lead attracts its owner: customers they know, and recent ones, not the best."""
        pull: Floats = self.cast.leads.known[leads] * (np.exp(-age / _FADING_DAYS) + _LASTING)
        return pull

    def attention(self, pull: Floats, pressure: Floats, stage: Ints | int) -> Floats:
        """Return the chance that the owner tries the lead today; `pressure` is calls per unit of pull."""
        chance: Floats = np.minimum(MOST_ATTENTION, pressure * pull * _STAGE_PULL[stage])
        return chance

    def stage_pull(self, stage: Ints) -> Floats:
        """Return the part of the pull that depends on the stage."""
        factor: Floats = _STAGE_PULL[stage]
        return factor

    def moved(self, leads: Ints, stage: Ints | int, effect: Floats | float) -> Floats:
        """Return the chance that a conversation in a need with the decider moves the lead; `effect` of an offer."""
        return MOVING[stage] * self.needs.pace[leads] + effect

    def mean_effect(self, leads: Ints, stage: int, valid: int) -> Floats | float:
        """Return the effect of offers to be expected at this stage, given the habits of the owners."""
        if stage == 0:
            return 0.0
        table = self._effects[valid, :, stage - 1]
        mean: Floats = OFFERED * table[self.cast.leads.owner[leads], self.cast.segment[leads]]
        return mean

    @cached_property
    def _effects(self) -> Floats:
        return self.desk.mean_effect()
