"""From a cell of the offers to a proposal: a filled form, corrections beside the field, kept once, its state."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from serving.store.publish import PublishedRun, publish
from serving.store.tables import Proposal
from tests.serving.boards.literal_offers import board

FORM = "/offers/experiment"
GIVEN = {
    "key": "k1", "segment": "laboratories", "offer": "O1", "name": "pilot-first", "owner": "mira",
    "hypothesis": "The pilot wins <script>alert(1)</script> more.", "changes": "the pilot is offered", "chance": "50",
    "measure": "won", "days": "45", "start": "2026-11-25", "stop": "2027-02-01", "worthwhile": "5", "do": "propose",
}  # fmt: skip


@pytest.fixture
def pages(engine: Engine, make_run: Callable[..., PublishedRun], client: Any) -> Any:
    publish(engine, make_run(boards={"offers": board().model_dump(mode="json")}))
    return client


def kept(engine: Engine) -> list[tuple[str, str]]:
    with Session(engine) as store:
        return [(p.key, p.card["name"]) for p in store.scalars(select(Proposal).order_by(Proposal.key))]


def test_the_form_is_filled_for_the_cell_it_was_opened_from(pages: Any) -> None:
    shown = pages.get(FORM, params={"offer": "O1", "segment": "O'Neil & <i>"})
    assert shown.status_code == 200
    assert 'value="O1" selected' in shown.text
    assert "O&#39;Neil &amp; &lt;i&gt;" in shown.text
    assert "<i>" not in shown.text
    assert 'value="2026-11-25"' in shown.text
    assert "What to expect" in shown.text
    missing = pages.get(FORM, params={"offer": "O9"}, headers={"accept": "text/html"})
    assert missing.status_code == 404
    assert "Offers: O0, O1, O2" in missing.text


def test_a_proposal_is_stored_once_however_often_it_is_sent_and_then_shown(pages: Any, engine: Engine) -> None:
    for _ in range(2):
        sent = pages.post(FORM, data=GIVEN, follow_redirects=False)
        assert (sent.status_code, sent.headers["location"]) == (303, "/offers/experiment/k1")
    assert kept(engine) == [("k1", "pilot-first")]
    shown = pages.get("/offers/experiment/k1")
    assert "Proposed." in shown.text
    assert "&lt;script&gt;" in shown.text
    assert "<script>" not in shown.text
    assert "segment = &#39;laboratories&#39;" in shown.text
    assert "waits for the next run" in pages.get("/offers").text
    assert pages.get("/offers/experiment/k9").status_code == 404


def test_the_same_key_with_other_words_loses_nothing(pages: Any, engine: Engine) -> None:
    pages.post(FORM, data=GIVEN)
    again = pages.post(FORM, data={**GIVEN, "changes": "something else entirely"})
    assert again.status_code == 409
    assert "sent before with other words" in again.text
    assert 'value="something else entirely"' in again.text
    assert 'name="key" value="k1"' not in again.text
    taken = pages.post(FORM, data={**GIVEN, "key": "k2"})
    assert taken.status_code == 422
    assert "has this name" in taken.text
    assert kept(engine) == [("k1", "pilot-first")]


def test_errors_stand_beside_their_fields_and_what_was_typed_stays(pages: Any, engine: Engine) -> None:
    shown = pages.post(FORM, data={**GIVEN, "chance": "most", "stop": "2026-11-01", "name": '"><i>x'})
    assert shown.status_code == 422
    text = html.unescape(shown.text)
    for field in ("chance", "stop", "name"):
        assert f'id="{field}-error"' in text
        assert f'href="#{field}"' in text
    assert text.count('aria-invalid="true"') == 3
    assert 'value="most"' in text
    assert 'value="&#34;&gt;&lt;i&gt;x"' in shown.text
    assert "The pilot wins <script>alert(1)</script> more." in text
    assert "<script>" not in shown.text
    assert pages.post(FORM, data={}).status_code == 422
    assert kept(engine) == []


def test_working_out_again_stores_nothing(pages: Any, engine: Engine) -> None:
    shown = pages.post(FORM, data={**GIVEN, "worthwhile": "20", "do": "look"})
    assert shown.status_code == 200
    assert "To see 20 points" in shown.text
    assert kept(engine) == []


def test_a_post_from_another_site_is_refused(pages: Any, engine: Engine) -> None:
    sent = pages.post(FORM, data=GIVEN, headers={"sec-fetch-site": "cross-site"})
    assert sent.status_code == 403
    assert kept(engine) == []


def test_what_became_of_a_proposal_is_said_with_the_run(pages: Any) -> None:
    pages.post(FORM, data={**GIVEN, "key": "k-filed", "name": "pilot-old"})
    pages.post(FORM, data={**GIVEN, "key": "k-refused", "name": "pilot-no"})
    filed, refused = (pages.get(f"/offers/experiment/{key}").text for key in ("k-filed", "k-refused"))
    assert "<b>Filed.</b>" in filed
    assert "Prospects join from 2026-11-25." in filed
    assert "<b>Refused.</b>" in refused
    assert "Another experiment is called so." in refused
