"""The company goes on after its last simulated day, with somebody else deciding whom the team calls.

A further day is lived by the rules of all others: prospects are lost or sign unasked, they look at us by themselves,
and a conversation moves them only if the need is there and the person decides. But the team calls those who are named
to it, and nobody else. What the team does not write down itself (stages, proposals, quotes, closings, visits) is
entered into the CRM as before; the calls are not, they are for somebody else to record. No prospects arrive.

Luck is drawn for everybody before it is known who is called, so two ways of choosing whom to call can be compared on
one day: the same prospect, asked in the same way, answers the same.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from pipelines.sources.simulated import fields, inbound, journal, outbound
from pipelines.sources.simulated.clock import MINUTE, Clock, timestamps
from pipelines.sources.simulated.companies import AT_HOUR, FIRST_HOUR, MEDIA
from pipelines.sources.simulated.draws import Bools, Ints, cumulated, pick
from pipelines.sources.simulated.forecast import foreseen, win_chance
from pipelines.sources.simulated.moments import WON
from pipelines.sources.simulated.parameters import NEVER, WorldParameters
from pipelines.sources.simulated.reaching import PHONE
from pipelines.sources.simulated.recording import Recorder
from pipelines.sources.simulated.register import offer_ids
from pipelines.sources.simulated.rows import NONE, RESULTS, Rows, joined
from pipelines.sources.simulated.rules import Rules
from pipelines.sources.simulated.working import (
    Episodes,
    History,
    Snapshot,
    ended_by_themselves,
    live,
    persuaded,
    stage_after,
)
from pipelines.sources.simulated.world import set_up

FURTHER: Final = 28
"""Days that the calendar reaches beyond the world; lists are made for fewer."""


@dataclass(frozen=True)
class Rung:
    """What came of the calls of one day, and would have to be lived by `Further.end`."""

    episodes: Episodes
    at: Ints
    result: Ints

    @property
    def words(self) -> Any:
        """What is said of each call: one of `rows.RESULTS`, None for nothing."""
        return np.array([*RESULTS, None], dtype=object)[self.result]

    def answers(self, rules: Rules) -> pd.DataFrame:
        """Return prospect_id, contact_id, channel, `at` (UTC) and `result` (of `rows.RESULTS`; missing: nothing)."""
        e, cast = self.episodes, rules.cast
        return pd.DataFrame(
            {
                "prospect_id": cast.lead_ids[e.lead],
                "contact_id": cast.contact_ids[e.contact],
                "channel": np.array(MEDIA, dtype=object)[e.medium],
                "at": timestamps(self.at),
                "result": self.words,
            }
        )


class Further:
    """A company at the beginning of a day after its world ended; `begin`, `ring` and `end` live that day."""

    def __init__(self, world: WorldParameters) -> None:
        """Simulate the company up to its end, exactly as `world.generate` does."""
        rules = set_up(world)
        history = live(world, rules)
        longer = replace(world, end=world.end + dt.timedelta(days=FURTHER), days=world.days + FURTHER)
        self.world, self.day = world, world.days
        self.rules = replace(rules, cast=replace(rules.cast, clock=Clock.of(longer)))
        self._stage, self._closed = history.stage.copy(), history.closed.copy()
        self._pressure = foreseen(history, world.horizon_days + FURTHER)
        self._lead = pd.Series(np.arange(world.prospects), index=pd.Index(rules.cast.lead_ids))
        self._contact = pd.Series(np.arange(len(rules.cast.contacts.role)), index=pd.Index(rules.cast.contact_ids))

    @property
    def date(self) -> dt.date:
        """The day that is about to be lived."""
        return self.world.start + dt.timedelta(days=self.day)

    def truth(self) -> pd.DataFrame:
        """Return prospect_id, `chance` (the true one to win in `[day, day + H)`) and `value` (EUR expected of it)."""
        leads = self._open()
        seen = Snapshot(self.day, leads, self._stage[leads])
        chance = win_chance(self.rules, self._pressure, seen=seen, horizon=self.world.horizon_days)
        cast = self.rules.cast
        return pd.DataFrame(
            {"prospect_id": cast.lead_ids[leads], "chance": chance, "value": chance * cast.leads.value[leads]}
        )

    def begin(self) -> None:
        """Let prospects be lost or sign unasked, before anybody calls."""
        rng, leads = self.world.rng(f"further {self.day} ends"), self._open()
        ended_by_themselves(rng, self.rules, leads=leads, day=self.day, stage=self._stage)
        self._closed[leads[self._stage[leads] >= WON]] = self.day

    def ring(self, calls: pd.DataFrame) -> Rung:
        """Say what comes of these calls, without living it.

        Parameters
        ----------
        calls : DataFrame
            prospect_id, once each; contact_id, channel and offer_id where chosen, missing where the salesperson
            chooses as usual. Prospects that ended today are not called.
        """
        rng, rules, leads = self.world.rng(f"further {self.day} luck"), self.rules, self._open()
        cast, owner = rules.cast, rules.cast.leads.owner[leads]
        asked = calls.set_index(calls["prospect_id"].map(self._lead))
        contact = cast.leads.contacts[leads, pick(rng, cumulated(rules.reach.prefer[leads]))]
        contact = self._chosen(asked, leads, "contact_id", self._contact, contact)
        media = pd.Series(np.arange(len(MEDIA)), index=list(MEDIA))
        medium = self._chosen(asked, leads, "channel", media, pick(rng, cumulated(cast.sellers.media)[owner]))
        hour = pick(rng, cumulated(cast.sellers.hours)[owner])
        hindered = np.where(medium == PHONE, AT_HOUR[hour, cast.contacts.best_hour[contact]], 1.0)
        answered = rng.random(len(leads)) < cast.contacts.reply[contact, medium] * hindered
        stage, need = self._stage[leads], rules.needs.there(leads, self.day)
        right = contact == cast.leads.contacts[leads, rules.needs.right[leads]]
        articles = pd.Series(np.arange(len(offer_ids())), index=list(offer_ids()))
        offer = self._chosen(asked, leads, "offer_id", articles, np.full(len(leads), NONE))
        offer = np.where(answered & (stage > 0), offer, NONE)
        positive = answered & persuaded(rng, rules, leads=leads, stage=stage, offer=offer, deciding=need & right)
        after = stage_after(rng, stage, answered=answered, moved=positive & need & right)
        everybody = Episodes(
            leads, np.full(len(leads), self.day), contact, medium, hour, need, right, answered, stage, after, offer,
            np.full(len(leads), np.nan), positive,
        )  # fmt: skip
        result = outbound.results(rng, rules, everybody)
        minute = rng.uniform(0, 0.95, len(leads))
        at = cast.clock.utc(everybody.day, FIRST_HOUR + hour + minute, cast.region[leads])
        called = np.flatnonzero(np.isin(leads, asked.index.dropna()))
        episodes = Episodes(*(getattr(everybody, f)[called] for f in Episodes.__dataclass_fields__))
        return Rung(episodes, at[called], result[called])

    def end(self, rung: Rung) -> dict[str, pd.DataFrame]:
        """Live the day with these calls and return what is entered into the CRM on it, by raw table."""
        e, clock = rung.episodes, self.rules.cast.clock
        self._stage[e.lead] = e.after
        self._closed[e.lead[e.after == WON]] = self.day
        today = self._closed == self.day
        stage = np.where(today, self._stage, 0)
        history = History(e, (), np.where(today, self.day, NEVER), stage, self._pressure)
        ended, rng = np.full(len(stage), -1), self.world.rng(f"further {self.day} closing")
        gone = np.flatnonzero(today)
        ended[gone] = clock.utc(
            np.full(len(gone), self.day), rng.uniform(8, 18, len(gone)), self.rules.cast.region[gone]
        )
        ended[e.lead[e.after == WON]] = rung.at[e.after == WON] + outbound.CLOSING_MINUTES * MINUTE
        tables = self._entered(history, rung, ended)
        self.day += 1
        return tables

    def _entered(self, history: History, rung: Rung, ended: Ints) -> dict[str, pd.DataFrame]:
        changes = [fields.stages(self.rules, history, rung.at), fields.terms(self.rules, history, ended)]
        recorder = self._recorder("fields")
        changed = pd.concat([c.table(recorder) for c in changes], ignore_index=True)
        rng = self.world.rng(f"further {self.day} rows")
        came = joined([self._interest(rng), outbound.proposals(rng, self.rules, rung.episodes, at=rung.at)])
        limit = timestamps(recorder.cast.clock.midnight(np.array([self.day + 1])))[0]
        return {
            "activities": journal.activities(self._recorder("activities"), came),
            "field_history": changed[changed["entered_at"] < limit],
            "quotes": journal.quotes(self._recorder("quotes"), rung.episodes, rung.at),
            "closings": journal.closings(self._recorder("closings"), self.rules, history=history, ended=ended),
        }

    def _interest(self, rng: np.random.Generator) -> Rows:
        """Draw what those still open do by themselves on this day."""
        needs, day = self.rules.needs, self.day
        alive: Bools = (self.rules.cast.leads.created < day) & (self._stage < WON)
        since = (needs.appears - inbound.WARMING_DAYS <= day).astype(np.int64)
        place = since + (needs.appears <= day) + (needs.ends <= day)
        phases = [
            inbound.Phase(np.full(len(alive), day), day + (alive & (place == k)).astype(np.int64), level)
            for k, level in enumerate(inbound.LEVELS)
        ]
        return joined([inbound.drawn(rng, self.rules, phase=p, kind=kind) for p in phases for kind in inbound.KINDS])

    def _recorder(self, idea: str) -> Recorder:
        """Open a recorder that keeps what is entered by the end of the day; what comes later is not exported."""
        rng = self.world.rng(f"further {self.day} recording {idea}")
        return Recorder(rng, self.rules.cast, self.day + 1)

    def _open(self) -> Ints:
        created: Ints = self.rules.cast.leads.created
        return np.flatnonzero((created < self.day) & (self._stage < WON))

    @staticmethod
    def _chosen(asked: pd.DataFrame, leads: Ints, column: str, codes: pd.Series[Any], usual: Ints) -> Ints:
        """Return the code that the calls ask for, the usual one where they ask for none that exists here."""
        if column not in asked:
            return usual
        found = asked[column].map(codes).reindex(leads)
        return np.where(found.notna(), found.fillna(0), usual).astype(np.int64)
