from __future__ import annotations

import pytest

from serving.store.publish import publish

NEXT_DAY = "2026-11-25T06:00:00+00:00"


def ids(answer) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["prospect"]["prospect_id"] for item in answer.json()["items"]]


def test_the_list_says_whom_to_call_with_contact_channel_chance_and_reasons(client, published):
    first = client.get("/v1/call-list").json()["items"][0]
    assert (first["rank"], first["owner_id"], first["channel"]) == (1, "mira", "phone")
    assert (first["prospect"]["name"], first["contact"]["name"]) == ("Hartwell Optics", "Dana Ito")
    receipt = first["receipt"]
    assert (receipt["chance"], receipt["low"], receipt["high"]) == (0.38, 0.28, 0.49)
    assert (receipt["like_won"], receipt["like_n"], receipt["grade"]) == (31, 80, "A")
    assert receipt["reasons"][0] == {
        "text": "2 meetings in the last 30 days", "direction": "for", "effect": 0.9, "concept": "meetings",
        "question": "prospect", "counts_n": 30, "counts_won": 12,
    }  # fmt: skip


def test_the_list_names_its_run_and_all_versions(client, published):
    answer = client.get("/v1/call-list")
    run = answer.json()["run"]
    assert answer.headers["x-takt-run"] == run["run_id"] == "run-1"
    assert (run["as_of"], run["day"], run["simulated"]) == ("2026-11-24T06:00:00Z", "2026-11-24", True)
    assert (run["model_version"], run["bundle_fingerprint"]) == ("win-3", "f00dfacef00dface")
    assert (run["definitions_hash"], run["data_version"]) == ("0123456789ab", "d41d8cd98f00")


def test_those_left_out_are_counted_by_reason(client, published):
    assert client.get("/v1/call-list").json()["left_out"] == {"no_capacity": 1, "unscored": 1}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["p1", "p2", "p3"]),
        ("?owner=", ["p1", "p2", "p3"]),
        ("?owner=mira", ["p1", "p2"]),
        ("?owner=nobody", []),
        ("?pool=true", ["p3"]),
        ("?owner=mira&limit=1", ["p1"]),
    ],
)
def test_the_list_of_one_owner_or_of_the_pool(client, published, query, expected):
    assert ids(client.get(f"/v1/call-list{query}")) == expected


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_the_pages_put_together_are_the_list(client, published, limit):
    found, cursor = [], ""
    for _ in range(4):
        answer = client.get("/v1/call-list", params={"limit": limit, "cursor": cursor})
        found += ids(answer)
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            break
    assert found == ["p1", "p2", "p3"]
    assert cursor is None


def test_a_page_stays_with_its_run_when_a_newer_list_is_published(client, engine, published, make_run):
    cursor = client.get("/v1/call-list?limit=1").json()["next_cursor"]
    publish(engine, make_run("newer", NEXT_DAY))
    answer = client.get("/v1/call-list", params={"cursor": cursor})
    assert answer.headers["x-takt-run"] == answer.json()["run"]["run_id"] == "run-1"
    assert ids(answer) == ["p2", "p3"]


@pytest.mark.parametrize("cursor", ["x", "%%%", "W10", "WzEsMl0", "bnVsbA", "WyJydW4tMSIsICJhIl0"])
def test_a_cursor_this_server_did_not_give_is_refused(client, published, cursor):
    answer = client.get("/v1/call-list", params={"cursor": cursor})
    assert answer.status_code in (400, 404)
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_list_of_an_earlier_day_is_still_there(client, engine, published, make_run):
    publish(engine, make_run("newer", NEXT_DAY))
    assert client.get("/v1/call-list").headers["x-takt-run"] == "newer"
    assert client.get("/v1/call-list?day=2026-11-24").headers["x-takt-run"] == "run-1"


def test_a_day_without_a_list_says_which_is_the_latest(client, published):
    answer = client.get("/v1/call-list?day=2026-11-25")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "No list was published for 2026-11-25; the latest is for 2026-11-24."


def test_before_anything_was_published_the_answer_says_what_to_type(client):
    answer = client.get("/v1/call-list")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["type"] == "urn:problem-type:takt:no-run"
    assert "`takt run`" in answer.json()["detail"]


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=many", "day=tomorrow"])
def test_a_query_that_makes_no_sense_is_named(client, published, query):
    answer = client.get(f"/v1/call-list?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == f"query.{query.split('=')[0]}"


def test_who_has_the_list_already_is_told_so_without_a_body(client, engine, published, make_run):
    tag = client.get("/v1/call-list").headers["etag"]
    again = client.get("/v1/call-list", headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    publish(engine, make_run("newer"))
    assert client.get("/v1/call-list", headers={"If-None-Match": tag}).status_code == 200


def test_a_list_may_be_kept_but_must_be_asked_for_again(client, published):
    assert client.get("/v1/call-list").headers["cache-control"] == "private, no-cache"


def test_a_long_answer_is_compressed_for_who_can_read_it(client, published):
    assert client.get("/v1/call-list", headers={"Accept-Encoding": "gzip"}).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in client.get("/v1/call-list", headers={"Accept-Encoding": "identity"}).headers
