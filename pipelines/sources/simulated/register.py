"""The CRM's lists of who: companies, people, opportunities and the catalogue of offers, as raw tables."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from pipelines.sources.simulated import names
from pipelines.sources.simulated.clock import HOUR, MINUTE, ZONES, timestamps
from pipelines.sources.simulated.companies import INDUSTRIES, REGIONS, ROLES, SEGMENTS, SENIORITY
from pipelines.sources.simulated.draws import Ints
from pipelines.sources.simulated.leads import PRODUCTS, SOURCES, Cast
from pipelines.sources.simulated.offering import LEASING, OFFERS, Desk
from pipelines.sources.simulated.parameters import WorldParameters
from pipelines.sources.simulated.recording import Recorder

LEVEL: Final = {"executive": "C", "manager": "M", "staff": "S"}
_NO_BRANCH, _NO_POSITION = 0.04, 0.03
"""Shares that nobody filled in."""
_OFFER_WORDS: Final = (
    "The instruments at list price", "Six weeks of use before the decision", "12 % off the list price",
    "Three years of calibration and repair included", "Monthly payments over three years",
)  # fmt: skip


def offer_ids() -> Any:
    """Return the article number of each offer."""
    return names.ids("O", np.arange(len(OFFERS)), 1)


def worded(codes: Ints, words: Any) -> Any:
    """Return codes as a categorical of words; negative codes are missing."""
    return pd.Categorical.from_codes(codes, categories=list(words))


def first_seen(cast: Cast, created_at: Ints) -> Ints:
    """Return when each company was entered: half an hour before its first opportunity."""
    seen = np.full(len(cast.companies.segment), np.iinfo(np.int64).max)
    np.minimum.at(seen, cast.leads.account, created_at)
    return seen - 30 * MINUTE


def companies(world: WorldParameters, cast: Cast, entered: Ints) -> pd.DataFrame:
    """Return the list of companies."""
    rng, c = world.rng("company names"), cast.companies
    branch = np.where(rng.random(len(c.segment)) < _NO_BRANCH, -1, c.industry)
    return pd.DataFrame(
        {
            "company_no": cast.company_ids,
            "firm": names.firms(rng, c.industry, c.region),
            "branch": worded(branch, INDUSTRIES),
            "headcount": c.employees,
            "market": worded(c.region, REGIONS),
            "entered_at": timestamps(entered),
        }
    )


def people(world: WorldParameters, cast: Cast, entered: Ints) -> pd.DataFrame:
    """Return the list of people; who refused to be contacted stands twice, before and after."""
    rng, c = world.rng("people names"), cast.contacts
    size = len(c.role)
    position = np.where(rng.random(size) < _NO_POSITION, -1, c.role)
    region = cast.companies.region[c.account]
    first = pd.DataFrame(
        {
            "person_no": cast.contact_ids,
            "company_no": cast.company_ids[c.account],
            "full_name": names.people(rng, size),
            "position": worded(position, ROLES),
            "level": pd.Categorical(np.array([LEVEL[s] for s in SENIORITY], dtype=object)[c.role]),
            "mail": names.ids("person.", np.arange(size), 6) + "@example.com",
            "tel": names.ids("+00 555 ", np.arange(size), 7),
            "clock": worded(region, ZONES),
            "refused_at": timestamps(np.full(size, -1)),
            "entered_at": timestamps(entered[c.account]),
        }
    )
    return pd.concat([first, _refusals(world, cast, first)], ignore_index=True)


def _refusals(world: WorldParameters, cast: Cast, first: pd.DataFrame) -> pd.DataFrame:
    """Write the second version of each person who refused: at ten in the morning, known before its first full day."""
    c, rng = cast.contacts, world.rng("refusals")
    who = np.flatnonzero(c.refusal_known <= world.days)
    region = cast.companies.region[c.account[who]]
    refused = cast.clock.utc(c.refused[who], np.full(len(who), 10.0), region)
    known = cast.clock.midnight(c.refusal_known[who]) - rng.integers(1 * MINUTE, 8 * HOUR, len(who))
    entered = first["entered_at"].iloc[who].reset_index(drop=True) + pd.Timedelta(minutes=1)
    return (
        first.iloc[who]
        .reset_index(drop=True)
        .assign(refused_at=timestamps(refused), entered_at=np.maximum(entered, timestamps(known)))
    )


def opportunities(cast: Cast, recorder: Recorder, created_at: Ints) -> pd.DataFrame:
    """Return the opportunities, in order of creation, as far as they are entered before the world ends."""
    leads, rng = cast.leads, recorder.rng
    entered = created_at + rng.integers(MINUTE, 30 * MINUTE, len(created_at))
    table = pd.DataFrame(
        {
            "opp_no": cast.lead_ids,
            "company_no": cast.company_ids[leads.account],
            "opened_at": timestamps(created_at),
            "entered_at": timestamps(entered),
            "seller": names.ids("S", leads.owner + 1, 2),
            "market": worded(cast.region, REGIONS),
            "size_class": worded(cast.segment, SEGMENTS),
            "came_from": worded(leads.source, SOURCES),
            "expected_value": np.round(leads.value, -2),
            "product": worded(leads.product, PRODUCTS),
        }
    )
    return table[recorder.in_time(entered)].sort_values("opp_no", ignore_index=True)


def quote_catalogue(desk: Desk, cast: Cast) -> pd.DataFrame:
    """Return the offers; leasing starts in the course of the world."""
    begins = np.full(len(OFFERS), -1)
    begins[LEASING] = cast.clock.midnight(np.array(desk.leasing_from))
    return pd.DataFrame(
        {
            "article": offer_ids(),
            "title": list(OFFERS),
            "sold_from": timestamps(begins),
            "phases": "contacted,qualified,proposal",
            "size_classes": ",".join(SEGMENTS),
            "text": list(_OFFER_WORDS),
        }
    )
