"""The right person and place: whom salespeople reach for, on which channel, and what chance that has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.sources.simulated.companies import AT_HOUR, MEDIA
from pipelines.sources.simulated.draws import Bools, Floats, Ints, Rng, cumulated, pick
from pipelines.sources.simulated.leads import Cast
from pipelines.sources.simulated.moments import Needs, is_executive
from pipelines.sources.simulated.parameters import WorldParameters

PHONE: Final = MEDIA.index("phone")
EMAIL: Final = MEDIA.index("email")
MEET: Final = MEDIA.index("in_person")
_FIRST_LISTED, _EXECUTIVE = 2.0, 1.8


@dataclass(frozen=True)
class Reach:
    """Fixed habits as chances for each lead.

    `prefer` (n, 6) is the chance that the owner tries this contact, `answer` (n, 6) the chance that the contact
    then answers, over the owner's channels and hours.
    """

    prefer: Floats
    answer: Floats

    def of_right(self, leads: Ints, right: Ints) -> Floats:
        """Return the chance that one attempt is a conversation with the person who decides."""
        slot = right[leads]
        return self.prefer[leads, slot] * self.answer[leads, slot]

    def of_anyone(self, leads: Ints, reachable: Bools) -> Floats:
        """Return the chance that one attempt is a conversation; `reachable` (n, 6) excludes refusals."""
        chance: Floats = (self.prefer[leads] * self.answer[leads] * reachable).sum(axis=1)
        return chance


@dataclass(frozen=True)
class Attempt:
    """Attempts of one day, one entry each; `medium` and `hour` are positions, `right` marks the decider."""

    contact: Ints
    medium: Ints
    hour: Ints
    right: Bools
    answered: Bools


def habits(world: WorldParameters, cast: Cast) -> Reach:
    """Write down whom each owner tries: who stands first, who has a title; not who decides."""
    rng, slots, people = world.rng("habits"), cast.leads.contacts, cast.contacts
    who, owner = np.maximum(slots, 0), cast.leads.owner[:, None]
    liking = np.where(is_executive(people.role[who]), _EXECUTIVE, 1.0) * np.exp(rng.normal(0, 0.6, slots.shape))
    liking[:, 0] *= _FIRST_LISTED
    liking[slots < 0] = 0
    over_hours = cast.sellers.hours @ AT_HOUR
    media = cast.sellers.media
    answer = media[owner, PHONE] * people.reply[who, PHONE] * over_hours[owner, people.best_hour[who]]
    for medium in (m for m in range(len(MEDIA)) if m != PHONE):
        answer = answer + media[owner, medium] * people.reply[who, medium]
    return Reach(prefer=liking / liking.sum(axis=1, keepdims=True), answer=np.where(slots >= 0, answer, 0.0))


def attempt(rng: Rng, cast: Cast, reach: Reach, *, needs: Needs, leads: Ints, day: int) -> tuple[Ints, Attempt]:
    """Try to reach somebody at each of these leads; return the leads really tried, and how it went.

    Nobody who is known to have refused is tried: the salesperson who meant to call that person does not call.
    """
    slot = pick(rng, cumulated(reach.prefer[leads]))
    contact = cast.leads.contacts[leads, slot]
    free = cast.contacts.refusal_known[contact] > day
    leads, slot, contact = leads[free], slot[free], contact[free]
    owner = cast.leads.owner[leads]
    medium = pick(rng, cumulated(cast.sellers.media)[owner])
    hour = pick(rng, cumulated(cast.sellers.hours)[owner])
    hindered = np.where(medium == PHONE, AT_HOUR[hour, cast.contacts.best_hour[contact]], 1.0)
    answered = rng.random(len(leads)) < cast.contacts.reply[contact, medium] * hindered
    return leads, Attempt(contact, medium, hour, slot == needs.right[leads], answered)
