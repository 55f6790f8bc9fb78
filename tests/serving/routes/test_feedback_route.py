from __future__ import annotations

import pytest

from serving.routes.feedback import EXAMPLES, FeedbackIn

SAID = {"prospect_id": "p1", "kind": "not_now", "until": "2027-03-12", "note": "budget opens in March", "key": "k1"}


def test_what_is_said_is_stored_once_and_says_whether_it_was(client, published):
    first, again = (client.post("/v1/feedback", json=SAID) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == {
        **SAID, "at": first.json()["at"], "undoes": None, "contact_id": "c1", "channel": "phone", "said_by": None,
        "receipt_id": "run-1-p1", "stored": True,
    }  # fmt: skip
    assert again.json() == {**first.json(), "stored": False}
    assert first.headers["x-takt-run"] == "run-1"
    other = client.post("/v1/feedback", json={**SAID, "kind": "no_answer", "until": None})
    assert (other.status_code, other.json()["type"]) == (409, "urn:problem-type:takt:already-said")
    assert "already recorded as 'not_now'" in other.json()["detail"]


def test_the_key_may_come_in_the_header_but_must_come(client, published):
    said = {"prospect_id": "p2", "kind": "no_answer"}
    headers = {"Idempotency-Key": "h1"}
    assert client.post("/v1/feedback", json=said, headers=headers).json()["key"] == "h1"
    assert client.post("/v1/feedback", json={**said, "key": "h1"}, headers=headers).status_code == 200
    for body, sent, words in ((said, {}, "without its key"), ({**said, "key": "other"}, headers, "differ")):
        refused = client.post("/v1/feedback", json=body, headers=sent)
        assert (refused.status_code, words in refused.json()["detail"]) == (422, True)


def test_an_undo_takes_back_what_was_said_once(client, published):
    client.post("/v1/feedback", json=SAID)
    undo = {"prospect_id": "p1", "kind": "undo", "undoes": "k1", "key": "k2"}
    assert [client.post("/v1/feedback", json=undo).status_code for _ in range(2)] == [201, 200]
    again = client.post("/v1/feedback", json={**undo, "key": "k3"})
    assert (again.status_code, again.json()["type"]) == (409, "urn:problem-type:takt:nothing-to-undo")


def test_what_cannot_be_stored_is_refused_with_its_reason(client, published):
    for change, status, words in (
        ({"prospect_id": "gone"}, 404, "erased since, or never there"),
        ({"run_id": "none"}, 404, "No list was published for none"),
        ({"kind": "dance"}, 422, "expected one of interested"),
        ({"until": "2020-01-01"}, 422, "after 2026-11-24"),
        ({"until": "soon"}, 422, "until"),
        ({"note": "n" * 2001}, 422, "at most 2000"),
        ({"note": "n" * 70_000}, 413, "nothing was recorded"),
        ({"receipt": "r"}, 422, "receipt"),
    ):
        refused = client.post("/v1/feedback", json={**SAID, **change})
        assert (refused.status_code, change) == (status, change)
        assert words in refused.json()["detail"]
    garbled = client.post("/v1/feedback", content=b'{"note": "\\ud800', headers={"content-type": "application/json"})
    assert garbled.status_code == 422


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=list(EXAMPLES))
def test_the_examples_of_the_description_are_valid(example):
    FeedbackIn.model_validate(example["value"])


def test_the_description_shows_the_examples_and_every_answer(client):
    operation = client.get("/openapi.json").json()["paths"]["/v1/feedback"]["post"]
    assert set(operation["responses"]) >= {"200", "201", "404", "409", "413", "422"}
    assert set(operation["requestBody"]["content"]["application/json"]["examples"]) == set(EXAMPLES)
