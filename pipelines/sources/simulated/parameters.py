"""How large and how long the simulated company is, and which stream of chance each idea draws from."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import numpy as np

from features.errors import TaktError

NEVER: Final = 1_000_000
"""A day number that no world reaches."""
LEADS_PER_SELLER: Final = 200
SMALLEST: Final = {"prospects": 50, "days": 90, "horizon_days": 1, "seed": 0}


class WorldError(TaktError):
    """A simulated company was asked for that cannot exist."""


@dataclass(frozen=True)
class WorldParameters:
    """The world to simulate. Day `d` is the UTC day `[start + d, start + d + 1)`; facts end before `end`.

    Parameters
    ----------
    end : date
        First day after the world, UTC: no fact is recorded at or after its midnight.
    prospects : int
        Prospects created over the whole time, at least 50.
    seed : int
        Same seed (and sizes), same world, byte for byte.
    days : int
        Length of the world in days, at least 90.
    horizon_days : int
        H of the true chance of winning in `[as_of, as_of + H)`.

    Raises
    ------
    WorldError
        One of the numbers is too small.
    """

    end: dt.date
    prospects: int = 2000
    seed: int = 7
    days: int = 540
    horizon_days: int = 45

    def __post_init__(self) -> None:
        for name, least in SMALLEST.items():
            if getattr(self, name) < least:
                raise WorldError(f"simulated: {name} is {getattr(self, name)}; give at least {least}.")

    @property
    def start(self) -> dt.date:
        """First day of the world."""
        return self.end - dt.timedelta(days=self.days)

    @property
    def sellers(self) -> int:
        """Number of salespeople: one for 200 prospects, at least one for each of the five regions."""
        return max(5, round(self.prospects / LEADS_PER_SELLER))

    def rng(self, idea: str) -> np.random.Generator:
        """Return the stream of one idea, so that a change in one file does not move the others."""
        return np.random.default_rng([self.seed, *idea.encode()])
