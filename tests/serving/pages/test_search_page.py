"""Why is it not on my list: the page, and the same answer of the API."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from serving.store.publish import publish

BROWSER = {"Accept": "text/html", "Accept-Language": "de-DE"}


def test_each_answer_says_the_place_or_the_reason_with_the_day_it_may_come_back(client, engine, make_run):
    left_out = make_run().left_out.assign(until=[dt.date(2026, 11, 30), None])
    publish(engine, make_run(left_out=left_out))
    texts = {q: client.get("/search", params={"q": q}, headers=BROWSER).text for q in ("hartwell", "DELTA", "p", "zzz")}
    assert "Hartwell Optics is number 1 on the list of mira for 24.11.2026." in texts["hartwell"]
    assert "rank 3 of 3 (no_capacity). It may be listed again from 30.11.2026." in texts["DELTA"].replace("&#39;", "'")
    assert "5 found" in texts["p"]
    assert "Nobody by that name or id" in texts["zzz"]
    api = client.get("/v1/why-not/p4").json()
    assert (api["listed"], api["reason"], api["until"]) == (False, "no_capacity", "2026-11-30")
    assert api["sentence"].endswith("It may be listed again from 2026-11-30.")
    listed = client.get("/v1/why-not/p1").json()
    assert (listed["listed"], listed["rank"], listed["owner_id"], listed["reason"]) == (True, 1, "mira", None)
    unknown = client.get("/v1/why-not/nobody")
    assert (unknown.status_code, unknown.headers["content-type"]) == (404, "application/problem+json")


def test_what_is_typed_is_only_text_and_a_search_without_any_shows_the_form(client, engine, make_run):
    publish(engine, make_run())
    shown = client.get("/search", params={"q": '"><script>x</script>'}, headers=BROWSER).text
    assert "<script>x" not in shown
    assert "&lt;script&gt;x" in shown
    empty = client.get("/search", headers=BROWSER)
    assert empty.status_code == 200
    assert '<label for="q">' in empty.text
    assert "Nobody" not in empty.text
    assert client.get("/search", params={"q": "x" * 201}, headers=BROWSER).status_code == 422


def test_fifty_are_shown_and_the_page_says_that_there_are_more(client, engine, make_run):
    known = make_run().prospects
    many = pd.DataFrame({"prospect_id": [f"q{i}" for i in range(60)], "name": [f"Same {i:02}" for i in range(60)]})
    created = known["created_at"].iloc[0]
    publish(engine, make_run(prospects=pd.concat([known, many.assign(created_at=created)], ignore_index=True)))
    shown = client.get("/search?q=same", headers=BROWSER).text
    assert "The first 50; there are more" in " ".join(shown.split())
    assert shown.count('href="/prospects/') == 50


def test_an_answer_has_its_tag_and_the_document_has_its_example(client, published):
    first = client.get("/v1/why-not/p4")
    again = client.get("/v1/why-not/p4", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    shape = client.get("/openapi.json").json()["components"]["schemas"]["WhyNotOut"]
    assert set(shape["properties"]) - set(shape["examples"][0]) == {"rank"}  # null in the example, and left away
