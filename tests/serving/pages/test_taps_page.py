from __future__ import annotations

import re
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.pages.taps import Tap
from serving.store.publish import publish
from serving.store.tables import Feedback

BROWSER = {"Accept": "text/html"}
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


def forms(page: str) -> list[dict[str, str]]:
    """Return the hidden fields of every form of a page that is a tap."""
    found = re.findall(r'<form[^>]*action="/taps".*?</form>', page, flags=re.DOTALL)
    return [dict(HIDDEN.findall(form)) for form in found]


def form(client, prospect: str = "p1", path: str = "/?owner=mira", *, undo: bool = False) -> dict[str, str]:
    found = forms(client.get(path, headers=BROWSER).text)
    return next(f for f in found if f["prospect"] == prospect and ("undoes" in f) == undo)


def tap(client, fields: dict[str, str], kind: str, **more: str) -> Any:
    return client.post("/taps", data={**fields, "kind": kind, **more}, headers=BROWSER, follow_redirects=False)


def kept(engine) -> list[tuple[Any, ...]]:
    with Session(engine) as store:
        rows = store.scalars(select(Feedback).order_by(Feedback.id))
        return [(f.prospect_id, f.kind, f.note, f.until and f.until.isoformat(), f.said_by) for f in rows]


def text(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", answer.text).split())


def test_a_day_is_worked_from_the_top_down_and_every_step_can_be_taken_back(client, engine, published):
    assert "0 of 2 done" in text(client.get("/?owner=mira", headers=BROWSER))
    first = tap(client, form(client), "no_answer")
    assert (first.status_code, first.headers["location"]) == (303, "/?owner=mira#next")
    page = text(client.get(first.headers["location"], headers=BROWSER))
    assert "1 of 2 done Hartwell Optics: no answer Undo" in page
    assert page.index("Sørensen") < page.index("Done today") < page.rindex("Hartwell Optics")

    last = tap(client, form(client, "p2"), "not_now", until="2027-03-12", note="budget opens then")
    assert last.headers["location"] == "/?owner=mira#next"
    page = text(client.get("/?owner=mira", headers=BROWSER))
    assert "2 of 2 done" in page
    assert "All done for today" in page
    assert "not now until Mar 12, 2027: budget opens then" in page

    undone = tap(client, form(client, undo=True), "undo")
    assert undone.headers["location"] == "/?owner=mira#next"
    page = text(client.get("/?owner=mira", headers=BROWSER))
    assert "1 of 2 done" in page
    assert page.index("Hartwell Optics") < page.index("Done today")
    assert kept(engine) == [
        ("p1", "no_answer", None, None, "mira"),
        ("p2", "not_now", "budget opens then", "2027-03-12", "mira"),
        ("p1", "undo", None, None, "mira"),
    ]
    again = tap(client, form(client), "meeting_booked")
    assert again.status_code == 303
    assert kept(engine)[-1][:2] == ("p1", "meeting_booked")


def test_a_tap_in_the_middle_of_the_list_leads_to_the_line_below_it(client, engine, make_run):
    full = make_run()
    ids = [f"q{i:03}" for i in range(130)]
    many = {
        "receipts": full.receipts.iloc[:1].loc[[0] * 130].assign(prospect_id=ids, receipt_id=ids),
        "prospects": full.prospects.iloc[:1].loc[[0] * 130].assign(prospect_id=ids, name=ids),
        "call_list": full.call_list.iloc[:1].loc[[0] * 130].assign(prospect_id=ids, receipt_id=ids, rank=range(1, 131)),
    }
    empty = {name: getattr(full, name).iloc[:0] for name in ("left_out", "contacts", "timeline")}
    publish(engine, make_run(**many, **empty))
    assert tap(client, form(client, "q004"), "skip", note="ill").headers["location"] == "/?owner=mira#call-6"
    assert tap(client, form(client, "q004", undo=True), "undo").headers["location"] == "/?owner=mira#call-5"
    page = client.get("/?owner=mira", headers=BROWSER).text
    beyond = re.search(r'href="(/\?cursor=[^"]*)" rel="next"', page)
    assert beyond is not None
    second = beyond[1].replace("&amp;", "&")
    led = tap(client, form(client, "q070", second), "no_answer").headers["location"]
    assert led.endswith("#call-72")
    assert 'id="call-72"' in client.get(led, headers=BROWSER).text


def test_what_is_sent_again_is_stored_once_and_the_page_keeps_its_tag_until_something_is_said(
    client, engine, published
):
    page = client.get("/?owner=mira")
    same = client.get("/?owner=mira", headers={"If-None-Match": page.headers["etag"]})
    assert same.status_code == 304
    fields = form(client)
    assert [tap(client, fields, "no_answer").status_code for _ in range(3)] == [303] * 3
    assert kept(engine) == [("p1", "no_answer", None, None, "mira")]
    changed = client.get("/?owner=mira", headers={"If-None-Match": page.headers["etag"]})
    assert changed.status_code == 200


def test_put_off_until_tomorrow_is_the_day_after_the_lists(client, engine, published):
    tap(client, form(client), "tomorrow")
    assert kept(engine) == [("p1", "snooze", None, "2026-11-25", "mira")]


def test_two_who_tap_the_same_prospect_are_told_of_each_other_and_nothing_is_lost(client, engine, published):
    mira, omar = form(client), form(client, path="/")
    tap(client, mira, "no_answer")
    clash = tap(client, omar, "interested", note="wants <b>the pilot</b>")
    assert clash.status_code == 409
    said = text(clash)
    assert "Already recorded" in said
    assert "already recorded as no answer by mira" in said
    assert "undo the first to change it" in said
    assert "wants &lt;b&gt;the pilot&lt;/b&gt;" in clash.text
    assert len(kept(engine)) == 1
    (instead,) = forms(clash.text)
    done = tap(client, instead, "interested", note="wants the pilot")
    assert done.status_code == 303
    page = text(client.get("/?owner=mira", headers=BROWSER))
    assert "1 of 2 done Hartwell Optics: reached, interested: wants the pilot" in page
    # the page of the first tap is old now: what it says was taken back meanwhile
    late = tap(client, mira, "meeting_booked")
    assert (late.status_code, "and that was taken back" in text(late)) == (409, True)
    assert tap(client, forms(late.text)[0], "meeting_booked").status_code == 303
    twice = tap(client, {**mira, "undoes": mira["key"], "key": "another"}, "undo")
    assert (twice.status_code, "was taken back before" in text(twice)) == (409, True)
    assert len(kept(engine)) == 3


REFUSED: list[tuple[dict[str, str], str, int, str]] = [
    ({"key": ""}, "no_answer", 422, "without its key"),
    ({"until": "2020-01-01"}, "not_now", 422, "2020-01-01 cannot be: expected a day after 2026-11-24"),
    ({"until": "12.3.27"}, "not_now", 422, "is not a day"),
    ({}, "not_now", 422, "until when?"),
    ({}, "skip", 422, "say in a few words why"),
    ({}, "override_leave", 422, "say in a few words why"),
    ({}, "dance", 422, "is not something to say about a call"),
    ({"prospect": "gone"}, "interested", 404, "it was erased since, or never there"),
    ({"run": "none"}, "interested", 404, "No list was published for none"),
    ({"note": "n" * 2001}, "interested", 422, "at most 2000"),
    ({"note": "n" * 100_000}, "interested", 413, "a note may have 2,000 characters; nothing was recorded"),
    ({"note": "a\x00b"}, "interested", 422, "no text"),
]


def test_a_tap_that_cannot_be_kept_says_why_and_shows_what_was_typed(client, engine, published):
    fields = form(client)
    for change, kind, status, words in REFUSED:
        refused = tap(client, {**fields, **change}, kind)
        assert (refused.status_code, change) == (status, change)
        assert refused.headers["content-type"] == "text/html; charset=utf-8"
        assert words in text(refused).replace("&#39;", "'")
        assert status == 413 or change.get("note", "").replace("\x00", "\ufffd") in refused.text
    assert kept(engine) == []


def test_a_refused_tap_is_corrected_on_the_spot(client, engine, published):
    refused = tap(client, form(client), "skip")
    (again,) = forms(refused.text)
    assert tap(client, again, "skip", note="at the fair").headers["location"] == "/?owner=mira#next"
    nokey = tap(client, {**form(client, "p2"), "key": ""}, "no_answer")
    assert tap(client, forms(nokey.text)[0], "no_answer").status_code == 303
    assert [row[:3] for row in kept(engine)] == [("p1", "skip", "at the fair"), ("p2", "no_answer", None)]


def test_a_note_is_text_whatever_is_in_it(client, engine, published):
    note = '<script>alert(1)</script> & "quotes" {{ 7 * 7 }}\r\nnext line'
    tap(client, form(client), "skip", note=note)
    page = client.get("/?owner=mira", headers=BROWSER).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;quotes&#34; {{ 7 * 7 }}" in page
    assert "<script>alert" not in page
    assert kept(engine)[0][2] == note.replace("\r\n", "\n")


def test_a_tap_on_a_list_that_was_made_again_is_kept_and_says_who_has_the_prospect_now(client, engine, make_run):
    publish(engine, make_run())
    fields = form(client)
    full = make_run("next")
    publish(engine, make_run("next", "2026-11-25T06:00:00+00:00", call_list=full.call_list.assign(owner_id="omar")))
    for _ in range(2):
        moved = tap(client, fields, "interested")
        assert moved.status_code == 200
        assert "is recorded" in text(moved)
        assert "with omar" in text(moved)
    assert kept(engine) == [("p1", "interested", None, None, "mira")]
    assert tap(client, {**form(client, "p2", path="/?owner=omar")}, "no_answer").status_code == 303


def test_who_asked_never_to_be_contacted_has_no_link_on_any_line(client, engine, make_run):
    full = make_run()
    both = full.contacts.assign(contact_id=["c1", "c1", "c3"], phone="+49 30 555 010", email="dana@x.example").head(2)
    publish(engine, make_run(contacts=both, call_list=full.call_list.assign(contact_id=["c1", "c1", None])))
    assert "Asked not to be contacted" not in client.get("/", headers=BROWSER).text
    tap(client, form(client), "never_again")
    assert "Asked not to be contacted" in client.get("/prospects/p2", headers=BROWSER).text
    assert [x["prospect"]["prospect_id"] for x in client.get("/v1/call-list").json()["items"]] == ["p3"]
    for path in ("/", "/prospects/p1", "/prospects/p2"):
        shown = client.get(path, headers=BROWSER).text
        assert "tel:" not in shown
        assert "mailto:" not in shown
    people = client.get("/v1/prospects/p2").json()["contacts"]
    assert [c["do_not_contact"] for c in people] == [True]


def test_the_prospect_page_offers_the_same_taps(client, engine, published):
    fields = form(client, path="/prospects/p1")
    assert set(fields) <= set(Tap.model_fields)
    assert fields == form(client)
    assert tap(client, form(client, "p4", path="/prospects/p4"), "override_call", note="they rang").status_code == 303
    assert kept(engine) == [("p4", "override_call", "they rang", None, None)]


def test_an_address_left_over_from_a_tap_leads_back_to_the_list(client, published):
    assert client.get("/taps", follow_redirects=False).headers["location"] == "/"
