"""What a call is worth, when to make it and with which offer: kept with the run, shown to people and programs."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from serving.store.publish import publish


@pytest.fixture
def published_with_worth(engine, make_run):
    plain = make_run()
    calls = plain.call_list.assign(
        value=[1560.4, float("nan"), 0.0],
        amount=[12400.0, float("nan"), 900.0],
        timing=[1.3, float("nan"), 1.0],
        reach=[0.8, float("nan"), 1.0],
        hours=["Tuesday, 9 to 11: answered 7 of 12", None, None],
        offer_id=["pilot", None, None],
        offer_words=["offer the pilot: +6 points (2 to 10) for this segment", None, None],
        timing_words=["call this week", None, None],
        worth_words=["38 % x 12,400 x 1.3 x 0.8", None, None],
        drawn=["value", "exploration", "value"],
        propensity=[1.0, 0.05, 1.0],
    )
    receipts = plain.receipts.assign(
        trend=["rising", "steady", None, None, None], change=["2 meetings more", None, None, None, None]
    )
    until = pd.Series([dt.date(2026, 11, 30), pd.NaT], dtype="object")
    publish(engine, make_run(call_list=calls, receipts=receipts, left_out=plain.left_out.assign(until=until)))


@pytest.mark.usefixtures("published_with_worth")
def test_the_list_shows_worth_hour_offer_trend_and_the_lot(client):
    said = " ".join(client.get("/", headers={"Accept": "text/html"}).text.split())
    assert "Tuesday, 9 to 11: answered 7 of 12" in said
    assert "offer the pilot: +6 points (2 to 10) for this segment" in said
    assert "A win is worth about €12,400, expected from this call: <b>€1,560</b>" in said
    assert '<p class="trend trend-rising">▲ rising</p>' in said
    assert '<p class="because" dir="auto">Chance: 2 meetings more</p>' in said
    assert said.count("Drawn by lot") == 1


@pytest.mark.usefixtures("published_with_worth")
def test_money_follows_the_reader_and_what_is_not_known_is_not_shown(client):
    said = client.get("/", headers={"Accept": "text/html", "Accept-Language": "de"}).text
    assert "12.400\xa0€" in said
    assert said.count("A win is worth about") == 2
    assert "0\xa0€" in said


@pytest.mark.usefixtures("published_with_worth")
def test_programs_get_every_factor_and_null_for_what_is_not_known(client):
    first, second, _ = client.get("/v1/call-list").json()["items"]
    assert first["worth"] == {
        "value": 1560.4, "amount": 12400.0, "timing": 1.3, "reach": 0.8, "hours": "Tuesday, 9 to 11: answered 7 of 12",
        "offer_id": "pilot", "offer_words": "offer the pilot: +6 points (2 to 10) for this segment",
        "timing_words": "call this week", "worth_words": "38 % x 12,400 x 1.3 x 0.8", "drawn": "value",
        "propensity": 1.0,
    }  # fmt: skip
    assert (second["worth"]["value"], second["worth"]["drawn"]) == (None, "exploration")
    assert (first["receipt"]["trend"], first["receipt"]["change"]) == ("rising", "2 meetings more")


@pytest.mark.usefixtures("published_with_worth")
def test_a_prospect_left_out_says_when_it_may_be_called_again(client):
    assert client.get("/v1/prospects/p4").json()["left_out"]["until"] == "2026-11-30"
    assert "possible again from Nov 30, 2026" in client.get("/prospects/p4", headers={"Accept": "text/html"}).text
    assert client.get("/v1/prospects/p5").json()["left_out"]["until"] is None
