"""Which prospects arrive when, from where, at which company, and to whom they are given."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from pipelines.sources.simulated.clock import Clock
from pipelines.sources.simulated.companies import Companies, Contacts, found_companies, hire_contacts
from pipelines.sources.simulated.draws import Floats, Ints, Rng, pick_from
from pipelines.sources.simulated.names import ids
from pipelines.sources.simulated.parameters import WorldParameters
from pipelines.sources.simulated.sellers import Sellers, hire_sellers

SOURCES: Final = ("web form", "trade fair", "referral", "bought list", "advertisement")
PRODUCTS: Final = ("flow meters", "gas analysers", "spectrometers", "process scales")
_ACCOUNTS_PER_LEAD: Final = 0.85
_TYPICAL_VALUE: Final = np.array([9_000.0, 28_000.0, 85_000.0])


@dataclass(frozen=True)
class Leads:
    """Prospects in the order of their owners; `number` counts them by creation (for their ids).

    `contacts` (n, 6) are positions in `Contacts`, -1 where there is none; `known` is how well the owner knows
    the customer (a weight, 1 in the middle); `hour` is local.
    """

    number: Ints
    account: Ints
    owner: Ints
    created: Ints
    hour: Floats
    source: Ints
    product: Ints
    known: Floats
    value: Floats
    contacts: Ints


@dataclass(frozen=True)
class Cast:
    """Everybody in the world, and the clocks they live by."""

    companies: Companies
    contacts: Contacts
    sellers: Sellers
    leads: Leads
    clock: Clock

    @cached_property
    def segment(self) -> Ints:
        """Segment of each lead."""
        return self.companies.segment[self.leads.account]

    @cached_property
    def region(self) -> Ints:
        """Region of each lead; also its time zone."""
        return self.companies.region[self.leads.account]

    @cached_property
    def lead_ids(self) -> Any:
        """Return the id of each lead, counted by creation."""
        return ids("P", self.leads.number, 6)

    @cached_property
    def contact_ids(self) -> Any:
        """Return the id of each contact."""
        return ids("C", np.arange(len(self.contacts.role)), 6)

    @cached_property
    def company_ids(self) -> Any:
        """Return the id of each company."""
        return ids("A", np.arange(len(self.companies.region)), 6)


def assemble(world: WorldParameters) -> Cast:
    """Draw companies, people, the team and the prospects that arrive over the days of the world."""
    accounts = max(1, round(world.prospects * _ACCOUNTS_PER_LEAD))
    companies = found_companies(world, accounts)
    contacts, sellers = hire_contacts(world, companies), hire_sellers(world)
    leads = _arrive(world, companies, contacts, sellers=sellers)
    return Cast(companies, contacts, sellers, leads, Clock.of(world))


def _arrive(world: WorldParameters, companies: Companies, contacts: Contacts, *, sellers: Sellers) -> Leads:
    """Give every company one prospect and some companies more."""
    rng, size = world.rng("leads"), world.prospects
    accounts = len(companies.segment)
    account = np.concatenate([np.arange(accounts), rng.integers(0, accounts, size - accounts)])
    owner = _owners(rng, companies.region[account], sellers)
    created = rng.integers(0, world.days, size)
    order = np.lexsort((created, owner))
    account, owner, created = account[order], owner[order], created[order]
    return Leads(
        number=np.argsort(np.argsort(created, kind="stable")),
        account=account,
        owner=owner,
        created=created,
        hour=rng.uniform(8, 18, size),
        source=pick_from(rng, (0.3, 0.18, 0.12, 0.22, 0.18), size),
        product=rng.integers(0, len(PRODUCTS), size),
        known=np.exp(rng.normal(0, 0.7, size)),
        value=_TYPICAL_VALUE[companies.segment[account]] * np.exp(rng.normal(0, 0.5, size)),
        contacts=contacts.slots(account),
    )


def _owners(rng: Rng, region: Ints, sellers: Sellers) -> Ints:
    """Give each lead to somebody of its region, by chance."""
    regions = int(sellers.region.max()) + 1
    team = np.bincount(sellers.region, minlength=regions)[region]
    return region + regions * np.floor(rng.random(len(region)) * team).astype(np.int64)
