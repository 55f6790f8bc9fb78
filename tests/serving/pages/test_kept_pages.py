"""A kept page is never an old one."""

from __future__ import annotations

import datetime as dt

from fastapi.responses import HTMLResponse

from serving.pages.kept_pages import KeptPages
from serving.store.feedback import Said, keep
from serving.store.publish import publish

HEADERS = {"Accept": "text/html"}
AT = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)


def test_a_page_is_rendered_once_for_its_key_and_the_oldest_gives_way():
    kept, rendered = KeptPages(most=2), []

    def page(key: str) -> str:
        def render() -> HTMLResponse:
            rendered.append(key)
            return HTMLResponse(f"page {key}", headers={"X-Takt-Run": key})

        answer = kept.page(key, render)
        return f"{bytes(answer.body).decode()} {answer.headers['x-takt-run']} {answer.headers['content-length']}"

    assert [page(k) for k in "aabcab"] == [f"page {k} {k} 6" for k in "aabcab"]
    assert rendered == ["a", "b", "c", "a", "b"]


def test_what_is_said_or_published_is_on_the_page_at_once(client, engine, published, make_run):
    first = client.get("/", headers=HEADERS)
    assert client.get("/", headers=HEADERS).text == first.text
    assert "0 of 3 done" in first.text
    keep(engine, Said("k1", "p1", "interested", AT, receipt_id="run-1-p1"))
    assert "1 of 3 done" in client.get("/", headers=HEADERS).text
    publish(engine, make_run("run-2", company="Southwind"))
    second = client.get("/", headers=HEADERS)
    assert "Southwind" in second.text
    assert second.headers["x-takt-run"] == "run-2"
    assert second.headers["etag"] != first.headers["etag"]


def test_a_list_is_kept_for_its_reader_and_its_owner(client, published):
    def lead(address: str, language: str) -> str:
        return client.get(address, headers=HEADERS | {"Accept-Language": language}).text.split("<h1>")[1][:60]

    assert lead("/", "en") != lead("/", "de")
    mine = client.get("/?owner=mira", headers=HEADERS).text
    assert mine != client.get("/?pool=true", headers=HEADERS).text
