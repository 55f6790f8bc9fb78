"""A prospect's page for somebody who doubts: why, the evidence, the people, what was said, what happened."""

from __future__ import annotations

import datetime as dt

from serving.store.feedback import Said, keep
from serving.store.publish import publish

BROWSER = {"Accept": "text/html"}
SCALE = {"listed": 3, "scale": [[0.12, -2.0], [0.05, -3.0], [0.2, -1.0]]}
AT = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)


def test_the_page_goes_from_why_to_the_evidence_the_people_and_the_past(client, engine, make_run):
    prospects = make_run().prospects.assign(
        stage="qualified",
        offer_words="the pilot: 12 of 30 like it said yes (association, not a measured effect)",
        missing_roles="nobody with the role finance has answered yet; in 9 of 30 wins somebody had\nnobody else either",
    )
    publish(engine, make_run("before", "2026-11-23T06:00:00+00:00"))
    receipts = make_run().receipts.assign(trend="rising", change="21 % on 2026-11-23, now 38 %")
    publish(engine, make_run(prospects=prospects, summary=SCALE, receipts=receipts))
    keep(engine, Said("k1", "p1", "not_now", AT, note="call <b>later</b>", until=dt.date(2026, 12, 1), said_by="mira"))
    keep(engine, Said("k2", "p1", "skip", AT, note="a mistake"))
    keep(engine, Said("k3", "p1", "undo", AT, undoes="k2"))
    text = " ".join(client.get("/prospects/p1", headers=BROWSER).text.split())
    headings = [h for h in ("reasons", "evidence", "people", "offer", "said", "facts", "history", "timeline")]
    places = [text.index(f'<h2 id="{name}">') for name in headings]
    assert places == sorted(places)
    for words in (
        "What moves the chance", "Everything else together", "21 % on 2026-11-23, now 38 %",
        "Nobody with the role finance has answered yet; in 9 of 30 wins somebody had.", "Nobody else either.",
        "The pilot: 12 of 30 like it said yes (association, not a measured effect).", "qualified",
        "not now until Dec 1, 2026", "call &lt;b&gt;later&lt;/b&gt;", "takt replay run-1-p1", "Earlier chances",
    ):  # fmt: skip
        assert words in text
    assert "a mistake" not in text  # taken back
    assert text.count("<svg") == 3  # the bar of the chance, what moves it, earlier ones


def test_a_long_past_begins_with_the_latest_and_the_rest_opens(client, engine, make_run):
    import pandas as pd

    one = make_run().timeline.iloc[[0]]
    publish(engine, make_run(timeline=pd.concat([one] * 20, ignore_index=True)))
    text = " ".join(client.get("/prospects/p1", headers=BROWSER).text.split())
    assert "<summary>8 earlier ones</summary>" in text


def test_a_prospect_not_listed_can_still_be_said_to_be_called(client, published):
    text = client.get("/prospects/p4", headers=BROWSER).text
    assert 'value="override_call"' in text
    assert 'value="override_leave"' not in text
