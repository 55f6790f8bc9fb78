"""One sentence for everybody, and a whole day of everything at once: fairness, chance, hold-out, factors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.facts.definitions import Definitions, parse
from models.decision.obstacles import REASONS
from models.decision.priority import TodaysList, todays_list
from models.decision.why_not import why_not
from tests.models.decision.days import AS_OF, facts_of, prospect, scores, touch


def test_one_sentence_for_everybody(definitions_of):
    facts = facts_of(prospects=[prospect(p) for p in "abcd"], touches=[touch("d", "2026-03-01T12:00")])
    words = definitions_of(exploration=0, capacity={"default": 1})
    today = todays_list(scores(a=0.1, b=0.2, c=None, d=0.3), facts, words, AS_OF)
    assert [why_not(today, p) for p in ("a", "b", "c", "d", "stranger")] == [
        "a is not called today (no_capacity): below the day's capacity of 1, rank 2 of 2: the last one listed is worth "
        "0.200 of a win, this one 0.100 of a win; possible again from 2026-03-03",
        "b is called today: rank 1 of the list of kim",
        "c is not called today (unscored): could not be scored: nothing was known",
        "d is not called today (too_soon): we were in touch on 2026-03-01, the gap is 2 days; "
        "possible again from 2026-03-04",
        "stranger was not open on the day of this list: closed, too old, recorded later, or no such prospect",
    ]


def test_on_the_teams_list_no_owner_is_named(definitions_of):
    today = todays_list(scores(a=0.1), facts_of(prospects=[prospect("a", None)]), definitions_of(), AS_OF)
    assert why_not(today, "a") == "a is called today: rank 1 of the team's list"


def test_who_gave_a_place_to_chance_is_told_so(definitions_of):
    facts = facts_of(prospects=[prospect(p) for p in "abcdefgh"])
    words = definitions_of(exploration=1, capacity={"default": 1})
    given_scores = scores(**{p: 0.9 - 0.1 * k for k, p in enumerate("abcdefgh")})
    today = todays_list(given_scores, facts, words, AS_OF, seed=1)
    assert today.listed[["drawn", "propensity"]].to_numpy().tolist() == [["exploration", 1 / 8]]
    assert why_not(today, "a") == (
        "a is not called today (no_capacity): the place was drawn by chance today; by value it would have been called, "
        "rank 1 of 8; possible again from 2026-03-03"
    )


def test_a_fair_day_is_dealt_by_unowned_prospects_and_says_whether_the_band_holds(definitions_of):
    facts = facts_of(prospects=[prospect("a"), prospect("b", "lee"), prospect("c", None), prospect("d", None)])
    chances = scores(a=0.4, b=0.1, c=0.4, d=0.1)
    words = definitions_of(exploration=0, capacity={"default": 2}, fairness_band=0.1)
    today = todays_list(chances, facts, words, AS_OF)
    assert today.listed.groupby("owner_id")["value"].sum().tolist() == pytest.approx([0.5, 0.5])
    assert today.notes[-1].startswith("every salesperson's expected value per call is within 0%")
    lists = today.listed.set_index("prospect_id")["owner_id"]
    assert lists.to_dict() == {"a": "kim", "b": "lee", "c": "lee", "d": "kim"}


def test_who_is_held_out_is_never_listed_and_says_so(definitions_of):
    names = [f"p{k}" for k in range(40)]
    facts = facts_of(prospects=[prospect(n) for n in names])
    today = todays_list(scores(**dict.fromkeys(names, 0.1)), facts, definitions_of(hold_out=0.25), AS_OF)
    held = today.left_out[today.left_out["reason"] == "hold_out"]
    assert 0 < len(held) < 20
    assert set(held["words"]) == {REASONS["hold_out"]}
    assert held["until"].isna().all()


@pytest.fixture(scope="module")
def company():
    """Sixty prospects of three owners and nobody, some in shared accounts, some called lately."""
    rng = np.random.default_rng(5)
    names = [f"p{k:02d}" for k in range(60)]
    owner = rng.choice(["kim", "lee", "mo", None], 60)
    account = [f"acme{k}" for k in rng.integers(0, 25, 60)]
    where = rng.choice(["north", "south"], 60)
    facts = facts_of(
        prospects=[
            prospect(n, o, account_id=a, territory=w) for n, o, a, w in zip(names, owner, account, where, strict=True)
        ],
        accounts=[{"account_id": a} for a in sorted(set(account))],
        touches=[touch(n, "2026-03-01T10:00") for n in names[::9]],
    )
    chance = dict(zip(names, rng.choice([0.1, 0.2, 0.3, None], 60).tolist(), strict=True))
    factors = pd.DataFrame(
        {"prospect_id": names, "amount": rng.gamma(2, 500, 60), "timing": rng.gamma(5, 0.2, 60), "reach": np.nan}
    )
    return facts, scores(**chance), factors


def total(today: TodaysList) -> float:
    return float(today.listed["value"].sum())


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 15), st.sampled_from([0, 0.05, 0.5]), st.sampled_from([None, 0.05]), st.integers(0, 9))
def test_everybody_once_capacity_kept_and_the_order_of_rows_does_not_matter(company, places, share, band, seed):
    facts, chances, factors = company
    words = _rules(places, exploration=share, fairness_band=band, hold_out=0.1, territories={"mo": ("north",)})
    today = todays_list(chances, facts, words, AS_OF, factors=factors, seed=seed)
    mixed = np.random.default_rng(seed).permutation(60)
    other = todays_list(chances.iloc[mixed], facts, words, AS_OF, factors=factors.iloc[mixed[::-1]], seed=seed)
    pd.testing.assert_frame_equal(today.listed, other.listed)
    pd.testing.assert_frame_equal(today.left_out, other.left_out)

    everybody = [*today.listed["prospect_id"], *today.left_out["prospect_id"]]
    assert sorted(everybody) == sorted(chances["prospect_id"])
    assert (today.listed.groupby("owner_id").size() <= places).all()
    assert set(today.left_out["reason"]) <= set(REASONS)
    assert today.listed["value"].notna().all()
    assert today.listed["propensity"].between(0, 1).all()
    assert set(today.listed["drawn"]) <= ({"value", "exploration"} if share else {"value"})


def test_more_capacity_never_lowers_the_total(company):
    facts, chances, factors = company
    totals = [total(todays_list(chances, facts, _rules(c), AS_OF, factors=factors)) for c in (0, 1, 2, 5, 15)]
    assert totals == sorted(totals)
    assert totals[0] == 0
    assert len(set(totals)) > 3


def _rules(places: int, **more: object) -> Definitions:
    term = {"means": "what everybody means", "evidence": "select 1", "owner": "x", "since": "2026-01-01"}
    words = ("prospect", "contacted", "qualified", "won", "lost", "receptive")
    usual = {"company": "Acme", "recorded_at": "column", "horizon_days": 30, "terms": dict.fromkeys(words, term)}
    return parse(usual | {"exploration": 0, "capacity": {"default": places}} | more)
