"""Day after day: who is lost, who signs, whom the team tries to reach, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipelines.sources.simulated.draws import Bools, Floats, Ints, Rng, systematic
from pipelines.sources.simulated.moments import LOST, PROPOSAL, SIGNING, WON
from pipelines.sources.simulated.offering import BY_MAIL, EFFECT, OFFERED, WITHOUT_NEED, choose
from pipelines.sources.simulated.parameters import NEVER, WorldParameters
from pipelines.sources.simulated.reaching import EMAIL, attempt
from pipelines.sources.simulated.rules import HOPING, Rules

GRID_DAYS = 7


@dataclass(frozen=True)
class Episodes:
    """Outbound attempts, one entry each, in order of days.

    `stage` is before and `after` behind the attempt (4 is won); `offer` is -1 where none was made,
    `propensity` NaN where habit chose it; `positive` is the answer to an offer, or progress without one.
    """

    lead: Ints
    day: Ints
    contact: Ints
    medium: Ints
    hour: Ints
    need: Bools
    right: Bools
    answered: Bools
    stage: Ints
    after: Ints
    offer: Ints
    propensity: Floats
    positive: Bools


@dataclass(frozen=True)
class Snapshot:
    """The open leads at 00:00 UTC of `day`, before anything of that day, and their true stages."""

    day: int
    leads: Ints
    stage: Ints


@dataclass(frozen=True)
class History:
    """What happened. `closed` is the day of the end (NEVER for open leads), `stage` the last one (4 won, 5 lost).

    `pressure` (sellers, days) is calls per unit of pull, 0 on free days.
    """

    episodes: Episodes
    snapshots: tuple[Snapshot, ...]
    closed: Ints
    stage: Ints
    pressure: Floats


def live(world: WorldParameters, rules: Rules) -> History:
    """Let the days of the world pass."""
    rng, created = world.rng("days"), rules.cast.leads.created
    stage, closed = np.zeros(world.prospects, dtype=np.int64), np.full(world.prospects, NEVER)
    pressure = np.zeros((world.sellers, world.days))
    days, snapshots = [], []
    for day, free in enumerate(_free_days(world)):
        leads = np.flatnonzero((created < day) & (stage < WON))
        if (world.days - day) % GRID_DAYS == 0:
            snapshots.append(Snapshot(day, leads, stage[leads]))
        rest = ended_by_themselves(rng, rules, leads=leads, day=day, stage=stage)
        pressure[:, day] = 0.0 if free else _pressure(rules, rest, day=day, stage=stage)
        days.append(_work(rng, rules, leads=rest, day=day, stage=stage, pressure=pressure[:, day]))
        closed[leads[stage[leads] >= WON]] = day
    leads = np.flatnonzero(stage < WON)
    snapshots.append(Snapshot(world.days, leads, stage[leads]))
    return History(_joined(days), tuple(snapshots), closed, stage, pressure)


def _free_days(world: WorldParameters) -> Iterator[bool]:
    first = world.start.weekday()
    return ((first + day) % 7 >= 5 for day in range(world.days))


def ended_by_themselves(rng: Rng, rules: Rules, *, leads: Ints, day: int, stage: Ints) -> Ints:
    """Lose some leads, let some sign, and return those still open; `stage` is changed in place."""
    needs = rules.needs
    lost = rng.random(len(leads)) < needs.loss(leads, day, day - rules.cast.leads.created[leads])
    signing = SIGNING[stage[leads]] * needs.pace[leads] * needs.there(leads, day)
    signed = ~lost & (rng.random(len(leads)) < signing)
    stage[leads[lost]] = LOST
    stage[leads[signed]] = WON
    return leads[~lost & ~signed]


def _pressure(rules: Rules, leads: Ints, *, day: int, stage: Ints) -> Floats:
    """Return calls per unit of pull for each seller: capacity shared among the leads still open."""
    pull = rules.pull(leads, day - rules.cast.leads.created[leads]) * rules.stage_pull(stage[leads])
    capacity = rules.cast.sellers.capacity
    load = np.bincount(rules.cast.leads.owner[leads], pull, minlength=len(capacity))
    return capacity / np.maximum(load, 1.0)


def _work(rng: Rng, rules: Rules, *, leads: Ints, day: int, stage: Ints, pressure: Floats) -> Episodes:
    """Try to reach people and talk to those who answer; `stage` is changed in place."""
    age = day - rules.cast.leads.created[leads]
    chance = rules.attention(rules.pull(leads, age), pressure[rules.cast.leads.owner[leads]], stage[leads])
    leads, tried = attempt(
        rng, rules.cast, rules.reach, needs=rules.needs, leads=leads[systematic(rng, chance)], day=day
    )
    need, before = rules.needs.there(leads, day), stage[leads]
    offer, propensity = _offers(
        rng, rules, leads=leads, day=day, stage=before, answered=tried.answered, mail=tried.medium == EMAIL
    )
    positive = tried.answered & persuaded(
        rng, rules, leads=leads, stage=before, offer=offer, deciding=need & tried.right
    )
    after = stage_after(rng, before, answered=tried.answered, moved=positive & need & tried.right)
    stage[leads] = after
    return Episodes(
        leads, np.full(len(leads), day), tried.contact, tried.medium, tried.hour, need, tried.right,
        tried.answered, before, after, offer, propensity, positive,
    )  # fmt: skip


def _offers(
    rng: Rng, rules: Rules, *, leads: Ints, day: int, stage: Ints, answered: Bools, mail: Bools
) -> tuple[Ints, Floats]:
    chance = np.where(answered, OFFERED, BY_MAIL * mail)
    made = (stage > 0) & (rng.random(len(leads)) < chance)
    need = rules.needs.there(leads, day)
    offer, propensity = choose(rng, rules.desk, day=day, seller=rules.cast.leads.owner[leads], need=need)
    return np.where(made, offer, -1), np.where(made, propensity, np.nan)


def persuaded(rng: Rng, rules: Rules, *, leads: Ints, stage: Ints, offer: Ints, deciding: Bools) -> Bools:
    """Draw whether each conversation ends well; `deciding` marks those with the person who decides, in a need."""
    effect = EFFECT[np.maximum(stage - 1, 0), rules.cast.segment[leads], np.maximum(offer, 0)]
    effect = np.where(offer >= 0, effect, 0.0)
    polite = np.maximum(WITHOUT_NEED[0] + WITHOUT_NEED[1] * effect, 0.01)
    positive: Bools = rng.random(len(leads)) < np.where(deciding, rules.moved(leads, stage, effect), polite)
    return positive


def stage_after(rng: Rng, stage: Ints, *, answered: Bools, moved: Bools) -> Ints:
    """Return the stage behind each attempt: to proposal or won if moved, else as far as hope goes."""
    hoped = np.where(stage == 0, 1, np.where((stage == 1) & (rng.random(len(stage)) < HOPING), 2, stage))
    return np.where(moved, np.where(stage == PROPOSAL, WON, PROPOSAL), np.where(answered, hoped, stage))


def _joined(days: list[Episodes]) -> Episodes:
    return Episodes(*(np.concatenate([getattr(e, f) for e in days]) for f in Episodes.__dataclass_fields__))
