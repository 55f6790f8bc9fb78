"""The company after its last day: the same truth and the same rules, with the calls of somebody else."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from pipelines.sources.simulated.further import Further
from pipelines.sources.simulated.moments import PROPOSAL, WON
from pipelines.sources.simulated.parameters import WorldParameters
from pipelines.sources.simulated.world import generate

WORLD = WorldParameters(end=dt.date(2026, 7, 1), prospects=400, seed=5, days=200)


@pytest.fixture
def further() -> Further:
    return Further(WORLD)


def everybody(company: Further) -> pd.DataFrame:
    return company.truth()[["prospect_id"]]


def test_the_first_further_day_begins_where_the_world_ended(further: Further) -> None:
    told = generate(WORLD).truth["chances"]
    last = told[told["as_of"] == told["as_of"].max()].astype({"prospect_id": "str"}).set_index("prospect_id")["chance"]
    assert further.date == WORLD.end
    now = further.truth().set_index("prospect_id")
    pd.testing.assert_series_equal(now["chance"].sort_index(), last.sort_index(), check_exact=True)
    assert (now["value"] >= now["chance"]).all()


def test_who_is_called_does_not_change_the_luck_of_anybody(further: Further) -> None:
    further.begin()
    all_of_them = further.ring(everybody(further)).answers(further.rules).set_index("prospect_id")
    some = further.ring(everybody(further).iloc[::7]).answers(further.rules).set_index("prospect_id")
    assert 0 < len(some) < len(all_of_them)
    pd.testing.assert_frame_equal(some, all_of_them.loc[some.index], check_exact=True)


def test_the_person_the_channel_and_the_offer_are_those_of_the_call(further: Further) -> None:
    further.begin()
    usual = further.ring(everybody(further)).answers(further.rules)
    asked = usual[["prospect_id", "contact_id"]].assign(channel="email", offer_id="O2")
    rung = further.ring(asked)
    assert set(rung.answers(further.rules)["channel"]) == {"email"}
    made = rung.episodes.offer >= 0
    assert set(rung.episodes.offer[made]) == {2}
    assert (rung.episodes.answered & (rung.episodes.stage > 0))[made].all()


def test_only_a_talk_in_a_need_with_who_decides_leads_to_a_proposal_or_a_win(further: Further) -> None:
    moved = []
    for _ in range(3):
        further.begin()
        rung = further.ring(everybody(further))
        e = rung.episodes
        on = (e.after > e.stage) & (e.after >= PROPOSAL)
        assert (e.need & e.right & e.answered)[on].all()
        moved.append(on.sum())
        won = set(further.rules.cast.lead_ids[e.lead[e.after == WON]])
        tables = further.end(rung)
        assert set(tables["closings"].query("result == 'L'")["opp_no"]).isdisjoint(won)
        assert won.isdisjoint(further.truth()["prospect_id"])
    assert sum(moved) > 0


def test_what_is_entered_happened_on_that_day_and_the_calls_are_not_among_it(further: Further) -> None:
    for _ in range(2):
        day = pd.Timestamp(further.date, tz="UTC")
        further.begin()
        tables = further.end(further.ring(everybody(further)))
        for name, column in (("activities", "happened_at"), ("field_history", "changed_at"), ("closings", "closed_at")):
            times = tables[name][[column, "entered_at"]]
            assert ((times >= day) & (times < day + pd.Timedelta(days=1))).all(axis=None), name
        out = tables["activities"].query("way == 'out'")
        assert set(out["type"]) <= {"Proposal sent"}
        assert len(tables["activities"]) > 0


def test_nobody_called_nobody_reached_and_the_world_is_the_same_every_time(further: Further) -> None:
    other = Further(WORLD)
    for company in (further, other):
        company.begin()
        company.end(company.ring(pd.DataFrame({"prospect_id": pd.Series([], dtype="str")})))
    pd.testing.assert_frame_equal(further.truth(), other.truth(), check_exact=True)
    assert np.isin(further.truth()["prospect_id"], Further(WORLD).truth()["prospect_id"]).all()
