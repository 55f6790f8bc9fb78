from __future__ import annotations

from urllib.parse import quote

import pytest

from serving.store.publish import publish

NEXT_DAY = "2026-11-25T06:00:00+00:00"


def test_a_listed_prospect_has_its_place_people_and_timeline(client, published):
    answer = client.get("/v1/prospects/p1").json()
    assert (answer["call"]["rank"], answer["call"]["contact_id"], answer["left_out"]) == (1, "c1", None)
    assert [(c["contact_id"], c["do_not_contact"]) for c in answer["contacts"]] == [("c1", False), ("c3", True)]
    assert [(m["occurred_at"], m["kind"]) for m in answer["timeline"]] == [
        ("2026-11-12T09:30:00Z", "call"),
        ("2026-11-01T10:00:00Z", "download"),
    ]


def test_a_prospect_left_out_says_why(client, published):
    answer = client.get("/v1/prospects/p4").json()
    assert answer["call"] is None
    assert answer["left_out"] == {
        "reason": "no_capacity",
        "words": "below the day's capacity of 2, rank 3 of 3",
        "until": None,
    }


def test_an_unscored_prospect_has_no_chance_rather_than_zero(client, published):
    receipt = client.get("/v1/prospects/p5").json()["receipt"]
    assert (receipt["state"], receipt["chance"], receipt["grade"]) == ("unscored", None, None)


def test_earlier_chances_come_from_the_run_that_counted_on_each_day(client, engine, make_run):
    publish(engine, make_run("first"))
    publish(engine, make_run("second", receipts=make_run("second").receipts.assign(chance=0.5)))
    publish(engine, make_run("today", NEXT_DAY))
    history = client.get("/v1/prospects/p1").json()["history"]
    assert [(past["day"], past["receipt"]["chance"]) for past in history] == [("2026-11-24", 0.5)]


def test_an_unknown_prospect_is_not_found(client, published):
    answer = client.get("/v1/prospects/nobody")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "No prospect 'nobody' in any published run."


@pytest.mark.parametrize("strange", ["a/b", "ü ñ", "🔬", "<i>x</i>", "50%", "a?b=c#d", "مختبر"])
def test_any_id_the_contract_allows_can_be_asked_for(client, engine, make_run, strange):
    full = make_run()
    swapped = {
        name: frame.assign(prospect_id=frame["prospect_id"].replace("p1", strange))
        for name, frame in vars(full).items()
        if hasattr(frame, "columns")
    }
    publish(engine, make_run(**swapped))
    answer = client.get(f"/v1/prospects/{quote(strange, safe='')}")
    assert (answer.status_code, answer.json()["prospect"]["prospect_id"]) == (200, strange)
    assert client.get(f"/prospects/{quote(strange, safe='')}", headers={"Accept": "text/html"}).status_code == 200
