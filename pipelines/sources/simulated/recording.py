"""When the company knew: soon, days late, in a batch at the end of the month, or never."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from pipelines.sources.simulated.clock import DAY, HOUR, MINUTE
from pipelines.sources.simulated.draws import Bools, Ints, Rng
from pipelines.sources.simulated.leads import Cast
from pipelines.sources.simulated.parameters import WorldParameters
from pipelines.sources.simulated.rows import FAX, NONE, Rows

LATE: Final = (0.05, 0.09)
"""Share of facts that come one to many days late: written by the website, written by hand."""
BATCHED: Final = 0.3
"""Share of the notes of tidy salespeople that wait for the last evening of the month."""
MISSING: Final = {"activity": 0.03, "result": 0.06, "contact": 0.03, "amount": 0.03}
BAD: Final = 0.0005
"""Share of activities that break the contract, half by an unknown prospect, half by an unknown channel."""
NOBODY: Final = -1
"""The prospect of a garbled row: an id that no list of prospects holds."""
_TYPICAL_MINUTES, _TYPICAL_DAYS_LATE = 12.0, 2.5
_EVENING: Final = 17 * HOUR


@dataclass(frozen=True)
class Recorder:
    """Says when facts become known; one for each list, with its own stream of chance."""

    rng: Rng
    cast: Cast
    days: int

    @classmethod
    def of(cls, world: WorldParameters, cast: Cast, idea: str) -> Recorder:
        """Open the recorder of one list."""
        return cls(world.rng(f"recording {idea}"), cast, world.days)

    def known(self, at: Ints, *, seller: Ints, by_hand: Bools | bool = True) -> Ints:
        """Return when facts of `at` become known to the company, never before they happened."""
        size, hand = len(at), np.broadcast_to(by_hand, len(at))
        lag = np.where(hand, self.rng.exponential(_TYPICAL_MINUTES * MINUTE, size), MINUTE).astype(np.int64)
        days = 1.0 + self.rng.exponential(_TYPICAL_DAYS_LATE, size)
        late = self.rng.random(size) < np.where(hand, LATE[1], LATE[0])
        soon = at + np.where(late, (days * DAY).astype(np.int64), lag)
        waits = hand & self.cast.sellers.tidy[seller] & (self.rng.random(size) < BATCHED)
        return np.where(waits, np.maximum(soon, self._month_end(at)), soon)

    def in_time(self, known: Ints) -> Bools:
        """Tell which facts are known before the world ends."""
        held: Bools = known < self.cast.clock.midnight(np.array(self.days))
        return held

    def _month_end(self, at: Ints) -> Ints:
        """Return 17:00 UTC of the last day of the month of each instant."""
        month = at.astype("datetime64[us]").astype("datetime64[M]")
        last = (month + 1).astype("datetime64[us]").astype(np.int64) - DAY
        return last + _EVENING


def enter(recorder: Recorder, activities: Rows) -> tuple[Rows, Ints]:
    """Return the activities that reach the CRM before the world ends, in order of time, and when they did."""
    rng, cast = recorder.rng, recorder.cast
    kept = activities.where(~activities.by_hand | (rng.random(len(activities)) >= MISSING["activity"]))
    seller = cast.leads.owner[kept.lead]
    known = recorder.known(kept.at + kept.wait, seller=seller, by_hand=kept.by_hand)
    held = np.flatnonzero(recorder.in_time(known))
    order = held[np.lexsort((kept.lead[held], kept.at[held]))]
    return _forget(rng, kept.where(order)), known[order]


def _forget(rng: Rng, rows: Rows) -> Rows:
    """Lose some results and contacts of what is written by hand, and garble a few rows beyond use."""
    size = len(rows)
    lost = {n: rows.by_hand & (rng.random(size) < MISSING[n]) for n in ("result", "contact")}
    bad = rng.permutation(size)[: max(2, round(BAD * size))]
    lead, medium = rows.lead.copy(), rows.medium.copy()
    lead[bad[::2]], medium[bad[1::2]] = NOBODY, FAX
    return replace(
        rows,
        lead=lead,
        medium=medium,
        result=np.where(lost["result"], NONE, rows.result),
        contact=np.where(lost["contact"], NONE, rows.contact),
    )
