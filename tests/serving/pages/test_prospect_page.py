from __future__ import annotations

import pytest

from serving.store.publish import publish

BROWSER = {"Accept": "text/html"}


def text(client, path: str) -> str:
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code == 200, answer.text
    return " ".join(answer.text.split())


def test_a_listed_prospect_shows_its_place_chance_interval_reasons_and_receipt(client, published):
    shown = text(client, "/prospects/p1")
    for words in (
        "Number 1 on the list of <bdi>mira</bdi>",
        "likely to sign within 45 days",
        "Likely between 28% and 49%; far above average",
        "Speaks for it",
        "2 meetings in the last 30 days",
        "Speaks against it",
        "<code>run-1-p1</code>",
    ):
        assert words in shown


def test_who_asked_not_to_be_contacted_is_named_without_a_way_to_do_it(client, engine, make_run):
    contacts = make_run().contacts.assign(phone="+49 30 1", do_not_contact=[False, False, True])
    contacts.loc[2, "phone"] = "+49 30 99999"
    publish(engine, make_run(contacts=contacts))
    shown = text(client, "/prospects/p1")
    assert "Asked not to be contacted" in shown
    assert "99999" not in shown


def test_the_timeline_tells_what_happened_latest_first_in_the_companys_time(client, published):
    shown = text(client, "/prospects/p1")
    assert shown.index("Call from us</b>: interested") < shown.index("Download from them, web</b>")
    assert "Nov 12, 2026, 10:30" in shown  # 09:30 UTC in Berlin


@pytest.mark.parametrize(
    ("prospect_id", "words"),
    [
        ("p3", "Number 1 on the list of the team's pool"),
        ("p4", "Not on the list: <bdi>below the day&#39;s capacity of 2, rank 3 of 3</bdi>"),
        ("p5", "nothing is known to judge it by; this does not mean zero"),
    ],
)
def test_each_standing_is_said_in_words(client, published, prospect_id, words):
    assert words in text(client, f"/prospects/{prospect_id}")


def test_a_prospect_that_is_closed_by_now_is_still_found(client, engine, make_run):
    publish(engine, make_run())
    tomorrow = make_run("next", "2026-11-25T06:00:00+00:00")
    rest = {n: f[f["prospect_id"] != "p1"] for n, f in vars(tomorrow).items() if hasattr(f, "columns")}
    publish(engine, make_run("next", "2026-11-25T06:00:00+00:00", **rest))
    shown = text(client, "/prospects/p1")
    assert "Not looked at in this run" in shown
    assert "No score in this run" in shown
    assert "Earlier chances" in shown


def test_the_page_of_an_earlier_day_shows_what_was_said_then(client, engine, make_run):
    publish(engine, make_run())
    later = make_run("next", "2026-11-25T06:00:00+00:00")
    publish(engine, make_run("next", "2026-11-25T06:00:00+00:00", receipts=later.receipts.assign(chance=0.77)))
    assert "77%" in text(client, "/prospects/p1")
    assert "77%" not in text(client, "/prospects/p1?day=2026-11-24")
