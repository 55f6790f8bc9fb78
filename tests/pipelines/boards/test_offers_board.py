"""The board of offers from a head written out: figures of a segment, the recommendation, and what stays unsaid."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from features.facts.ledger import Facts
from features.matrix import Matrix
from models.heads.offer import Offer
from models.heads.offer_evidence import NOTHING_MEASURED
from models.heads.offer_tables import BY_SEGMENT, table_of
from pipelines.steps.boards.day import Day
from pipelines.steps.boards.offers import board
from serving.boards.offers import ALL, NO_SEGMENT, Cell, Offers
from tests.features.literal import day, facts
from tests.models.journeys import definitions_of

NOW = day("06-01")
FACTS = facts(
    prospects="""
    prospect_id created_at segment
    ann         04-01      small
    bob         05-20      small
    cat         05-25      large
    dan         05-25      -
    """,
    offers="""
    offer_id name     valid_from valid_to stages    segments
    L        list     -          -        -         -
    P        pilot    -          -        qualified -
    Q        quick    -          -        -         small
    X        expired  -          05-01    -         -
    Y        next     07-01      -        -         -
    """,
    outcomes="""
    prospect_id occurred_at result
    ann         05-10       won
    """,
)
UPLIFT = [
    # segment stage       offer effect   low    high   n   accepted
    ("small", "new", "L", 0.0, 0.0, 0.0, 30, 6),
    ("small", "qualified", "L", 0.0, 0.0, 0.0, 10, 2),
    ("small", "new", "P", 0.08, 0.02, 0.14, 30, 9),
    ("small", "qualified", "P", 0.20, 0.06, 0.34, 10, 5),
    ("large", "new", "L", 0.0, 0.0, 0.0, 12, 1),
    ("large", "new", "P", 0.9, -0.1, 1.0, 12, 12),
]


def head(rows: list[dict[str, Any]], *, control: str | None, report: pd.DataFrame = NOTHING_MEASURED) -> Offer:
    return Offer(table_of(rows), table_of([]), control, 28, report, "a note.")


def rows_of(uplift: bool) -> list[dict[str, Any]]:
    """Return the draws above, or the same offers as made by salespeople; Q and X were made to the small."""
    figures = ("effect", "low", "high") if uplift else ()
    rows = []
    for segment, stage, offer, effect, low, high, n, accepted in UPLIFT:
        told = dict.fromkeys(BY_SEGMENT, None) | {"segment": segment, "stage": stage, "offer_id": offer}
        told |= {k: v for k, v in zip(("effect", "low", "high"), (effect, low, high), strict=True) if k in figures}
        rows.append(told | {"n": n, "accepted": accepted, "basis": "uplift" if uplift else "association"})
    for offer, basis, n in (("Q", "association", 25), ("X", "association", 40), ("Y", "none", 0)):
        told = dict.fromkeys(BY_SEGMENT, None) | {"segment": "small", "stage": "new", "offer_id": offer}
        rows.append(told | {"basis": basis, "n": n, "accepted": n // 2})
    return rows


def made(offer: Offer, known: Facts = FACTS) -> Offers:
    ids = ["bob", "cat", "dan"]
    keys = pd.DataFrame({"prospect_id": pd.Series(ids, dtype="str"), "as_of": pd.Series([NOW] * 3)})
    values = pd.DataFrame({"prospect_segment": ["small", "large", None], "stage_last": ["qualified", "new", None]})
    given = SimpleNamespace(
        as_of=NOW, definitions=definitions_of(stages=["new", "qualified"], observed_until="2026-06-01"), facts=known,
        heads=SimpleNamespace(offer=offer), matrix=Matrix(keys, values), proposals=(),
        factors=pd.DataFrame({"prospect_id": pd.Series(ids, dtype="str"), "offer_id": ["P", "L", None]}),
    )  # fmt: skip
    return board(cast(Day, given))


@pytest.fixture(scope="module")
def randomised() -> Offers:
    return made(head(rows_of(uplift=True), control="L"))


def at(told: Offers, segment: str, offer: str, stage: str | None = None) -> Cell:
    found = told.cell(segment, offer, stage)
    assert found is not None
    return found


def said(told: Offers, segment: str) -> tuple[str | None, str, str]:
    found = told.segment(segment)
    assert found is not None
    return found.recommended, found.strength, found.said


def test_a_segments_effect_is_that_of_its_stages_by_their_draws_and_so_are_its_ends(randomised: Offers) -> None:
    pilot = at(randomised, "small", "P")
    # 60 draws at `new`, 20 at `qualified`
    assert (pilot.effect, pilot.low, pilot.high) == pytest.approx((0.11, 0.03, 0.19))
    assert (pilot.n, pilot.accepted, pilot.basis, pilot.says) == (40, 14, "uplift", "figure")
    assert at(randomised, "small", "P", "new").says == "elsewhere"
    assert at(randomised, "small", "P", "qualified").says == "few"
    control = at(randomised, "small", "L")
    assert (control.basis, control.effect, control.share) == ("control", None, 0.2)


def test_twelve_yes_of_twelve_are_no_effect_of_ninety_points(randomised: Offers) -> None:
    pilot = at(randomised, "large", "P")
    assert (pilot.says, pilot.effect, pilot.share) == ("few", None, None)
    assert said(randomised, "large") == (
        "P", "few", "Too few to say: pilot was drawn 12 times here, and 20 are needed for an effect.",
    )  # fmt: skip


def test_the_recommended_offer_has_its_reason_and_how_sure_it_is(randomised: Offers) -> None:
    assert said(randomised, "small") == ("P", "better", "pilot: +11 points (3 to 19) over list, from 40 draws.")
    unsure = rows_of(uplift=True)
    unsure[2]["low"] = unsure[3]["low"] = -0.05
    told = said(made(head(unsure, control="L")), "small")
    assert told[1] == "unclear"
    assert "may as well be no better" in told[2]
    worse = rows_of(uplift=True)
    worse[2]["effect"] = worse[3]["effect"] = -0.05
    assert said(made(head(worse, control="L")), "small") == (
        "L", "present", "list: no other offer did better here, in 80 draws by chance.",
    )  # fmt: skip


def test_offers_that_may_not_be_made_now_are_shown_as_such_and_never_recommended(randomised: Offers) -> None:
    says = {o: at(randomised, "small", o).says for o in "LPQXY"}
    assert says == {"L": "figure", "P": "figure", "Q": "figure", "X": "expired", "Y": "not yet"}
    assert at(randomised, "large", "Q").says == "elsewhere"
    only = replace(FACTS, offers=FACTS.offers[FACTS.offers["offer_id"] == "X"])
    assert said(made(head(rows_of(uplift=True), control="L"), only), "small")[1:] == (
        "not offered", "No offer may be made here today.",
    )  # fmt: skip


def test_without_chance_there_are_shares_and_no_effect_and_the_words_say_association() -> None:
    told = made(head(rows_of(uplift=False), control=None))
    assert not told.randomised
    assert all(c.effect is None and c.basis != "uplift" for c in told.cells)
    recommended, strength, words = said(told, "small")
    assert (recommended, strength) == ("Q", "association")
    assert words.startswith("quick: 12 of 25 said yes")
    assert "chance did not choose" in words
    assert said(told, "large")[2] == "Too few to say: 12 of 12 said yes to pilot here; 26 of 52 in all segments."


def test_where_nothing_was_ever_made_nothing_is_recommended() -> None:
    nothing = head([row | {"basis": "none", "n": 0, "accepted": 0} for row in rows_of(uplift=False)], control=None)
    assert said(made(nothing), "small")[:2] == (None, "nothing")
    empty = replace(FACTS, offers=FACTS.offers.iloc[:0])
    told = made(head([], control=None), empty)
    assert (told.offers, told.cells) == ((), ())
    assert said(told, "small") == (None, "not offered", "No offer is on record.")


def test_segments_count_who_is_open_who_comes_and_how_earlier_ones_ended(randomised: Offers) -> None:
    assert [s.name for s in randomised.segments] == [ALL, "large", "small", NO_SEGMENT]
    small, everybody = randomised.segment("small"), randomised.segment(ALL)
    assert small is not None
    assert everybody is not None
    assert (small.open, small.stages, small.suggested) == (1, {"qualified": 1}, {"P": 1})
    assert (everybody.open, everybody.weekly) == (3, 4 / 12)
    # ann was open on 4 May and was won on 10 May; nobody else was there
    assert [(b.measure, b.n, b.successes) for b in small.bases] == [
        ("won", 1, 1), ("positive_reply", 1, 0), ("meeting_booked", 1, 0),
    ]  # fmt: skip


def test_whether_choosing_earned_anything_later_is_said_or_why_it_is_not_known() -> None:
    row = {"model": "takt", "metric": "over_best_single", "value": 0.021, "low": -0.004, "high": 0.05, "reason": ""}
    report = pd.DataFrame([row], columns=NOTHING_MEASURED.columns)
    assert "+2.1 points of yes per offer (-0.4 to +5.0)" in made(head([], control=None, report=report)).later
    few = report.assign(metric="policy_value", value=np.nan, reason="too few draws")
    assert made(head([], control=None, report=few)).later == "Not tested on later draws: too few draws."
    assert made(head([], control=None)).later == ""
