"""The truth as tables, written where features cannot read: needs, chances, effects of offers, rates of answering."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines.sources.simulated.clock import timestamps
from pipelines.sources.simulated.companies import AT_HOUR, FIRST_HOUR, MEDIA, SEGMENTS
from pipelines.sources.simulated.draws import Ints
from pipelines.sources.simulated.forecast import clairvoyant_chance, foreseen, talk_gain, win_chance
from pipelines.sources.simulated.leads import Cast
from pipelines.sources.simulated.moments import LOST, WON
from pipelines.sources.simulated.offering import EFFECT, OFFER_STAGES, OFFERS, WITHOUT_NEED
from pipelines.sources.simulated.parameters import NEVER, WorldParameters
from pipelines.sources.simulated.reaching import PHONE
from pipelines.sources.simulated.register import offer_ids, worded
from pipelines.sources.simulated.rules import Rules
from pipelines.sources.simulated.working import Episodes, History


def prospects(rules: Rules, *, history: History, ended: Ints) -> pd.DataFrame:
    """Return the hidden state of each prospect: fit, need (`NaT` if never), who decides, what a win is worth, its end.

    An end that the CRM does not know yet (entered after the world ended) stands here all the same.
    """
    cast, needs = rules.cast, rules.needs
    never = needs.appears >= NEVER
    decider = cast.leads.contacts[np.arange(len(never)), needs.right]
    result = np.where(history.stage == WON, 0, np.where(history.stage == LOST, 1, -1))
    return pd.DataFrame(
        {
            "prospect_id": cast.lead_ids,
            "fit": needs.fit,
            "need_at": timestamps(np.where(never, -1, cast.clock.midnight(needs.appears))),
            "need_ends_at": timestamps(np.where(never, -1, cast.clock.midnight(needs.ends))),
            "right_contact_id": cast.contact_ids[decider],
            "value": cast.leads.value,
            "closed_at": timestamps(ended),
            "result": worded(result, ("won", "lost")),
        }
    ).sort_values("prospect_id", ignore_index=True)


def chances(world: WorldParameters, rules: Rules, history: History) -> pd.DataFrame:
    """Return the true chance to win in `[as_of, as_of + H)` for all prospects open at `as_of`.

    `as_of` is 00:00 UTC every seven days, counted back from the end of the world, which is the last one.
    `chance` knows the hidden state of that day, `chance_foreseen` also when each need will begin and end. `gain` is
    what a conversation on that day with the person who decides adds to `chance`.
    `won` is what happened, missing where `as_of + H` lies beyond the end.
    """
    horizon, pressure = world.horizon_days, foreseen(history, world.horizon_days)
    chance = [win_chance(rules, pressure, seen=s, horizon=horizon) for s in history.snapshots]
    foretold = [clairvoyant_chance(rules, pressure, seen=s, horizon=horizon) for s in history.snapshots]
    gain = [
        talk_gain(rules, pressure, seen=s, horizon=horizon, chance=c)
        for s, c in zip(history.snapshots, chance, strict=True)
    ]
    lead = np.concatenate([s.leads for s in history.snapshots])
    day = np.repeat([s.day for s in history.snapshots], [len(s.leads) for s in history.snapshots])
    won = (history.stage[lead] == WON) & (history.closed[lead] < day + horizon)
    return pd.DataFrame(
        {
            "prospect_id": worded(lead, rules.cast.lead_ids),
            "as_of": timestamps(rules.cast.clock.midnight(day)),
            "chance": np.concatenate(chance),
            "chance_foreseen": np.concatenate(foretold),
            "gain": np.concatenate(gain),
            "won": pd.arrays.BooleanArray(won, mask=day + horizon > world.days),
        }
    )


def offer_effects(rules: Rules, episodes: Episodes) -> pd.DataFrame:
    """Return what each offer adds to the chance of a positive answer, against the list price, per cell.

    `effect` is the addition for the person who decides in a need; `effect_average` is the mean addition over
    the conversations of that stage and segment in which any offer was made (`conversations`), as they came.
    """
    made = np.flatnonzero(episodes.answered & (episodes.offer >= 0))
    deciding = (episodes.need & episodes.right)[made]
    stage, segment = episodes.stage[made] - 1, rules.cast.segment[episodes.lead[made]]
    cells = [(t, g, o) for t in range(len(OFFER_STAGES)) for g in range(len(SEGMENTS)) for o in range(len(OFFERS))]
    rows = []
    for t, g, o in cells:
        here = deciding[(stage == t) & (segment == g)]
        effect = float(EFFECT[t, g, o])
        polite = max(WITHOUT_NEED[0] + WITHOUT_NEED[1] * effect, 0.01) - WITHOUT_NEED[0]
        mean = float(np.where(here, effect, polite).mean()) if len(here) else float("nan")
        rows.append((offer_ids()[o], SEGMENTS[g], OFFER_STAGES[t], effect, mean, len(here)))
    names = ["offer_id", "segment", "stage", "effect", "effect_average", "conversations"]
    return pd.DataFrame(rows, columns=names)


def answer_rates(cast: Cast) -> pd.DataFrame:
    """Return the chance that each contact answers on each channel: at the best local hour, and over all hours."""
    people = cast.contacts
    size, channels = people.reply.shape
    spread = np.ones((size, channels))
    spread[:, PHONE] = AT_HOUR.mean(axis=0)[people.best_hour]
    return pd.DataFrame(
        {
            "contact_id": np.repeat(cast.contact_ids, channels),
            "channel": np.tile(np.array(MEDIA, dtype=object), size),
            "best_hour": np.repeat(FIRST_HOUR + people.best_hour, channels),
            "rate_at_best": people.reply.ravel(),
            "rate": (people.reply * spread).ravel(),
        }
    )
