"""The truth of the simulated company is true: what it says beforehand is what happens, and only what it says."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from pipelines.sources.simulated.clock import Clock
from pipelines.sources.simulated.companies import AT_HOUR
from pipelines.sources.simulated.moments import PROPOSAL, WON
from pipelines.sources.simulated.offering import OFFERS, STANDARD
from pipelines.sources.simulated.parameters import WorldParameters
from pipelines.sources.simulated.reaching import PHONE
from pipelines.sources.simulated.rules import Rules
from pipelines.sources.simulated.working import Episodes, History, live
from pipelines.sources.simulated.world import World, generate, set_up

END = dt.date(2026, 11, 2)
PARAMETERS = WorldParameters(end=END, prospects=20_000, seed=11)
H = pd.Timedelta(days=PARAMETERS.horizon_days)
Z = 4.0
"""Standard errors that chance may be off; the seed is fixed, so a test passes always or never."""


@pytest.fixture(scope="module")
def world() -> World:
    return generate(PARAMETERS)


@pytest.fixture(scope="module")
def rules() -> Rules:
    return set_up(PARAMETERS)


@pytest.fixture(scope="module")
def history(rules: Rules) -> History:
    return live(PARAMETERS, rules)


@pytest.fixture(scope="module")
def chances(world: World) -> pd.DataFrame:
    """Labelled chances seven weeks apart: the windows of 45 days do not overlap, so wins count once."""
    labelled = world.truth["chances"].dropna(subset="won")
    weeks = (pd.Timestamp(END, tz="UTC") - labelled["as_of"]).dt.days // 7
    return labelled[weeks % 7 == 0].astype({"won": "float64"})


def test_the_last_moment_is_the_end_of_the_world_and_its_wins_are_not_known(world: World) -> None:
    table = world.truth["chances"]
    last = table[table["as_of"] == pd.Timestamp(END, tz="UTC")]
    assert len(last) > 3000
    assert last["won"].isna().all()
    assert last["chance"].between(0, 1).all()
    assert set(table.loc[table["won"].isna(), "as_of"].dt.date) == {END - dt.timedelta(days=7 * w) for w in range(7)}


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.02), (0.02, 0.1), (0.1, 0.25), (0.25, 0.5), (0.5, 1.0)])
def test_the_true_chance_is_calibrated_in_every_range(chances: pd.DataFrame, low: float, high: float) -> None:
    """Wins are a sum of independent draws with these chances: its variance is the sum of p (1 - p)."""
    here = chances[(chances["chance"] > low) & (chances["chance"] <= high)]
    p = here["chance"].to_numpy()
    assert len(here) > 100
    assert abs(here["won"].sum() - p.sum()) < Z * np.sqrt((p * (1 - p)).sum())


def test_a_chance_of_zero_never_wins(chances: pd.DataFrame) -> None:
    assert chances.loc[chances["chance"] == 0, "won"].sum() == 0


def test_the_gain_of_a_conversation_is_what_conversations_with_the_decider_brought(
    chances: pd.DataFrame, rules: Rules, history: History
) -> None:
    """Those who spoke with the decider on a day of the grid won as often as chance and gain say together."""
    assert chances["gain"].between(0, 1 - chances["chance"] + 1e-12).all()
    e, ids = history.episodes, pd.Series(rules.cast.lead_ids)
    spoke = e.need & e.right & e.answered
    day = pd.Timestamp(END, tz="UTC") - pd.to_timedelta(PARAMETERS.days - e.day[spoke], unit="D")
    talks = pd.DataFrame({"prospect_id": ids[e.lead[spoke]].to_numpy(), "as_of": day.astype("datetime64[us, UTC]")})
    told = talks.drop_duplicates().merge(chances.astype({"as_of": "datetime64[us, UTC]"}), on=["prospect_id", "as_of"])
    p = (told["chance"] + told["gain"]).to_numpy()
    assert len(told) > 100
    assert told["gain"].mean() > 0.1
    assert abs(told["won"].sum() - p.sum()) < Z * np.sqrt((p * (1 - p)).sum())


def recent_interest(world: World, chances: pd.DataFrame) -> pd.Series:
    """Count inbound activities of the 30 days before `as_of`, as known then: what anybody could see."""
    came = world.raw["activities"].query("way == 'in'").astype({"opp_no": "str"})
    pairs = (
        chances.astype({"prospect_id": "str"})
        .reset_index()
        .merge(
            came[["opp_no", "happened_at", "entered_at"]],
            left_on="prospect_id",
            right_on="opp_no",
        )
    )
    since = pairs["as_of"] - pairs["happened_at"]
    seen = pairs[(pairs["entered_at"] < pairs["as_of"]) & (since <= pd.Timedelta(days=30))]
    return seen["index"].value_counts().reindex(chances.index, fill_value=0)


def test_the_truth_ranks_far_better_than_what_can_be_seen(world: World, chances: pd.DataFrame) -> None:
    assert roc_auc_score(chances["won"], chances["chance"]) > 0.9
    hint = roc_auc_score(chances["won"], recent_interest(world, chances))
    assert 0.58 < hint < 0.8, "interest shows around a need, noisily"


def test_nobody_is_won_before_the_need_or_after_it(world: World) -> None:
    won = world.truth["prospects"].query("result == 'won'")
    assert len(won) > 2000
    assert (won["need_at"] <= won["closed_at"]).all()
    assert (won["closed_at"] < won["need_ends_at"]).all()


def test_calling_in_the_need_is_followed_by_wins_and_calling_before_is_not(world: World) -> None:
    calls = world.raw["activities"].query("way == 'out' and type == 'Call'")
    calls = calls.merge(world.truth["prospects"], left_on="opp_no", right_on="prospect_id")
    won = calls["result_y"].eq("won") & (calls["closed_at"] - calls["happened_at"] < H)
    needed = calls["happened_at"].between(calls["need_at"], calls["need_ends_at"], inclusive="left")
    assert won[needed].mean() > 4 * won[~needed].mean()


def test_only_a_conversation_with_the_decider_in_a_need_leads_on(history: History) -> None:
    e = history.episodes
    moved = e.after >= np.maximum(e.stage + 1, PROPOSAL)
    assert moved.sum() > 2000
    assert (e.need & e.right & e.answered)[moved].all()


def test_some_sign_in_a_conversation_and_some_unasked(history: History) -> None:
    in_talks = (history.episodes.after == WON).sum() / (history.stage == WON).sum()
    assert 0.2 < in_talks < 0.8


def test_nobody_is_tried_beyond_the_capacity_of_the_day(rules: Rules, history: History) -> None:
    e = history.episodes
    tried = np.zeros((PARAMETERS.sellers, PARAMETERS.days))
    np.add.at(tried, (rules.cast.leads.owner[e.lead], e.day), 1)
    assert (tried <= rules.cast.sellers.capacity[:, None] + 1).all()


def test_the_logged_chances_of_randomised_offers_are_those_with_which_they_came(world: World) -> None:
    drawn = world.raw["quotes"].dropna(subset="draw_chance")
    share = len(drawn) / len(world.raw["quotes"])
    assert abs(share - 0.2) < Z * np.sqrt(0.2 * 0.8 / len(world.raw["quotes"]))
    late = drawn[drawn["offered_at"] >= world.raw["quote_catalogue"]["sold_from"].max()]
    expected = late.groupby("article")["draw_chance"].first()
    came = late["article"].value_counts(normalize=True)
    assert late.groupby("article")["draw_chance"].nunique().eq(1).all()
    assert expected.sum() == pytest.approx(1.0)
    assert (abs(came - expected) < Z * np.sqrt(expected * (1 - expected) / len(late))).all()


def answers_by_offer(e: Episodes, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of positive answers to each offer among the chosen conversations, and how many there were."""
    n = np.bincount(e.offer[chosen], minlength=len(OFFERS))
    return np.bincount(e.offer[chosen], e.positive[chosen], minlength=len(OFFERS)) / n, n


def test_randomised_offers_show_their_true_effect(rules: Rules, history: History, world: World) -> None:
    """Within a cell of stage and segment the randomised offers met the same people, so shares may be compared."""
    e, effects = history.episodes, world.truth["offer_effects"]
    drawn = e.answered & (e.offer >= 0) & np.isfinite(e.propensity) & (e.day >= rules.desk.leasing_from)
    off = []
    for (stage, segment), cell in effects.groupby(["stage", "segment"]):
        at = ["contacted", "qualified", "proposal"].index(stage) + 1
        group = ["small", "medium", "large"].index(segment)
        share, n = answers_by_offer(e, drawn & (e.stage == at) & (rules.cast.segment[e.lead] == group))
        se = np.sqrt(share * (1 - share) / n + share[STANDARD] * (1 - share[STANDARD]) / n[STANDARD])
        off += list(((share - share[STANDARD] - cell["effect_average"].to_numpy()) / np.maximum(se, 0.02))[1:])
    assert len(off) == 36
    assert np.abs(off).max() < Z
    assert np.mean(np.square(off)) < 2


def test_the_plain_success_rate_of_the_discount_lies(history: History) -> None:
    """Salespeople give the discount where they sense a need: by habit it looks better than drawn by chance."""
    e = history.episodes
    talks = e.answered & (e.offer >= 0)
    habit, _ = answers_by_offer(e, talks & np.isnan(e.propensity))
    drawn, n = answers_by_offer(e, talks & np.isfinite(e.propensity))
    gap = (habit - habit[STANDARD]) - (drawn - drawn[STANDARD])
    assert gap[OFFERS.index("discount")] > 0.03


def test_people_answer_the_phone_as_often_as_the_truth_says(rules: Rules, history: History) -> None:
    e, people = history.episodes, rules.cast.contacts
    phone = e.medium == PHONE
    p = people.reply[e.contact[phone], PHONE] * AT_HOUR[e.hour[phone], people.best_hour[e.contact[phone]]]
    assert abs(e.answered[phone].sum() - p.sum()) < Z * np.sqrt((p * (1 - p)).sum())


def test_answer_rates_cover_every_contact_and_channel_once(world: World) -> None:
    rates = world.truth["answer_rates"]
    assert not rates.duplicated(["contact_id", "channel"]).any()
    assert len(rates) == 4 * world.raw["people"]["person_no"].nunique()
    assert (rates["rate"] <= rates["rate_at_best"]).all()
    assert rates["best_hour"].between(8, 17).all()


@pytest.mark.parametrize(
    ("day", "hour", "zone", "instant"),
    [
        (dt.date(2026, 3, 27), 9.5, 0, "2026-03-27 08:30"),  # Berlin, winter
        (dt.date(2026, 3, 30), 9.5, 0, "2026-03-30 07:30"),  # Berlin, summer
        (dt.date(2026, 3, 27), 9.5, 2, "2026-03-27 09:30"),  # London, winter
        (dt.date(2026, 3, 27), 9.5, 4, "2026-03-27 13:30"),  # New York is three weeks ahead with summer time
        (dt.date(2026, 11, 1), 18.99, 4, "2026-11-01 23:59"),  # the latest hour is still the same UTC day
    ],
)
def test_local_hours_become_instants(day: dt.date, hour: float, zone: int, instant: str) -> None:
    number = np.array([(day - PARAMETERS.start).days])
    got = Clock.of(PARAMETERS).utc(number, np.array([hour]), np.array([zone]))
    assert str(got.astype("datetime64[us]").astype("datetime64[m]")[0]) == instant.replace(" ", "T")
