"""The simulated company as one value: from a seed to raw CRM tables, and to the truth that they do not hold."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from pipelines.sources.simulated import fields, inbound, journal, outbound, register, truth
from pipelines.sources.simulated.draws import Ints
from pipelines.sources.simulated.leads import assemble
from pipelines.sources.simulated.moments import awaken
from pipelines.sources.simulated.offering import open_desk
from pipelines.sources.simulated.parameters import WorldParameters
from pipelines.sources.simulated.reaching import habits
from pipelines.sources.simulated.recording import Recorder
from pipelines.sources.simulated.rows import Rows, joined
from pipelines.sources.simulated.rules import Rules
from pipelines.sources.simulated.working import History, live


@dataclass(frozen=True)
class World:
    """A simulated company.

    Attributes
    ----------
    raw : dict of str to DataFrame
        What its CRM exports: companies, people, opportunities, activities, field_history, quotes,
        quote_catalogue, closings. Times are UTC; every row was entered before the end of the world.
    truth : dict of str to DataFrame
        What nobody there knows: prospects, chances, offer_effects, answer_rates, with the contract's ids.
    """

    raw: dict[str, pd.DataFrame]
    truth: dict[str, pd.DataFrame]


def generate(parameters: WorldParameters) -> World:
    """Simulate a company: the same parameters give the same tables, cell by cell."""
    rules = set_up(parameters)
    history = live(parameters, rules)
    at = outbound.attempted_at(parameters, rules, history.episodes)
    ended = journal.closed_at(parameters, rules, history=history, at=at)
    raw = _raw(parameters, rules, history=history, at=at, ended=ended)
    return World(raw=raw, truth=_truth(parameters, rules, history=history, ended=ended))


def set_up(parameters: WorldParameters) -> Rules:
    """Put everybody, their hidden needs and their habits in place, before the first day."""
    cast = assemble(parameters)
    needs, reach = awaken(parameters, cast), habits(parameters, cast)
    return Rules(cast, needs, reach, open_desk(parameters, cast.sellers))


def _raw(world: WorldParameters, rules: Rules, *, history: History, at: Ints, ended: Ints) -> dict[str, pd.DataFrame]:
    cast = rules.cast

    def recorder(idea: str) -> Recorder:
        return Recorder.of(world, cast, idea)

    created = cast.clock.utc(cast.leads.created, cast.leads.hour, cast.region)
    entered = register.first_seen(cast, created)
    events = _events(world, rules, history=history, at=at, created=created)
    return {
        "companies": register.companies(world, cast, entered),
        "people": register.people(world, cast, entered),
        "opportunities": register.opportunities(cast, recorder("opportunities"), created),
        "activities": journal.activities(recorder("activities"), events),
        "field_history": fields.field_history(recorder("fields"), rules, history=history, at=at, ended=ended),
        "quotes": journal.quotes(recorder("quotes"), history.episodes, at),
        "quote_catalogue": register.quote_catalogue(rules.desk, cast),
        "closings": journal.closings(recorder("closings"), rules, history=history, ended=ended),
    }


def _events(world: WorldParameters, rules: Rules, *, history: History, at: Ints, created: Ints) -> Rows:
    return joined(
        [
            inbound.arrivals(rules, created),
            inbound.interest(world, rules, history.closed),
            outbound.logged(world, rules, history=history, at=at),
        ]
    )


def _truth(world: WorldParameters, rules: Rules, *, history: History, ended: Ints) -> dict[str, pd.DataFrame]:
    return {
        "prospects": truth.prospects(rules, history=history, ended=ended),
        "chances": truth.chances(world, rules, history),
        "offer_effects": truth.offer_effects(rules, history.episodes),
        "answer_rates": truth.answer_rates(rules.cast),
    }
