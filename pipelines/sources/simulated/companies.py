"""Who could buy: companies of three sizes in five regions, and the people who work there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.sources.simulated.draws import Floats, Ints, Rng, cumulated, pick, pick_from
from pipelines.sources.simulated.parameters import NEVER, WorldParameters

REGIONS: Final = ("DACH", "Nordics", "UK and Ireland", "Southern Europe", "North America")
INDUSTRIES: Final = (
    "food processing", "pharmaceuticals", "chemicals", "water utilities", "universities", "logistics",
)  # fmt: skip
SEGMENTS: Final = ("small", "medium", "large")
ROLES: Final = (
    "owner", "finance director", "operations lead", "IT manager", "purchasing manager", "laboratory technician",
)  # fmt: skip
SENIORITY: Final = ("executive", "executive", "manager", "manager", "manager", "staff")
"""Of each role."""
MEDIA: Final = ("phone", "email", "in_person", "social")
MOST_CONTACTS: Final = 6
FIRST_HOUR: Final = 8
HOURS: Final = 10
"""Outbound touches happen from 08:00 to 18:00, local time."""
_APART: Final = np.arange(HOURS)[:, None] - np.arange(HOURS)
AT_HOUR: Final = 0.45 + 0.55 * np.exp(-(_APART**2) / 6.0)
"""What an hour of calling leaves of the chance to answer, shape (hour, best hour)."""

_ROLE_WEIGHTS: Final = np.array([[5, 2, 3, 1, 1, 2], [1, 2, 4, 3, 3, 2], [0.2, 2, 4, 4, 4, 3]])
_REPLY: Final = np.array([0.42, 0.28, 0.75, 0.12])
_REPLY_OF_EXECUTIVES: Final = np.array([0.65, 1.1, 0.9, 1.0])
_LIKELIEST_REPLY: Final = 0.85
_DO_NOT_CONTACT: Final = 0.04


@dataclass(frozen=True)
class Companies:
    """Accounts; each array has one entry per account, holding positions in the tuples above."""

    region: Ints
    industry: Ints
    segment: Ints
    employees: Ints


@dataclass(frozen=True)
class Contacts:
    """People; those of account `a` stand at `first[a] : first[a] + count[a]`.

    `reply` (n, 4) is the chance to answer on each of `MEDIA` (on the phone at the best hour);
    `refused` is the day on which the person asks not to be contacted, `refusal_known` the first day on which
    every salesperson knows it (NEVER for most).
    """

    account: Ints
    role: Ints
    best_hour: Ints
    reply: Floats
    refused: Ints
    refusal_known: Ints
    first: Ints
    count: Ints

    def slots(self, account: Ints) -> Ints:
        """Return the contacts of each account, shape (n, 6), -1 where it has fewer."""
        place = np.arange(MOST_CONTACTS)
        held = place < self.count[account][:, None]
        return np.where(held, self.first[account][:, None] + place, -1)


def found_companies(world: WorldParameters, count: int) -> Companies:
    """Draw the companies; the number of employees follows the segment."""
    rng = world.rng("companies")
    segment = pick_from(rng, (0.5, 0.35, 0.15), count)
    typical = np.array([18.0, 140.0, 1400.0])[segment]
    return Companies(
        region=pick_from(rng, (0.3, 0.15, 0.2, 0.2, 0.15), count),
        industry=pick_from(rng, (0.24, 0.16, 0.18, 0.12, 0.14, 0.16), count),
        segment=segment,
        employees=np.maximum(1, typical * np.exp(rng.normal(0, 0.5, count))).astype(np.int64),
    )


def hire_contacts(world: WorldParameters, companies: Companies) -> Contacts:
    """Draw one to six people for each company, with their roles, habits of answering and refusals."""
    rng = world.rng("contacts")
    size = len(companies.segment)
    count = 1 + rng.binomial(MOST_CONTACTS - 1, np.array([0.15, 0.35, 0.55])[companies.segment])
    account = np.repeat(np.arange(size), count)
    role = pick(rng, cumulated(_ROLE_WEIGHTS)[companies.segment[account]])
    refused, known = _refusals(rng, world.days, len(account))
    return Contacts(
        account=account,
        role=role,
        best_hour=rng.integers(0, HOURS, len(account)),
        reply=_replies(rng, role),
        refused=refused,
        refusal_known=known,
        first=np.cumsum(count) - count,
        count=count,
    )


def _replies(rng: Rng, role: Ints) -> Floats:
    executive = np.array([s == "executive" for s in SENIORITY])[role][:, None]
    own = np.exp(rng.normal(0, 0.6, (len(role), len(MEDIA))))
    reply: Floats = np.minimum(_LIKELIEST_REPLY, _REPLY * own * np.where(executive, _REPLY_OF_EXECUTIVES, 1.0))
    return reply


def _refusals(rng: Rng, days: int, size: int) -> tuple[Ints, Ints]:
    refused = np.where(rng.random(size) < _DO_NOT_CONTACT, rng.integers(0, days, size), NEVER)
    return refused, refused + rng.integers(1, 4, size)
