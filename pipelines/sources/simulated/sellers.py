"""Who sells: salespeople with a territory, a day's capacity and habits that are not the best ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.sources.simulated.companies import HOURS, MEDIA, REGIONS
from pipelines.sources.simulated.draws import Bools, Floats, Ints
from pipelines.sources.simulated.parameters import LEADS_PER_SELLER, WorldParameters

CAPACITY: Final = (8, 7, 9, 8, 6)
"""Calls a working day, in turn; definitions.yaml says the same."""
_TIDY_EACH: Final = 8
_MEDIA_HABIT: Final = np.array([5.0, 3.2, 0.7, 1.1])


@dataclass(frozen=True)
class Sellers:
    """Salespeople; `media` (n, 4) and `hours` (n, 10) are the chances with which they choose.

    `favourite` is the offer they like to make; the `tidy` ones write their notes at the end of the month.
    """

    region: Ints
    capacity: Floats
    media: Floats
    hours: Floats
    favourite: Ints
    tidy: Bools


def hire_sellers(world: WorldParameters) -> Sellers:
    """Draw the team; everyone works in one region, capacities shrink where prospects are few."""
    rng = world.rng("sellers")
    place = np.arange(world.sellers)
    load = world.prospects / (world.sellers * LEADS_PER_SELLER)
    late = np.linspace(0, 1, HOURS)
    lean = rng.normal(0, 1.2, (world.sellers, 1))
    hours = np.exp(lean * late)
    return Sellers(
        region=place % len(REGIONS),
        capacity=np.array(CAPACITY)[place % len(CAPACITY)] * min(1.0, load),
        media=rng.dirichlet(_MEDIA_HABIT * 4, world.sellers).reshape(-1, len(MEDIA)),
        hours=hours / hours.sum(axis=1, keepdims=True),
        favourite=rng.integers(0, 5, world.sellers),
        tidy=place % _TIDY_EACH == _TIDY_EACH // 2,
    )
