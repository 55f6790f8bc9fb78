"""What the team did, as it would be logged: attempts, follow-up mails, answers, proposals, meetings."""

from __future__ import annotations

from typing import Final

import numpy as np

from pipelines.sources.simulated.clock import DAY, MINUTE
from pipelines.sources.simulated.companies import FIRST_HOUR
from pipelines.sources.simulated.draws import Bools, Ints, Rng, cumulated, pick
from pipelines.sources.simulated.moments import PROPOSAL
from pipelines.sources.simulated.parameters import WorldParameters
from pipelines.sources.simulated.reaching import EMAIL, MEET, PHONE
from pipelines.sources.simulated.rows import (
    APPOINTMENT,
    CALL,
    DEMO,
    DONE,
    E_MAIL,
    MAIL,
    MEETING,
    MESSAGE,
    NO_FURTHER,
    NONE,
    NOT_REACHED,
    ON_SITE,
    PROPOSAL_SENT,
    UNDELIVERABLE,
    VOICEMAIL,
    Rows,
    joined,
    rows,
)
from pipelines.sources.simulated.rules import Rules
from pipelines.sources.simulated.working import Episodes, History

ANSWER_MINUTES: Final = (5, 38)
PROPOSAL_MINUTES: Final = 42
CLOSING_MINUTES: Final = 50
"""After the attempt that caused it, and always on the same UTC day."""
_FOLLOW_UP, _HOPEFUL_PROPOSAL, _DEMO = 0.4, 0.08, 0.4
_TYPE: Final = np.array([CALL, MAIL, MEETING, MESSAGE])
# columns: reached, interested, appointment, later, no interest, wrong person
_WORDS: Final = np.array(
    [
        [0.43, 0.15, 0.03, 0.25, 0.14, 0.00],  # no need
        [0.42, 0.18, 0.04, 0.06, 0.05, 0.25],  # a need, another person
        [0.42, 0.25, 0.08, 0.20, 0.05, 0.00],  # a need and the decider, no progress
        [0.40, 0.38, 0.22, 0.00, 0.00, 0.00],  # progress
    ]
)
"""What is logged after a conversation: words leak the need, noisily."""


def attempted_at(world: WorldParameters, rules: Rules, episodes: Episodes) -> Ints:
    """Return the instant of each attempt."""
    minute = world.rng("minutes").uniform(0, 0.95, len(episodes.lead))
    return rules.cast.clock.utc(episodes.day, FIRST_HOUR + episodes.hour + minute, rules.cast.region[episodes.lead])


def logged(world: WorldParameters, rules: Rules, *, history: History, at: Ints) -> Rows:
    """Return every outbound activity, and the answers to mails; nobody known to have refused is written to."""
    rng, episodes = world.rng("logging"), history.episodes
    result = results(rng, rules, episodes)
    attempts = _attempts(rng, episodes, at=at, result=result)
    everything = joined(
        [
            attempts,
            _answers(attempts),
            _follow_ups(rng, attempts),
            proposals(rng, rules, episodes, at=at),
            _meetings(world, rules, attempts, closed=history.closed),
        ]
    )
    known = rules.cast.contacts.refusal_known[everything.contact] > rules.cast.clock.day(everything.at)
    return everything.where(everything.inbound | known)


def results(rng: Rng, rules: Rules, e: Episodes) -> Ints:
    """Draw what is written down of each attempt, a position in `rows.RESULTS`, NONE for nothing."""
    moved = e.need & e.right & e.positive
    context = np.where(moved, 3, np.where(e.need, 1 + e.right, 0))
    said = pick(rng, cumulated(_WORDS)[context])
    said = np.where(rules.cast.contacts.refused[e.contact] <= e.day, NO_FURTHER, said)
    u = rng.random(len(said))
    silent = np.select(
        [e.medium == PHONE, e.medium == EMAIL, e.medium == MEET],
        [np.where(u < 0.3, VOICEMAIL, NOT_REACHED), np.where(u < 0.02, UNDELIVERABLE, NONE), NOT_REACHED],
        NONE,
    )
    return np.where(e.answered, said, silent)


def _attempts(rng: Rng, e: Episodes, *, at: Ints, result: Ints) -> Rows:
    size = len(at)
    demo = (e.medium == MEET) & (e.stage >= 2) & (rng.random(size) < _DEMO)
    spoken = e.answered & ((e.medium == PHONE) | (e.medium == MEET))
    typical = np.where(e.medium == MEET, 2700.0, 240.0) * np.where(e.need & e.right, 1.4, 1.0)
    delay = rng.integers(ANSWER_MINUTES[0] * MINUTE, ANSWER_MINUTES[1] * MINUTE, size)
    return rows(
        e.lead,
        at,
        type=np.where(demo, DEMO, _TYPE[e.medium]),
        medium=e.medium,
        contact=e.contact,
        stage=e.stage,
        result=result,
        seconds=np.where(spoken, np.round(typical * np.exp(rng.normal(0, 0.7, size))), np.nan),
        wait=np.where(e.answered & (e.medium == EMAIL), delay, 0),
    )


def _answers(attempts: Rows) -> Rows:
    """Log the answer to a mail as a second, inbound activity, when it comes."""
    a = attempts.where(attempts.wait > 0)
    return rows(
        a.lead, a.at + a.wait, type=MAIL, medium=E_MAIL, inbound=True, contact=a.contact, stage=a.stage,
        result=a.result, by_hand=False,
    )  # fmt: skip


def _follow_ups(rng: Rng, attempts: Rows) -> Rows:
    missed: Bools = (attempts.type == CALL) & ((attempts.result == NOT_REACHED) | (attempts.result == VOICEMAIL))
    a = attempts.where(missed & (rng.random(len(missed)) < _FOLLOW_UP))
    at = a.at + rng.integers(5 * MINUTE, 40 * MINUTE, len(a))
    return rows(a.lead, at, type=MAIL, medium=E_MAIL, contact=a.contact, stage=a.stage)


def proposals(rng: Rng, rules: Rules, e: Episodes, *, at: Ints) -> Rows:
    """Return the proposals that were sent after these attempts: earned ones, and some out of hope."""
    earned = (e.stage < PROPOSAL) & (e.after == PROPOSAL)
    hoped = e.answered & (e.stage == 2) & ~earned & (rng.random(len(at)) < _HOPEFUL_PROPOSAL)
    sent = np.flatnonzero(earned | hoped)
    value = rules.cast.leads.value[e.lead[sent]] * rng.uniform(0.8, 1.1, len(sent))
    return rows(
        e.lead[sent], at[sent] + PROPOSAL_MINUTES * MINUTE, type=PROPOSAL_SENT, medium=E_MAIL,
        contact=e.contact[sent], stage=e.after[sent], value=np.round(value, -2),
    )  # fmt: skip


def _meetings(world: WorldParameters, rules: Rules, attempts: Rows, *, closed: Ints) -> Rows:
    """Hold booked meetings a week later, if the prospect is still open then."""
    a = attempts.where(attempts.result == APPOINTMENT)
    day = rules.cast.clock.day(a.at) + 7
    a = a.where(day < np.minimum(closed[a.lead], world.days))
    return rows(a.lead, a.at + 7 * DAY, type=MEETING, medium=ON_SITE, contact=a.contact, stage=a.stage, result=DONE)
