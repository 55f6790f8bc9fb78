from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from models.decision.change import changes

MONDAY = dt.date(2026, 11, 23)


def reason(concept: str, effect: float, text: str) -> dict[str, object]:
    return {"concept": concept, "effect": effect, "text": text}


def one(chance: float | None, *reasons: dict[str, object], before: bool = False) -> pd.DataFrame:
    row = {"prospect_id": "p1", "chance": chance, "reasons": list(reasons)}
    return pd.DataFrame([row | ({"day": MONDAY} if before else {})])


def told(now: pd.DataFrame, before: pd.DataFrame, *, same_model: bool = True) -> tuple[object, object]:
    row = changes(now, before, same_model=same_model).iloc[0]
    return row["trend"], row["change"]


FEW, MANY = reason("meetings", -0.1, "no meeting"), reason("meetings", 0.7, "2 meetings in the last 30 days")
MORE = reason("meetings", 1.2, "2 meetings in the last 30 days")
QUIET = reason("quiet time", -0.4, "last contact 40 days ago")


@pytest.mark.parametrize(
    ("then", "now", "trend", "words"),
    [
        (
            (0.21, FEW),
            (0.34, MANY),
            "rising",
            "21 % on 2026-11-23, now 34 %: 2 meetings in the last 30 days (then: no meeting)",
        ),
        (
            (0.34, MANY),
            (0.21, FEW),
            "falling",
            "34 % on 2026-11-23, now 21 %: no meeting (then: 2 meetings in the last 30 days)",
        ),
        ((0.21,), (0.34, MANY), "rising", "21 % on 2026-11-23, now 34 %: 2 meetings in the last 30 days"),
        (
            (0.21, MANY),
            (0.34, MORE),
            "rising",
            "21 % on 2026-11-23, now 34 %: 2 meetings in the last 30 days, which counts for more now",
        ),
        (
            (0.21, QUIET),
            (0.34, FEW),
            "rising",
            "21 % on 2026-11-23, now 34 %: what spoke against it no longer does: last contact 40 days ago",
        ),
        ((0.21, QUIET), (0.34,), "rising", "21 % on 2026-11-23, now 34 %"),
        ((0.21,), (0.34, QUIET), "rising", "21 % on 2026-11-23, now 34 %"),
        ((0.10, FEW), (0.11, MANY), "steady", "10 % on 2026-11-23, now 11 %"),
        ((0.004,), (0.03,), "rising", "under 1 % on 2026-11-23, now 3 %"),
    ],
)
def test_a_change_is_told_with_the_reason_that_moved_most_along_with_it(then, now, trend, words):
    assert told(one(*now), one(*then, before=True)) == (trend, words)


def test_another_model_is_said_for_the_change_may_come_from_it():
    _, words = told(one(0.34, MANY), one(0.21, FEW, before=True), same_model=False)
    assert words == "21 % on 2026-11-23, now 34 %; another model than then"


def test_a_change_of_grade_is_said_where_both_have_one():
    now, before = one(0.34).assign(grade="A"), one(0.21, before=True).assign(grade="B")
    assert told(now, before) == ("rising", "21 % on 2026-11-23, now 34 % (grade B to A)")
    assert told(now, before.assign(grade="A"))[1] == "21 % on 2026-11-23, now 34 %"
    assert told(now, before.assign(grade=None))[1] == "21 % on 2026-11-23, now 34 %"


@pytest.mark.parametrize(
    ("then", "now", "trend"),
    [(0.5, 0.549, "steady"), (0.5, 0.551, "rising"), (0.5, 0.451, "steady"), (0.5, 0.449, "falling")],
)
def test_five_points_at_an_even_chance_part_steady_from_rising_and_falling(then, now, trend):
    assert told(one(now), one(then, before=True))[0] == trend


@pytest.mark.parametrize(("then", "now"), [(None, 0.3), (0.3, None)])
def test_without_a_chance_there_is_no_trend_and_no_zero(then, now):
    trend, words = told(one(now), one(then, before=True))
    assert pd.isna(trend)
    assert pd.isna(words)


def test_a_newcomer_has_no_trend():
    before = one(0.2, before=True).assign(prospect_id="p2")
    trend, words = told(one(0.3), before)
    assert pd.isna(trend)
    assert pd.isna(words)


def test_rows_come_back_in_their_order_and_nobody_gets_anothers_change():
    now = pd.DataFrame({"prospect_id": ["c", "a", "b"], "chance": [0.5, 0.2, 0.9], "reasons": [[], [], []]})
    before = pd.DataFrame({"prospect_id": ["a", "b"], "chance": [0.5, 0.5], "reasons": [[], []], "day": MONDAY})
    found = changes(now, before, same_model=True)
    assert found["prospect_id"].tolist() == ["c", "a", "b"]
    assert found["trend"].fillna("none").tolist() == ["none", "falling", "rising"]
