"""The true chance knows the hidden state of its day and nothing that is still open."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipelines.sources.simulated.draws import Floats, Ints
from pipelines.sources.simulated.forecast import clairvoyant_chance, foreseen, win_chance
from pipelines.sources.simulated.inbound import WARMING_DAYS
from pipelines.sources.simulated.moments import WON, ever, lasting, waiting
from pipelines.sources.simulated.parameters import NEVER, WorldParameters
from pipelines.sources.simulated.rules import Rules
from pipelines.sources.simulated.working import History, Snapshot, live
from pipelines.sources.simulated.world import set_up

H = 45
PARAMETERS = WorldParameters(end=dt.date(2026, 7, 1), prospects=4000, seed=2, horizon_days=H)


@pytest.fixture(scope="module")
def rules() -> Rules:
    return set_up(PARAMETERS)


@pytest.fixture(scope="module")
def history(rules: Rules) -> History:
    return live(PARAMETERS, rules)


@pytest.fixture(scope="module")
def pressure(history: History) -> Floats:
    return foreseen(history, H)


@pytest.fixture(scope="module")
def seen(history: History) -> Snapshot:
    return history.snapshots[-20]


def with_needs(rules: Rules, *, appears: Ints, ends: Ints) -> Rules:
    return replace(rules, needs=replace(rules.needs, appears=appears, ends=ends))


def test_wins_come_as_often_as_foretold_in_every_tenth_and_altogether(
    rules: Rules, history: History, pressure: Floats
) -> None:
    days = [s for s in history.snapshots if s.day <= PARAMETERS.days - H][::-7]  # windows that do not overlap
    chance = np.concatenate([win_chance(rules, pressure, seen=s, horizon=H) for s in days])
    won = np.concatenate([(history.stage[s.leads] == WON) & (history.closed[s.leads] < s.day + H) for s in days])
    tenths = pd.qcut(chance, 10, labels=False, duplicates="drop")
    for part in [chance >= 0, *(tenths == k for k in np.unique(tenths))]:
        p = chance[part]
        assert abs(won[part].sum() - p.sum()) < 4 * np.sqrt((p * (1 - p)).sum()) + 1


def test_what_is_still_open_does_not_matter(rules: Rules, pressure: Floats, seen: Snapshot) -> None:
    """Two worlds that differ only in needs that do not show yet, and in the ends of needs, give the same chances."""
    needs = rules.needs
    later = needs.appears > seen.day + WARMING_DAYS
    moved = np.where(later, np.where(needs.appears == NEVER, seen.day + WARMING_DAYS + 1, NEVER), needs.appears)
    open_ = (moved < NEVER) & (needs.ends > seen.day)
    other = with_needs(rules, appears=moved, ends=np.where(open_, np.maximum(moved, seen.day) + 3, needs.ends))
    one, two = (win_chance(r, pressure, seen=seen, horizon=H) for r in (rules, other))
    np.testing.assert_array_equal(one, two)
    one, two = (clairvoyant_chance(r, pressure, seen=seen, horizon=H) for r in (rules, other))
    assert not np.allclose(one, two)


def test_a_need_that_shows_matters(rules: Rules, pressure: Floats, seen: Snapshot) -> None:
    soon = np.full(len(rules.needs.fit), seen.day + WARMING_DAYS)
    warming = with_needs(rules, appears=soon, ends=soon + 60)
    later = with_needs(rules, appears=soon + 1, ends=soon + 60)
    one, two = (win_chance(r, pressure, seen=seen, horizon=H) for r in (warming, later))
    assert (one >= two).all()
    assert one.mean() > 5 * two.mean()


def test_no_need_is_foretold_once_it_is_over(rules: Rules, pressure: Floats, seen: Snapshot) -> None:
    over = rules.needs.ends[seen.leads] <= seen.day
    assert over.sum() > 20
    np.testing.assert_array_equal(win_chance(rules, pressure, seen=seen, horizon=H) == 0, over)


def test_the_chance_is_the_mean_of_what_a_clairvoyant_says_of_every_beginning_and_end(
    rules: Rules, pressure: Floats, seen: Snapshot
) -> None:
    """Of needs that do not show yet, summed by hand: beginning by beginning, and end by end."""
    later = np.flatnonzero(rules.needs.appears[seen.leads] > seen.day + WARMING_DAYS)[::10]
    some = Snapshot(seen.day, seen.leads[later], seen.stage[later])
    p, since = ever(rules.needs.fit[some.leads]), rules.cast.leads.created[some.leads] + 1
    first, end = seen.day + WARMING_DAYS + 1, seen.day + H

    def none(day: int) -> Floats:
        return 1 - p + p * waiting(day - since)

    mean = np.zeros(len(later))
    for begins in range(first, end):
        for ends in range(begins + 1, end + 1):  # an end at the horizon stands for all later ones
            lasts = np.array(ends - begins)
            share = lasting(lasts - 1) - (lasting(lasts) if ends < end else 0.0)
            if share > 0:
                there = with_needs(rules, appears=np.full_like(rules.needs.ends, begins), ends=np.full(4000, ends))
                said = clairvoyant_chance(there, pressure, seen=some, horizon=H)
                mean += (none(begins) - none(begins + 1)) / none(first) * share * said
    assert mean.mean() > 0.003
    np.testing.assert_allclose(win_chance(rules, pressure, seen=some, horizon=H), mean, rtol=0.002)


def test_the_laws_of_needs_are_those_by_which_they_were_drawn(rules: Rules) -> None:
    needs, created = rules.needs, rules.cast.leads.created
    comes = needs.appears < NEVER
    assert abs(comes.mean() - ever(needs.fit).mean()) < 4 * np.sqrt(0.25 / len(comes))
    waited, lasted = (needs.appears - created - 1)[comes], (needs.ends - needs.appears)[comes]
    for days in (0, 1, 4, 20, 100):
        assert abs((waited >= days).mean() - waiting(np.array(days))) < 4 * np.sqrt(0.25 / comes.sum())
        assert abs((lasted > days).mean() - lasting(np.array(days))) < 4 * np.sqrt(0.25 / comes.sum())
