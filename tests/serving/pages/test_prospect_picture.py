"""The pictures of one prospect, as the numbers they are made of."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.pages.prospect_picture import _axis, _steps, history_picture, reasons_picture
from serving.pages.words import Words
from serving.store.queries import Detail, Past
from serving.store.tables import Prospect, Receipt, Run
from tests.serving.conftest import REASONS

SAY = Words("en")
SCALE = [[0.12, -2.0], [0.05, -3.0], [0.1, -2.2], [0.2, -1.0], [0.5, 1.0]]


def run(scale: list[list[float]] | None = None) -> Run:
    return Run(day=dt.date(2026, 11, 24), timezone="Europe/Berlin", summary={"scale": scale} if scale else {})


def receipt(**changes: object) -> Receipt:
    told = {"chance": 0.38, "low": 0.28, "high": 0.49, "margin": -0.4, "reasons": REASONS, "state": "scored"}
    return Receipt(**{**told, **changes})


def test_the_steps_lead_from_the_average_to_the_prospect_and_the_table_has_their_numbers():
    picture = reasons_picture(run(SCALE), receipt(), SAY)
    assert picture is not None
    assert picture.rows == (
        ("Average of all", "", "12%"),
        ("2 meetings in the last 30 days", "+0.9", "12 of 30"),
        ("no proposal so far", "−0.3", "20 of 400"),
        ("Everything else together", "+1", ""),
        ("This prospect", "", "38%"),
    )
    assert "From the average, 12%, to this prospect, 38%." in picture.words
    assert picture.svg.startswith("<svg")


def test_of_a_run_without_its_scale_only_the_reasons_are_drawn():
    picture = reasons_picture(run(), receipt(), SAY)
    assert picture is not None
    assert [row[0] for row in picture.rows] == ["2 meetings in the last 30 days", "no proposal so far"]
    assert "average" not in picture.words


@pytest.mark.parametrize("changes", [{"chance": None}, {"margin": None}, {"reasons": []}])
def test_where_nothing_was_explained_there_is_no_picture(changes):
    assert reasons_picture(run(SCALE), receipt(**changes), SAY) is None
    assert reasons_picture(run(SCALE), None, SAY) is None


@given(
    effects=st.lists(st.floats(-5, 5).filter(lambda e: abs(e) > 0.05), min_size=1, max_size=5),
    margin=st.floats(-20, 20),
)
def test_the_steps_always_add_up_to_the_margin_and_the_axis_names_only_what_is_in_sight(effects, margin):
    reasons = [{"text": str(e), "direction": "for" if e > 0 else "against", "effect": e} for e in effects]
    steps = _steps(receipt(margin=margin, reasons=reasons), SAY, average=SCALE[0])
    assert sum(s.effect for s in steps) == pytest.approx(margin - SCALE[0][1])
    assert all(a.end == pytest.approx(b.start) for a, b in zip(steps, steps[1:], strict=False))
    at = [tick["at"] for tick in _axis(steps, SCALE[1:], SAY)]
    assert at == sorted(at)


def test_earlier_chances_are_drawn_from_two_on_and_a_day_without_one_is_said_in_the_table():
    def seen(*past: tuple[int, float | None]) -> Detail:
        history = [Past(dt.date(2026, 11, d), receipt(chance=c, low=None if c is None else 0.0)) for d, c in past]
        return Detail(Prospect(), receipt(), None, None, [], [], history)

    assert history_picture(run(), seen(), SAY) is None
    assert history_picture(run(), seen((23, None)), SAY) is None
    picture = history_picture(run(), seen((23, None), (20, 0.21)), SAY)
    assert picture is not None
    assert picture.rows == (
        ("Nov 20, 2026", "21%", "under 1% and 49%"),
        ("Nov 23, 2026", "not scored", ""),
        ("Nov 24, 2026", "38%", "28% and 49%"),
    )
    assert "From 21% on Nov 20, 2026 to 38% on Nov 24, 2026" in picture.words
