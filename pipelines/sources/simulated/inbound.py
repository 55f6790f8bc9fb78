"""What prospects do by themselves: they look at us more often around a need, and sometimes without one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.sources.simulated.draws import Bools, Floats, Ints, Rng, cumulated, pick
from pipelines.sources.simulated.leads import SOURCES
from pipelines.sources.simulated.parameters import WorldParameters
from pipelines.sources.simulated.rows import (
    CALL,
    CHAT,
    DOWNLOAD,
    E_MAIL,
    EVENT,
    FORM,
    MAIL,
    MESSAGE,
    NONE,
    ON_SITE,
    PARTNER,
    SESSION,
    TELEPHONE,
    WEBSITE,
    Rows,
    joined,
    rows,
)
from pipelines.sources.simulated.rules import Rules

WARMING_DAYS: Final = 14
"""Interest starts to show so long before the need."""
LEVELS: Final = (0.0, 0.4, 1.0, 0.15)
"""Part of the extra interest: long before the need, shortly before, in it, after it."""
BROWSING: Final = 0.5
"""Share of prospects with a week or two of lively interest that means nothing."""

# type, medium, a day without need, extra a day in a need, share of rows without a person
KINDS: Final = (
    (SESSION, WEBSITE, 0.06, 0.22, 0.6),
    (DOWNLOAD, WEBSITE, 0.014, 0.04, 0.2),
    (FORM, WEBSITE, 0.002, 0.010, 0.0),
    (MESSAGE, CHAT, 0.008, 0.024, 0.1),
    (MAIL, E_MAIL, 0.008, 0.024, 0.0),
    (CALL, TELEPHONE, 0.002, 0.012, 0.0),
)
_FIRST: Final = ((FORM, WEBSITE), (EVENT, ON_SITE), (MESSAGE, PARTNER), (NONE, NONE), (DOWNLOAD, WEBSITE))
"""How each source announces itself; a bought list does not."""


@dataclass(frozen=True)
class Phase:
    """One stretch of days `[begins, ends)` for each lead, and its part of the extra interest."""

    begins: Ints
    ends: Ints
    level: float


def arrivals(rules: Rules, at: Ints) -> Rows:
    """Return the first activity of each lead, at its creation, where its source leaves one."""
    first, leads = np.array(_FIRST), rules.cast.leads
    source = leads.source
    came = np.flatnonzero(source != SOURCES.index("bought list"))
    return rows(
        came,
        at[came],
        type=first[source[came], 0],
        medium=first[source[came], 1],
        inbound=True,
        contact=leads.contacts[came, 0],
        stage=0,
        by_hand=False,
    )


def interest(world: WorldParameters, rules: Rules, closed: Ints) -> Rows:
    """Draw what they do by themselves, from the day after creation to the day before the end."""
    rng = world.rng("interest")
    until = np.minimum(closed, world.days)
    return joined([drawn(rng, rules, phase=phase, kind=kind) for phase in _phases(rng, rules, until) for kind in KINDS])


def _phases(rng: Rng, rules: Rules, until: Ints) -> list[Phase]:
    needs, begin = rules.needs, rules.cast.leads.created + 1
    marks = [begin, needs.appears - WARMING_DAYS, needs.appears, needs.ends, until]
    edges = [np.clip(mark, begin, np.maximum(until, begin)) for mark in marks]
    browse = begin + rng.integers(0, 100, len(begin))
    lively = np.where(rng.random(len(begin)) < BROWSING, rng.integers(7, 22, len(begin)), 0)
    noise = Phase(np.minimum(browse, until), np.minimum(browse + lively, until), 0.8)
    spans = zip(edges[:-1], edges[1:], LEVELS, strict=True)
    return [*(Phase(a, np.maximum(a, b), level) for a, b, level in spans), noise]


def drawn(rng: Rng, rules: Rules, *, phase: Phase, kind: tuple[int, int, float, float, float]) -> Rows:
    """Draw what they do of one kind (of `KINDS`) in a phase."""
    type_, medium, base, extra, nameless = kind
    length = phase.ends - phase.begins
    expected: Floats = rules.needs.curious * length * (base + extra * phase.level)
    lead = np.repeat(np.arange(len(length)), rng.poisson(expected))
    day = phase.begins[lead] + np.floor(rng.random(len(lead)) * length[lead]).astype(np.int64)
    at = rules.cast.clock.utc(day, rng.uniform(7, 19, len(lead)), rules.cast.region[lead])
    named: Bools = rng.random(len(lead)) >= nameless
    slot = pick(rng, cumulated(rules.reach.prefer)[lead])
    return rows(
        lead,
        at,
        type=type_,
        medium=medium,
        inbound=True,
        contact=np.where(named, rules.cast.leads.contacts[lead, slot], NONE),
        by_hand=medium == TELEPHONE,
    )
