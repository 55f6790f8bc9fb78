from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.catalog import catalog
from features.facts.contract import check
from features.facts.ledger import Facts
from features.matrix import Matrix, build
from models.heads.offer import SUGGESTED, Offer, fit_offer
from models.heads.offer_tables import BY_SEGMENT
from models.heads.offers_seen import allowed
from tests.features.literal import day, facts, keys, table
from tests.models.journeys import definitions_of

NOW = day("06-01")
DEFINITIONS = definitions_of()
"""H is 28 days."""
CATALOG = catalog(DEFINITIONS)

PROSPECTS = """
    prospect_id created_at segment
    ann         01-01      small
    bob         01-01      small
    cat         01-01      large
"""
OFFERS = """
    offer_id name     valid_from valid_to stages segments
    L        list     -          -        -      -
    P        pilot    -          -        -      -
    N        new      -          -        -      -
"""
MADE = """
    prospect_id offer_id occurred_at propensity response   responded_at
    ann         L        02-01       -          declined   02-02
    ann         P        02-05       -          accepted   02-20
    bob         P        02-05       -          interested 03-20
    cat         P        02-10       -          -          -
    bob         L        05-20       -          accepted   05-21
"""


def known(*, prospects: str = PROSPECTS, offers: str = OFFERS, made: str = MADE, **more: str) -> Facts:
    return facts(prospects=prospects, offers=offers, offers_made=made, **more)


def matrix(of: Facts, *pairs: str) -> Matrix:
    return build(of, keys(*(pairs or ("ann 06-01", "bob 06-01", "cat 06-01"))), CATALOG)


def fit(of: Facts, **changes: object) -> Offer:
    given = {"catalog": CATALOG, "definitions": DEFINITIONS, "trained_as_of": NOW, "data_version": "3", "threads": 1}
    return fit_offer(of, matrix(of), **given | changes)  # type: ignore[arg-type]


def row(found: Offer, segment: str, offer: str) -> pd.Series:
    return found.by_segment.set_index(["segment", "offer_id"]).loc[(segment, offer)]


def drawn(*, people: int = 400, chance: float = 0.5, seed: int = 0, logged: bool = True) -> Facts:
    """Everybody gets L or P by lot; P adds 0.5 to the chance of a yes among the small, nothing among the large."""
    rng = np.random.default_rng(seed)
    ids = [f"p{i:04d}" for i in range(people)]
    segment = np.where(rng.random(people) < 0.5, "small", "large")
    pilot = rng.random(people) < chance
    yes = rng.random(people) < 0.2 + 0.5 * (pilot & (segment == "small"))
    at = day("02-01") + pd.to_timedelta(rng.integers(0, 60 * 24, people), unit="h")
    prospects = pd.DataFrame({"prospect_id": ids, "created_at": day("01-01"), "segment": segment})
    made = pd.DataFrame(
        {
            "prospect_id": ids, "offer_id": np.where(pilot, "P", "L"), "occurred_at": at, "recorded_at": at,
            "propensity": np.where(pilot, chance, 1 - chance) if logged else np.nan,
            "response": np.where(yes, "accepted", "declined"), "responded_at": at + pd.Timedelta(hours=1),
        }
    )  # fmt: skip
    prospects["recorded_at"] = prospects["created_at"]
    frames = {"prospects": prospects, "offers_made": made}
    tables = {name: check(name, frame).good for name, frame in frames.items()}
    return Facts.of({**tables, "offers": table("offers", OFFERS)})


def fit_drawn(of: Facts) -> Offer:
    seen_to_the_end = definitions_of(observed_until="2026-06-01")
    some = of.prospects["prospect_id"].head(20)
    when = pd.DataFrame(
        {"prospect_id": some.astype("str"), "as_of": pd.Series([NOW] * 20).astype("datetime64[us, UTC]")}
    )
    return fit_offer(
        of, build(of, when, CATALOG), catalog=CATALOG, definitions=seen_to_the_end, trained_as_of=NOW,
        data_version="3", threads=1,
    )  # fmt: skip


@pytest.fixture(scope="module")
def by_lot() -> Facts:
    return drawn()


@pytest.fixture(scope="module")
def randomised(by_lot: Facts) -> Offer:
    return fit_drawn(by_lot)


# association


def test_without_logged_chances_there_is_an_association_and_no_effect_anywhere() -> None:
    found = fit(known())
    for shown in (found.by_segment, found.overall, found.suggest(matrix(known()), known())):
        assert not (shown["basis"] == "uplift").any()
        assert shown[["effect", "low", "high"]].isna().all(axis=None)
    assert found.control is None
    assert "association only: no chance was logged" in found.note
    assert "points" not in " ".join(found.suggest(matrix(known()), known())["said"])


def test_yes_is_counted_within_28_days_by_segment_and_offers_too_late_to_count_are_not() -> None:
    found = fit(known())
    assert list(found.by_segment.columns) == BY_SEGMENT
    # ann accepted after 15 days, bob was interested after 43
    assert row(found, "small", "P")[["n", "accepted"]].tolist() == [2, 1]
    assert row(found, "large", "P")[["n", "accepted"]].tolist() == [1, 0]
    # bob's yes of May: its 28 days are not over
    assert row(found, "small", "L")[["n", "accepted"]].tolist() == [1, 0]
    assert "1 made too lately to count" in found.note


def test_the_rate_of_a_place_is_drawn_to_the_offers_overall_rate_and_the_interval_is_wilsons() -> None:
    here = row(fit(known()), "small", "P")
    assert here["rate"] == pytest.approx((1 + 20 / 3) / (2 + 20))
    assert (here["rate_low"], here["rate_high"]) == pytest.approx((0.0945, 0.9055), abs=1e-4)


def test_an_offer_never_made_is_none_and_says_so() -> None:
    found = fit(known())
    never = row(found, "small", "N")
    assert (never["basis"], never["n"]) == ("none", 0)
    assert np.isnan(never["rate"])
    only_new = replace(known(), offers=table("offers", "offer_id name\nN new"))
    said = found.suggest(matrix(known()), only_new)
    assert set(said["said"]) == {"new: never made yet, nothing is known of it"}
    assert (said["basis"] == "none").all()


def test_an_association_is_said_with_its_counts_and_its_name() -> None:
    found = fit(known()).suggest(matrix(known()), known()).set_index("prospect_id")
    assert list(found.reset_index().columns) == SUGGESTED
    assert found.loc["ann", "said"] == "pilot: 1 of 2 like it said yes (association, not a measured effect)"
    assert found.loc["cat", ["offer_id", "n", "accepted"]].tolist() == ["P", 1, 0]


def test_an_answer_that_came_after_the_training_is_not_known() -> None:
    early = fit(known(), trained_as_of=day("03-05"), definitions=definitions_of(observed_until="2026-05-01"))
    assert row(early, "small", "P")[["n", "accepted"]].tolist() == [2, 1]
    later_yes = known(made=MADE.replace("accepted   02-20", "accepted   03-04"))
    late = fit(later_yes, trained_as_of=day("03-03"))
    assert int(row(late, "small", "P")["accepted"]) == 0


def test_facts_recorded_after_the_training_change_nothing() -> None:
    more = MADE + "    cat         P        06-02       -          accepted   06-03\n"
    pd.testing.assert_frame_equal(fit(known(made=more)).by_segment, fit(known()).by_segment)


def test_where_no_answer_is_on_record_a_win_within_28_days_is_the_yes() -> None:
    bare = "\n".join(" ".join([*line.split()[:4], "-", "-"]) for line in MADE.strip().splitlines()[1:])
    won = known(
        made="prospect_id offer_id occurred_at propensity response responded_at\n" + bare,
        outcomes="prospect_id occurred_at result\nann 02-20 won",
    )
    found = fit(won)
    assert row(found, "small", "P")[["n", "accepted"]].tolist() == [2, 1]
    assert "followed by a win (no answer to an offer is on record)" in found.note


def test_no_offer_at_all_is_a_state_and_not_an_error() -> None:
    none = facts(prospects=PROSPECTS)
    found = fit(none)
    assert found.by_segment.empty
    said = found.suggest(matrix(none), none)
    assert said["offer_id"].isna().all()
    assert set(said["basis"]) == {"none"}
    assert set(said["said"]) == {"no offer may be made now at this stage and in this segment"}
    assert Offer.from_files(found.to_files()).to_files() == found.to_files()


# what may be suggested


def test_an_offer_that_was_just_declined_is_not_suggested_again() -> None:
    declined = known(made=MADE + "    ann         P        05-20       -          declined   05-25\n")
    found = fit(known()).suggest(matrix(declined), declined).set_index("prospect_id")
    assert (found.loc["ann", "offer_id"], found.loc["bob", "offer_id"]) == ("L", "P")


def test_a_declined_offer_may_come_back_after_28_days_or_when_the_refusal_was_not_known_yet() -> None:
    long_ago = known(made=MADE + "    ann         P        04-20       -          declined   05-02\n")
    assert fit(known()).suggest(matrix(long_ago), long_ago)["offer_id"].tolist()[0] == "P"
    tomorrow = known(made=MADE + "    ann         P        05-31       -          declined   06-02\n")
    assert fit(known()).suggest(matrix(tomorrow), tomorrow)["offer_id"].tolist()[0] == "P"


def test_where_everything_was_declined_nothing_is_suggested_and_that_is_said() -> None:
    only = known(offers="offer_id name\nP pilot\nL list", made=MADE + "".join(
        f"    ann         {o}        05-20       -          declined   05-25\n" for o in "LP"))  # fmt: skip
    found = fit(only).suggest(matrix(only), only)
    assert found["said"].tolist()[0] == "every offer that may be made now was turned down lately"
    assert found["offer_id"].isna().tolist() == [True, False, False]
    assert found["n"].tolist()[0] == 0


def test_an_offer_is_allowed_by_moment_stage_and_segment() -> None:
    offers = table("offers", """
        offer_id name  valid_from valid_to stages        segments
        A        one   02-01      03-01    -             -
        B        two   -          -        talks,quote   -
        C        three -          -        -             large
    """)  # fmt: skip
    where = pd.DataFrame({"segment": ["small", "large", ""], "stage": ["talks", "new", ""]})
    at = pd.Series([day("02-01"), day("03-01"), day("01-31")])
    may = {o["offer_id"]: allowed(o, where, at).tolist() for _, o in offers.iterrows()}
    assert may == {"A": [True, False, False], "B": [True, False, False], "C": [False, True, False]}


def test_the_stage_is_the_one_known_before_the_offer() -> None:
    staged = known(touches="""
        touch_id prospect_id kind  direction occurred_at stage
        t1       ann         stage inbound   02-03       talks
        t2       ann         stage inbound   02-06       quote
    """)  # fmt: skip
    found = fit(staged).by_segment.set_index(["segment", "stage", "offer_id"])
    assert found.loc[("small", "talks", "P"), "n"] == 1
    assert found.loc[("small", "quote", "P"), "n"] == 0


# effects


def test_where_chance_chose_the_effect_of_each_segment_is_near_the_truth(randomised: Offer) -> None:
    small, large = row(randomised, "small", "P"), row(randomised, "large", "P")
    assert small["basis"] == large["basis"] == "uplift"
    assert small["low"] < 0.5 < small["high"]
    assert large["low"] < 0.0 < large["high"]
    assert small["effect"] > 0.3
    assert (row(randomised, "small", "L")["effect"], randomised.control) == (0.0, "L")


def test_an_effect_is_said_in_points_with_interval_and_draws(by_lot: Facts, randomised: Offer) -> None:
    of = by_lot.prospects.set_index("prospect_id")["segment"]
    who = [of[of == "small"].index[0], of[of == "large"].index[0]]
    when = keys(*(f"{p} 06-01" for p in sorted(who)))
    found = randomised.suggest(build(by_lot, when, CATALOG), by_lot).set_index("prospect_id")
    small = found.loc[who[0]]
    effect, low, high = (round(100 * small[c]) for c in ("effect", "low", "high"))
    assert small["said"] == (
        f"offer pilot: +{effect} points ({low} to {high}) over list for small (n={small['n']}, randomised)"
    )
    assert small["n"] == row(randomised, "small", "P")["n"]
    assert found["basis"].tolist() == ["uplift", "uplift"]


def test_a_segment_never_seen_gets_what_is_known_of_all_and_a_wider_interval(by_lot: Facts, randomised: Offer) -> None:
    stranger = facts(prospects="prospect_id created_at segment\nz 05-01 huge", offers=OFFERS)
    found = randomised.suggest(matrix(stranger, "z 06-01"), stranger).iloc[0]
    assert (found["offer_id"], found["basis"]) == ("P", "uplift")
    assert "over all segments and stages, none drawn in this one" in found["said"]
    here = row(randomised, "small", "P")
    assert found["high"] - found["low"] > here["high"] - here["low"]


def test_the_same_answers_without_their_chances_are_an_association(by_lot: Facts) -> None:
    found = fit_drawn(drawn(logged=False))
    assert set(found.by_segment["basis"]) == {"association", "none"}
    assert found.by_segment["effect"].isna().all()
    assert found.report.empty


def test_chances_of_0_or_above_1_are_set_aside_and_counted(by_lot: Facts, randomised: Offer) -> None:
    made = by_lot.offers_made.copy()
    extra = made.head(6).assign(
        propensity=[0.0, -1.0, 1.7, 1.0, 1.0, np.nan], occurred_at=day("02-03"), recorded_at=day("02-03")
    )
    found = fit_drawn(replace(by_lot, offers_made=pd.concat([made, extra], ignore_index=True)))
    assert "3 with a chance of 0 or less or above 1 set aside from effects" in found.note
    assert "2 with a chance of 1 were not drawn" in found.note
    assert "effects from 400 draws with a logged chance" in found.note
    assert row(found, "small", "P")["n"] == row(randomised, "small", "P")["n"]


def test_chances_that_do_not_fit_what_was_drawn_are_not_believed() -> None:
    one = drawn()
    wrong = one.offers_made.assign(propensity=np.where(one.offers_made["offer_id"] == "P", 0.9, 0.1))
    found = fit_drawn(replace(one, offers_made=wrong))
    assert "the logged chances are not believed" in found.note
    assert found.by_segment["effect"].isna().all()


def test_a_handful_of_draws_gives_no_effect_and_says_what_is_missing() -> None:
    found = fit_drawn(drawn(people=30))
    assert found.control is None
    assert "an effect needs two offers with 20 draws each and 10 yes" in found.note


def test_the_value_of_choosing_is_measured_on_later_draws(randomised: Offer) -> None:
    found = randomised.report.set_index(["model", "metric"])
    assert found.loc[("takt", "over_chance"), "value"] > 0
    assert set(randomised.report["model"]) == {"takt", "uplift learner", "best single offer", "by chance"}
    assert (randomised.report["reason"] == "").all()


def test_a_history_too_short_for_a_later_test_says_so() -> None:
    one = drawn(people=100)
    at = pd.Series(day("02-01") + pd.to_timedelta(np.arange(100), unit="h"))
    short = one.offers_made.assign(occurred_at=at, recorded_at=at, responded_at=at + pd.Timedelta(hours=1))
    found = fit_drawn(replace(one, offers_made=short))
    assert found.report["value"].isna().all()
    assert found.report["reason"].str.contains("too few for a test on later ones").all()


def test_what_is_fitted_reads_back_to_the_same_text_and_suggestions(by_lot: Facts, randomised: Offer) -> None:
    again = Offer.from_files(randomised.to_files())
    assert again.to_files() == randomised.to_files()
    pd.testing.assert_frame_equal(again.by_segment, randomised.by_segment)
    rows = build(by_lot, keys("p0001 06-01", "p0002 06-01"), CATALOG)
    pd.testing.assert_frame_equal(again.suggest(rows, by_lot), randomised.suggest(rows, by_lot))


def test_the_same_data_give_the_same_bytes(by_lot: Facts, randomised: Offer) -> None:
    shuffled = replace(by_lot, offers_made=by_lot.offers_made.sample(frac=1, random_state=1, ignore_index=True))
    assert fit_drawn(shuffled).to_files() == randomised.to_files()
