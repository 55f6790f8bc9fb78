"""Fields that change in the CRM: the stage, a talk about budget, the headcount, and one that comes with the win."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from pipelines.sources.simulated.clock import MINUTE, timestamps
from pipelines.sources.simulated.draws import Ints
from pipelines.sources.simulated.moments import STAGES, WON
from pipelines.sources.simulated.outbound import CLOSING_MINUTES, PROPOSAL_MINUTES
from pipelines.sources.simulated.parameters import NEVER
from pipelines.sources.simulated.recording import Recorder
from pipelines.sources.simulated.rules import Rules
from pipelines.sources.simulated.working import History

_PLANNED, _APPROVED, _FALSE_BUDGET = 0.5, 0.5, 0.15
"""Shares of needs that get a budget noted, of those that see it approved, and of budgets without a need."""
_AROUND_NEED_DAYS: Final = 20.0
_RECOUNTED: Final = 0.25
"""Share of companies whose headcount is corrected once."""
_TERMS_MINUTES: Final = CLOSING_MINUTES - 20


@dataclass(frozen=True)
class Changes:
    """Changed fields of one kind, one entry each: whose, when (microseconds UTC), to what, who noted it."""

    entity: str
    ids: Any
    field: str
    at: Ints
    value: Any
    seller: Ints

    def table(self, recorder: Recorder) -> pd.DataFrame:
        """Return the raw rows, with the time at which each became known."""
        return pd.DataFrame(
            {
                "object": self.entity,
                "object_no": self.ids,
                "field": self.field,
                "new_value": self.value,
                "changed_at": timestamps(self.at),
                "entered_at": timestamps(recorder.known(self.at, seller=self.seller)),
            }
        )


def field_history(recorder: Recorder, rules: Rules, *, history: History, at: Ints, ended: Ints) -> pd.DataFrame:
    """Return every change that is entered before the world ends, in order of time."""
    kinds = [
        stages(rules, history, at),
        *_budgets(recorder, rules, history),
        _headcounts(recorder),
        terms(rules, history, ended),
    ]
    table = pd.concat([k.table(recorder) for k in kinds], ignore_index=True)
    limit = timestamps(recorder.cast.clock.midnight(np.array([recorder.days])))[0]
    held = table[table["entered_at"] < limit]
    return held.sort_values(["changed_at", "object_no", "field"], ignore_index=True)


def stages(rules: Rules, history: History, at: Ints) -> Changes:
    """Every step that the CRM shows, just after the conversation; won and lost are closings, not stages."""
    e = history.episodes
    step = np.flatnonzero((e.after != e.stage) & (e.after < WON))
    lead = e.lead[step]
    value = np.array(STAGES, dtype=object)[e.after[step]]
    when = at[step] + (PROPOSAL_MINUTES + 1) * MINUTE
    return Changes("opportunity", rules.cast.lead_ids[lead], "stage", when, value, rules.cast.leads.owner[lead])


def _budgets(recorder: Recorder, rules: Rules, history: History) -> list[Changes]:
    """Note a budget around a need, or without one: a hint, not a proof."""
    rng, needs, leads = recorder.rng, rules.needs, rules.cast.leads
    size = len(leads.created)
    around = needs.appears + np.round(rng.normal(0, _AROUND_NEED_DAYS, size)).astype(np.int64)
    anywhere = leads.created + rng.integers(1, 120, size)
    in_need = (needs.appears < NEVER) & (rng.random(size) < _PLANNED)
    planned = np.where(in_need, around, np.where(rng.random(size) < _FALSE_BUDGET, anywhere, NEVER))
    approved = np.where(in_need & (rng.random(size) < _APPROVED), planned + 15, NEVER)
    until = np.minimum(history.closed, recorder.days)
    return [
        _budget(recorder, np.flatnonzero((leads.created < day) & (day < until)), day=day, word=word)
        for day, word in ((planned, "planned"), (approved, "approved"))
    ]


def _budget(recorder: Recorder, lead: Ints, *, day: Ints, word: str) -> Changes:
    cast = recorder.cast
    hour = recorder.rng.uniform(8, 18, len(lead))
    when = cast.clock.utc(day[lead], hour, cast.region[lead])
    ids, seller = cast.lead_ids[lead], cast.leads.owner[lead]
    return Changes("opportunity", ids, "budget", when, word, seller)


def _headcounts(recorder: Recorder) -> Changes:
    """Correct the headcount of some companies on a day after their first opportunity."""
    rng, cast = recorder.rng, recorder.cast
    first, owner = np.unique(cast.leads.account, return_index=True)
    day = cast.leads.created[owner] + rng.integers(1, 365, len(first))
    chosen = (rng.random(len(first)) < _RECOUNTED) & (day < recorder.days)
    account, day, owner = first[chosen], day[chosen], owner[chosen]
    count = cast.companies.employees[account] * np.exp(rng.normal(0.05, 0.15, len(account)))
    when = recorder.cast.clock.utc(day, rng.uniform(8, 18, len(day)), cast.companies.region[account])
    value = np.char.mod("%d", np.maximum(1, count).astype(np.int64)).astype(object)
    ids = cast.company_ids[account]
    return Changes("company", ids, "employees", when, value, cast.leads.owner[owner])


def terms(rules: Rules, history: History, ended: Ints) -> Changes:
    """Contract terms are filled in minutes before the win: known only after the outcome, never an input."""
    lead = np.flatnonzero(history.stage == WON)
    when = ended[lead] - (CLOSING_MINUTES - _TERMS_MINUTES) * MINUTE
    return Changes(
        "opportunity", rules.cast.lead_ids[lead], "contract_terms", when, "agreed", rules.cast.leads.owner[lead]
    )
