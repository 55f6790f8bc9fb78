"""What is foretold of the coming and going of needs: as they will be, or as well as it can be known on a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pipelines.sources.simulated.draws import Bools, Floats, Ints
from pipelines.sources.simulated.inbound import WARMING_DAYS
from pipelines.sources.simulated.moments import Needs, ever, lasting, waiting


class Coming(Protocol):
    """Chances that the need of each of some leads begins and ends on a day, given that it has not done so before."""

    def begins(self, today: int) -> Floats:
        """Return the chance that a need that was not there yet is there from `today` on, shape (n,)."""

    def ends(self, today: int) -> Floats:
        """Return the chance that a need that was there the day before is over on `today`, shape (n,)."""


@dataclass(frozen=True)
class Drawn:
    """The days that were drawn in advance: what only a clairvoyant can say."""

    appears: Ints
    over: Ints

    @classmethod
    def of(cls, needs: Needs, leads: Ints) -> Drawn:
        """Look up the days of these leads."""
        return cls(needs.appears[leads], needs.ends[leads])

    def begins(self, today: int) -> Floats:
        """Return 1 on the day of the need, else 0."""
        now: Floats = (self.appears == today).astype(np.float64)
        return now

    def ends(self, today: int) -> Floats:
        """Return 1 on the day on which it is over, else 0."""
        now: Floats = (self.over == today).astype(np.float64)
        return now


@dataclass(frozen=True)
class Told:
    """What the hidden state of one day tells: which needs are there and since when, and which are warming.

    The beginning of a need that warms is known, it shows already. Of all later ones only their law is, given that
    none began so far; and of every end only the law of how long needs last, given how long this one does.
    """

    since: Ints
    known: Bools
    created: Ints
    ever: Floats
    gone: Floats
    first: int

    @classmethod
    def of(cls, needs: Needs, leads: Ints, *, created: Ints, day: int, horizon: int) -> Told:
        """Tell what is known at 00:00 UTC of `day` of leads whose need is not over, for `[day, day + horizon)`."""
        first = day + WARMING_DAYS + 1
        since = needs.appears[leads]
        known = since < first
        return cls(
            since=np.where(known, since, -1),
            known=known,
            created=created,
            ever=ever(needs.fit[leads]),
            gone=_gone(max(day + horizon - first, 0)),
            first=first,
        )

    def begins(self, today: int) -> Floats:
        """Return 1 on the day of a known need; else the chance that a need that has not come yet comes now."""
        now: Floats = (self.since == today).astype(np.float64)
        if today < self.first:
            return now
        return np.where(self.known, now, 1.0 - self._none(today + 1) / self._none(today))

    def ends(self, today: int) -> Floats:
        """Return the chance that a need that has lasted until now is over."""
        age = np.maximum(today - self.since, 1)
        later = self.gone[today - self.first] if today >= self.first else 0.0
        return np.where(self.known, 1.0 - lasting(age) / lasting(age - 1), later)

    def _none(self, day: int) -> Floats:
        """Return the chance that there is no need before `day`."""
        return 1.0 - self.ever + self.ever * waiting(day - self.created - 1)


def _gone(days: int) -> Floats:
    """Return the chance that a need is over `0, 1, ...` days after the first day of which nothing shows yet.

    From some days after creation on needs come at an even rate, so this is the same for all leads: a mixture over the
    days since the need came, each with its weight. That earlier needs have had more time to be won is left out.
    """
    ages = np.arange(days)
    came = -np.diff(waiting(5 + np.arange(days + 1)))
    there = np.array([came[: k + 1] @ lasting(k - ages[: k + 1]) for k in range(days)])
    before = np.concatenate([[0.0], there[:-1]])
    gone: Floats = np.divide(before + came - there, before, out=np.zeros(days), where=before > 0)
    return gone
