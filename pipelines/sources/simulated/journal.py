"""The CRM's lists of what happened: activities, changed fields, quotes and closings, as raw tables."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from pipelines.sources.simulated.clock import MINUTE, timestamps
from pipelines.sources.simulated.companies import MEDIA
from pipelines.sources.simulated.draws import Ints
from pipelines.sources.simulated.moments import OLD_DAYS, STAGES, WON
from pipelines.sources.simulated.outbound import CLOSING_MINUTES
from pipelines.sources.simulated.parameters import WorldParameters
from pipelines.sources.simulated.recording import MISSING, Recorder, enter
from pipelines.sources.simulated.register import offer_ids, worded
from pipelines.sources.simulated.rows import MEDIUMS, RESULTS, TYPES, Rows
from pipelines.sources.simulated.rules import Rules
from pipelines.sources.simulated.working import Episodes, History

REASONS: Final = ("chose a competitor", "no decision", "no interest")
REPLIES: Final = ("accepted", "interested", "declined")
_SILENT: Final = 0.25
"""Share of refused offers to which nobody says anything."""
_AMOUNT_SPREAD: Final = 0.25


def activities(recorder: Recorder, rows: Rows) -> pd.DataFrame:
    """Return the activities in order of time; a garbled prospect has an id that no opportunity has."""
    cast = recorder.cast
    kept, known = enter(recorder, rows)
    leads = [*cast.lead_ids, "P-unknown"]
    return pd.DataFrame(
        {
            "activity_no": np.arange(1, len(kept) + 1),
            "opp_no": worded(np.where(kept.lead < 0, len(leads) - 1, kept.lead), leads),
            "person_no": worded(kept.contact, cast.contact_ids),
            "type": worded(kept.type, TYPES),
            "medium": worded(kept.medium, MEDIUMS),
            "way": worded(kept.inbound.astype(np.int64), ("out", "in")),
            "happened_at": timestamps(kept.at),
            "entered_at": timestamps(known),
            "phase": worded(kept.stage, STAGES),
            "result": worded(kept.result, RESULTS),
            "value_eur": kept.value,
            "seconds": kept.seconds,
        }
    )


def quotes(recorder: Recorder, episodes: Episodes, at: Ints) -> pd.DataFrame:
    """Return the offers made, with the logged chance where chance chose them."""
    cast, rng = recorder.cast, recorder.rng
    made = np.flatnonzero(episodes.offer >= 0)
    e = Episodes(*(getattr(episodes, f)[made] for f in Episodes.__dataclass_fields__))
    offered = at[made] + 2 * MINUTE
    silent = ~e.answered | (~e.positive & (rng.random(len(made)) < _SILENT))
    reply = np.where(silent, -1, np.where(e.positive, np.where(e.after == WON, 0, 1), 2))
    replied = offered + rng.integers(MINUTE, 35 * MINUTE, len(made))
    known = recorder.known(np.where(silent, offered, replied), seller=cast.leads.owner[e.lead])
    table = pd.DataFrame(
        {
            "opp_no": cast.lead_ids[e.lead],
            "article": offer_ids()[e.offer],
            "offered_at": timestamps(offered),
            "entered_at": timestamps(known),
            "person_no": cast.contact_ids[e.contact],
            "medium": worded(e.medium, MEDIUMS[: len(MEDIA)]),
            "draw_chance": e.propensity,
            "reply": worded(reply, REPLIES),
            "replied_at": timestamps(np.where(silent, -1, replied)),
        }
    )
    return table[recorder.in_time(known)].reset_index(drop=True)


def closed_at(world: WorldParameters, rules: Rules, *, history: History, at: Ints) -> Ints:
    """Return when each lead ended, -1 for open ones: after the attempt that won it, else in working hours."""
    rng, ended = world.rng("closing"), np.flatnonzero(history.stage >= WON)
    instants = np.full(len(history.stage), -1)
    hour = rng.uniform(8, 18, len(ended))
    instants[ended] = rules.cast.clock.utc(history.closed[ended], hour, rules.cast.region[ended])
    won = np.flatnonzero(history.episodes.after == WON)
    instants[history.episodes.lead[won]] = at[won] + CLOSING_MINUTES * MINUTE
    return instants


def closings(recorder: Recorder, rules: Rules, *, history: History, ended: Ints) -> pd.DataFrame:
    """Return how leads ended, with amounts for the won and reasons for the lost."""
    rng, cast = recorder.rng, recorder.cast
    lead = np.flatnonzero(history.stage >= WON)
    won = history.stage[lead] == WON
    amount = cast.leads.value[lead] * np.exp(rng.normal(0, _AMOUNT_SPREAD, len(lead)))
    unknown = ~won | (rng.random(len(lead)) < MISSING["amount"])
    known = recorder.known(ended[lead], seller=cast.leads.owner[lead])
    table = pd.DataFrame(
        {
            "opp_no": cast.lead_ids[lead],
            "closed_at": timestamps(ended[lead]),
            "entered_at": timestamps(known),
            "result": worded((~won).astype(np.int64), ("W", "L")),
            "amount_eur": np.where(unknown, np.nan, np.round(amount, -1)),
            "reason": worded(np.where(won, -1, _reasons(rules, history, lead)), REASONS),
            "article": worded(_winning_offer(history)[lead], offer_ids()),
        }
    )
    return table[recorder.in_time(known)].sort_values(["closed_at", "opp_no"], ignore_index=True)


def _reasons(rules: Rules, history: History, lead: Ints) -> Ints:
    """Return the reason that somebody would type in: the need went elsewhere, nothing came of it, or neither."""
    day = history.closed[lead]
    old = day - rules.cast.leads.created[lead] >= OLD_DAYS
    return np.where(rules.needs.ends[lead] <= day, 0, np.where(old, 1, 2))


def _winning_offer(history: History) -> Any:
    """Return the offer that each lead accepted, -1 for none."""
    offer = np.full(len(history.stage), -1)
    won = np.flatnonzero(history.episodes.after == WON)
    offer[history.episodes.lead[won]] = history.episodes.offer[won]
    return offer
