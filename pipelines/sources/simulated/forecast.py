"""What a perfect forecaster says: the true chance of winning, from the hidden state and the rules of a day."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from pipelines.sources.simulated.coming import Coming, Drawn, Told
from pipelines.sources.simulated.draws import Bools, Floats, Ints
from pipelines.sources.simulated.moments import AGED, DRIFTING, OLD_DAYS, PROPOSAL, SIGNING
from pipelines.sources.simulated.rules import HOPING, Rules
from pipelines.sources.simulated.working import History, Snapshot

_CHUNK: Final = 8192
_WEEKS: Final = 4
_OPEN: Final = np.arange(PROPOSAL + 1)[:, None]


def win_chance(rules: Rules, pressure: Floats, *, seen: Snapshot, horizon: int) -> Floats:
    """Say what a perfect forecaster says at 00:00 UTC of a day `d`: the chance to win in `[d, d + horizon)`.

    The forecaster knows the hidden state of each lead (the need that is there and since when, or that it is warming;
    decider, fit, stage), the habits of the team and its workload, and not the coming draws: neither the beginning of
    a need that does not show yet nor the end of any. The same daily chances that the world is simulated with are
    chained over the horizon as a Markov chain on need and stage: no Monte Carlo. Two simplifications: refusals to be
    contacted after `d` are not foreseen for people who do not decide, and the ends of needs that come later are those
    of all of them, won or not (`coming.Told`).

    Parameters
    ----------
    pressure : array, shape (sellers, at least d + horizon)
        Calls per unit of pull; see `foreseen`.
    seen : Snapshot
        The day, the open leads (n) and their stages.

    Returns
    -------
    array, shape (n,)
        0 exactly where the need is over.
    """
    chance, needs = np.zeros(len(seen.leads)), rules.needs
    for part in _parts(needs.ends[seen.leads] > seen.day):
        some = Snapshot(seen.day, seen.leads[part], seen.stage[part])
        created = rules.cast.leads.created[some.leads]
        told = Told.of(needs, some.leads, created=created, day=seen.day, horizon=horizon)
        chance[part] = _chain(rules, pressure, seen=some, horizon=horizon, coming=told)
    return chance


def clairvoyant_chance(rules: Rules, pressure: Floats, *, seen: Snapshot, horizon: int) -> Floats:
    """Say the same as somebody who also knows when each need will begin and end; 0 where none is there."""
    chance, needs = np.zeros(len(seen.leads)), rules.needs
    for part in _parts((needs.appears[seen.leads] < seen.day + horizon) & (needs.ends[seen.leads] > seen.day)):
        some = Snapshot(seen.day, seen.leads[part], seen.stage[part])
        drawn = Drawn.of(needs, some.leads)
        chance[part] = _chain(rules, pressure, seen=some, horizon=horizon, coming=drawn)
    return chance


def talk_gain(rules: Rules, pressure: Floats, *, seen: Snapshot, horizon: int, chance: Floats) -> Floats:
    """Say what a conversation on that day with the person who decides adds to the chance, on average over its outcomes.

    Parameters
    ----------
    chance : array, shape (n,)
        `win_chance` of the same leads, to which it is added.

    Returns
    -------
    array, shape (n,)
        0 where there is no need on that day: then nobody can be moved.
    """
    gain = np.zeros(len(seen.leads))
    now = np.flatnonzero(rules.needs.there(seen.leads, seen.day))
    leads, stage = seen.leads[now], seen.stage[now]
    proposed = Snapshot(seen.day, leads, np.full(len(leads), PROPOSAL))
    ahead = np.where(stage == PROPOSAL, 1.0, win_chance(rules, pressure, seen=proposed, horizon=horizon))
    gain[now] = rules.moved(leads, stage, 0.0) * np.maximum(ahead - chance[now], 0.0)
    return gain


def foreseen(history: History, horizon: int) -> Floats:
    """Extend the workload beyond the world's end: the mean of the last four weeks, by day of the week."""
    past = history.pressure
    week = past[:, -7 * _WEEKS :].reshape(len(past), _WEEKS, 7).mean(axis=1)
    return np.hstack([past, np.tile(week, horizon // 7 + 1)])


def _parts(possible: Bools) -> Iterator[Ints]:
    """Cut the positions of those who can win at all into pieces that fit into the processor's cache."""
    rows = np.flatnonzero(possible)
    return (rows[a : a + _CHUNK] for a in range(0, len(rows), _CHUNK))


def _chain(rules: Rules, pressure: Floats, *, seen: Snapshot, horizon: int, coming: Coming) -> Floats:
    """Carry the distribution over the open stages, before a need and in it, through the days and collect what is won.

    What a need leaves behind when it ends is dropped: it cannot be won any more.
    """
    leads, needs = seen.leads, rules.needs
    owner, created = rules.cast.leads.owner[leads], rules.cast.leads.created[leads]
    anyone, right, last_day = _talks(rules, leads, seen.day)
    moving = [_moving(rules, leads, valid) * right for valid in (0, 1)]
    at, won = (seen.stage == _OPEN).astype(np.float64), np.zeros(len(leads))
    there = needs.there(leads, seen.day)
    before, within = at * ~there, at * there
    for today in range(seen.day, seen.day + horizon):
        if today > seen.day:
            begun = before * coming.begins(today)
            before -= begun
            within = within * (1.0 - coming.ends(today)) + begun
        stays = 1.0 - DRIFTING - AGED * (today - created >= OLD_DAYS)
        before *= stays
        within *= stays
        signed = within * SIGNING[:, None] * needs.pace[leads]
        within -= signed
        won += signed.sum(axis=0)
        if pressure[:, today].any():
            attention = rules.attention(rules.pull(leads, today - created), pressure[owner, today], _OPEN)
            talks = within * attention
            moved = talks * moving[rules.desk.valid(today)] * (today < last_day)
            won += _pass(within, moved, talks * anyone - moved)
            _pass(before, np.zeros_like(before), before * attention * anyone)
    return won


def _talks(rules: Rules, leads: Ints, day: int) -> tuple[Floats, Floats, Ints]:
    """Return the chance that one attempt reaches anyone, that it reaches the decider, and until when it can."""
    contacts, known = rules.cast.leads.contacts, rules.cast.contacts.refusal_known
    right = rules.needs.right
    anyone = rules.reach.of_anyone(leads, known[contacts[leads]] > day)
    return anyone, rules.reach.of_right(leads, right), known[contacts[leads, right[leads]]]


def _moving(rules: Rules, leads: Ints, valid: int) -> Floats:
    """Return the chance that a conversation with the decider in a need moves the lead, shape (4, n)."""
    effects = (rules.mean_effect(leads, s, valid) for s in range(PROPOSAL + 1))
    return np.stack([rules.moved(leads, s, effect) for s, effect in enumerate(effects)])


def _pass(share: Floats, moved: Floats, other: Floats) -> Floats:
    """Move the shares on, in place, after conversations that moved the lead and others; return what was won."""
    share -= moved
    share[PROPOSAL] += moved[:PROPOSAL].sum(axis=0)
    hoped = other[1] * HOPING
    share[0] -= other[0]
    share[1] += other[0] - hoped
    share[2] += hoped
    won: Floats = moved[PROPOSAL]
    return won
