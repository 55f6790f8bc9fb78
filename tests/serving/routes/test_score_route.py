from __future__ import annotations

import json

import pandas as pd
import pytest

from features.facts.ledger import Facts
from features.matrix import build
from features.time.cohort import cohort
from models.decision.score import score

CREATED = "2026-09-01T08:00:00Z"
AS_OF = "2026-10-28T00:00:00Z"


def prospect(prospect_id: str = "new", **more):
    return {"prospect_id": prospect_id, "created_at": CREATED, "recorded_at": CREATED, "industry": "optics", **more}


def meeting(touch_id: str, at: str, recorded: str | None = None, **more):
    return {
        "touch_id": touch_id, "prospect_id": "new", "kind": "meeting", "channel": "in_person",
        "direction": "outbound", "occurred_at": at, "recorded_at": recorded or at, **more,
    }  # fmt: skip


def body(**tables):
    return {"as_of": AS_OF, "prospects": [prospect()], **tables}


def as_rows(facts: Facts) -> dict:
    tables = {name: t for name, t in facts.tables().items() if len(t)}
    return {
        name: json.loads(t.to_json(orient="records", date_format="iso", date_unit="us")) for name, t in tables.items()
    }


def only(answer):
    assert answer.status_code == 200, answer.text
    (item,) = answer.json()["items"]
    return item


def test_a_prospect_with_its_facts_gets_a_chance_with_interval_counts_and_reasons(client, champion):
    answer = client.post("/v1/score", json=body(touches=[meeting("m1", "2026-10-20T10:00:00Z")]))
    item = only(answer)
    assert item["state"] == "scored"
    assert 0 < item["low"] <= item["chance"] <= item["high"] < 1
    assert 0 < item["like_won"] <= item["like_n"]
    assert any("meeting" in reason["text"] for reason in item["reasons"])
    assert {reason["direction"] for reason in item["reasons"]} <= {"for", "against"}
    versions = answer.json()
    assert versions["bundle_fingerprint"] == champion.bundle.fingerprint
    assert versions["definitions_hash"] == champion.definitions.meaning
    assert (versions["horizon_days"], versions["simulated"], versions["as_of"]) == (30, True, AS_OF)


def test_a_meeting_raises_the_chance_where_meetings_came_before_wins(client, champion):
    without = only(client.post("/v1/score", json=body()))
    with_one = only(client.post("/v1/score", json=body(touches=[meeting("m1", "2026-10-20T10:00:00Z")])))
    assert with_one["margin"] > without["margin"]


def test_the_row_scored_by_request_equals_the_row_of_the_batch(client, champion):
    keys = cohort(champion.facts, champion.as_of, definitions=champion.definitions)
    batch = score(champion.bundle, build(champion.facts, keys, champion.catalog)).set_index("prospect_id")
    for who in keys["prospect_id"].iloc[:10]:
        sent = as_rows(champion.facts.of_prospects(pd.Index([who])))
        item = only(client.post("/v1/score", json={"as_of": champion.as_of.isoformat(), **sent}))
        assert item["margin"] == batch.loc[who, "margin"]
        assert item["chance"] == batch.loc[who, "chance"]


def test_facts_recorded_at_or_after_as_of_change_nothing(client, champion):
    known = [meeting("m1", "2026-10-20T10:00:00Z")]
    later = [meeting("m2", "2026-10-20T10:00:00Z", recorded=AS_OF), meeting("m3", "2026-11-02T10:00:00Z")]
    lost = [{"prospect_id": "new", "occurred_at": AS_OF, "recorded_at": AS_OF, "result": "lost"}]
    before = client.post("/v1/score", json=body(touches=known))
    assert client.post("/v1/score", json=body(touches=known + later, outcomes=lost)).json() == before.json()


def test_several_prospects_are_answered_in_the_order_asked(client, champion):
    asked = [prospect("z"), prospect("a"), prospect("m")]
    answer = client.post("/v1/score", json={"as_of": AS_OF, "prospects": asked})
    assert [item["prospect_id"] for item in answer.json()["items"]] == ["z", "a", "m"]


def test_who_is_not_open_has_no_chance_and_is_told_why(client, champion):
    lost = [{"prospect_id": "new", "occurred_at": CREATED, "recorded_at": CREATED, "result": "lost"}]
    item = only(client.post("/v1/score", json=body(outcomes=lost)))
    assert (item["state"], item["chance"], item["margin"]) == ("not_open", None, None)
    assert "closed before" in item["why_not"]


def test_rows_that_break_the_contract_are_all_named_and_nothing_is_scored(client, champion):
    bad = [
        meeting("m1", "2026-10-20T10:00:00Z", kind="seance"),
        meeting("m2", "2026-10-20T10:00:00Z", recorded="2026-10-01T10:00:00Z"),
        meeting("m3", "2026-10-20T10:00:00Z", prospect_id="nobody"),
        meeting("m4", "2026-10-20T10:00:00Z"),
    ]
    answer = client.post("/v1/score", json=body(touches=bad))
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert problem["type"] == "urn:problem-type:takt:bad-rows"
    assert problem["detail"].startswith("3 row(s) break the contract; first: touches[0]: kind: not one of call, email")
    assert [(e["table"], e["row"]) for e in problem["errors"]] == [("touches", 0), ("touches", 1), ("touches", 2)]
    assert [e["reason"].split(":")[0] for e in problem["errors"]] == ["kind", "recorded_at", "prospect_id"]


@pytest.mark.parametrize(
    ("broken", "where", "reason"),
    [
        ({"as_of": "2026-10-28T00:00:00"}, "body.as_of", "Input should have timezone info"),
        ({"prospects": []}, "body.prospects", "List should have at least 1 item"),
        ({"prospects": [prospect(created_at="2026-09-01T08:00:00")]}, "body.prospects.0.created_at", "timezone info"),
        ({"prospects": [prospect(prospect_id=12)]}, "body.prospects.0.prospect_id", "valid string"),
        ({"touches": [{"touch_id": "t"}]}, "body.touches.0.prospect_id", "Field required"),
        ({"touches": [meeting("m", CREATED, colour="red")]}, "body.touches.0.colour", "Extra inputs are not permitted"),
        ({"touches": [meeting("m", CREATED, value="much")]}, "body.touches.0.value", "valid number"),
        ({"meetings": []}, "body.meetings", "Extra inputs are not permitted"),
    ],
)
def test_a_body_of_the_wrong_shape_says_where(client, champion, broken, where, reason):
    answer = client.post("/v1/score", json={**body(), **broken})
    assert answer.status_code == 422
    found = {e["where"]: e["reason"] for e in answer.json()["errors"]}
    assert reason in found[where]


def test_an_attribute_of_the_wrong_type_is_a_problem_of_the_caller(client, champion):
    answer = client.post("/v1/score", json=body(prospects=[prospect(industry={"nested": 1})]))
    assert answer.status_code == 422


def test_hostile_text_is_scored_like_any_other(client, champion):
    for text in ("<script>alert(1)</script>", "مختبرات الأفق", "🔬" * 50, "a'; drop table runs; --"):
        item = only(client.post("/v1/score", json=body(prospects=[prospect(text, industry=text)])))
        assert (item["prospect_id"], item["state"]) == (text, "scored")


def test_without_a_champion_the_answer_says_what_to_type(client):
    answer = client.post("/v1/score", json=body())
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:problem-type:takt:no-champion"
    assert "run `takt train`" in answer.json()["detail"]


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(client, champion):
    answer = client.post("/v1/score", content=b"{", headers={"content-length": str(10**9)})
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:problem-type:takt:too-large")


def test_a_body_without_its_length_is_refused(client, champion):
    answer = client.post("/v1/score", content=iter([b"{}"]))
    assert (answer.status_code, answer.json()["type"]) == (411, "urn:problem-type:takt:length-required")


def test_a_withdrawn_touch_does_not_count_and_a_withdrawn_prospect_is_told_to_be_not_open(client, champion):
    met = [meeting("m1", "2026-10-20T10:00:00Z"), meeting("m2", "2026-10-21T10:00:00Z")]
    gone = {"recorded_at": "2026-10-22T10:00:00Z", "reason": "deleted"}
    one = only(client.post("/v1/score", json=body(touches=met[:1])))
    two = only(client.post("/v1/score", json=body(touches=met, withdrawals=[{"table": "touches", "id": "m2", **gone}])))
    assert two == one
    left = only(client.post("/v1/score", json=body(withdrawals=[{"table": "prospects", "id": "new", **gone}])))
    assert (left["state"], left["chance"]) == ("not_open", None)
    assert "withdrawn" in left["why_not"]
