from __future__ import annotations

import base64
import re

import pytest
from itsdangerous import TimestampSigner
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.access import COOKIE, SESSION_HOURS
from serving.pages.sign_in import safe
from serving.store.tables import Feedback

SECRET = "a-long-enough-secret"
BROWSER = {"Accept": "text/html"}


@pytest.fixture
def guarded(settings, published, serve):
    client = serve(settings.model_copy(update={"secret": SecretStr(SECRET)}))
    client.headers.update(BROWSER)
    client.follow_redirects = False
    return client


def sign_in(client, secret: str = SECRET, **fields: str):
    return client.post("/sign-in", data={"sign-in-secret": secret, "sign-in-name": "Mira", **fields})


def test_a_browser_is_led_to_sign_in_and_back_to_where_it_was_going(guarded):
    led = guarded.get("/?owner=mira")
    assert (led.status_code, led.headers["location"]) == (303, "/sign-in?next=%2F%3Fowner%3Dmira")
    page = guarded.get(led.headers["location"])
    assert page.status_code == 200
    assert 'name="sign-in-next" value="/?owner=mira"' in page.text
    wrong = sign_in(guarded, "wrong", **{"sign-in-next": "/?owner=mira"})
    assert wrong.status_code == 401
    assert "That is not the secret" in wrong.text
    assert "www-authenticate" not in wrong.headers
    assert guarded.get("/").status_code == 303
    right = sign_in(guarded, **{"sign-in-next": "/?owner=mira"})
    assert (right.status_code, right.headers["location"]) == (303, "/?owner=mira")
    assert guarded.get("/?owner=mira").status_code == 200
    assert "As <bdi>Mira</bdi>" in guarded.get("/sign-in").text
    assert guarded.post("/sign-out").headers["location"] == "/sign-in"
    assert guarded.get("/?owner=mira").status_code == 303


def test_the_session_cannot_be_read_by_scripts_forged_or_used_for_longer_than_a_day_of_work(guarded, monkeypatch):
    cookie = sign_in(guarded).headers["set-cookie"]
    assert SECRET not in cookie
    assert {"HttpOnly", "SameSite=lax", "Path=/", f"Max-Age={SESSION_HOURS * 3600}"} <= set(cookie.split("; "))
    good = guarded.cookies[COOKIE]
    for forged in (good[:-5] + ("A" if good[-5] != "A" else "B") + good[-4:], "e30." + good.split(".", 1)[1], "x", ""):
        guarded.cookies.set(COOKIE, forged)
        assert guarded.get("/").status_code == 303
    guarded.cookies.clear()
    now = TimestampSigner("x").get_timestamp()
    for hours, status in ((SESSION_HOURS - 1, 200), (SESSION_HOURS + 1, 303)):
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _self, h=hours: now - h * 3600)
        sign_in(guarded)
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _self: now)
        assert guarded.get("/").status_code == status
        guarded.cookies.clear()


def test_a_tap_that_met_an_expired_session_is_sent_again_after_signing_in_and_stored_once(guarded, engine):
    sign_in(guarded)
    page = guarded.get("/?owner=mira").text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.split("</form>")[0]))
    guarded.cookies.clear()
    typed = {**hidden, "kind": "skip", "note": 'at the "fair" <b>'}
    asked = guarded.post("/taps", data=typed)
    assert asked.status_code == 401
    assert "Your session has ended. What you typed is kept" in asked.text
    waiting = dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)">', asked.text))
    assert waiting["note"] == "at the &#34;fair&#34; &lt;b&gt;"
    assert waiting["sign-in-then"] == "/taps"
    with Session(engine) as store:
        assert list(store.scalars(select(Feedback.id))) == []
    wrong = sign_in(guarded, "wrong", **{**typed, "sign-in-then": "/taps"})
    assert "at the &#34;fair&#34; &lt;b&gt;" in wrong.text
    for _ in range(2):
        on_its_way = sign_in(guarded, **{**typed, "sign-in-then": "/taps"})
        assert (on_its_way.status_code, on_its_way.headers["location"]) == (307, "/taps")
        sent = guarded.post("/taps", data={**typed, "sign-in-secret": SECRET, "sign-in-then": "/taps"})
        assert (sent.status_code, sent.headers["location"]) == (303, "/?owner=mira#next")
    with Session(engine) as store:
        (kept,) = store.scalars(select(Feedback))
        assert (kept.kind, kept.note, kept.said_by) == ("skip", 'at the "fair" <b>', "Mira")


def test_programs_are_answered_as_before_and_need_no_session(guarded):
    for path, headers in (("/", {"Accept": "*/*"}), ("/v1/call-list", BROWSER), ("/", {"Authorization": "Bearer no"})):
        refused = guarded.get(path, headers=headers)
        assert (refused.status_code, "www-authenticate" in refused.headers) == (401, True)
    basic = base64.b64encode(f"omar:{SECRET}".encode()).decode()
    said = {"prospect_id": "p1", "kind": "no_answer", "key": "k"}
    answer = guarded.post("/v1/feedback", json=said, headers={"Authorization": f"Basic {basic}"})
    assert (answer.status_code, answer.json()["said_by"]) == (201, "omar")
    assert guarded.get("/", headers={"Authorization": f"Bearer {SECRET}"}).status_code == 200


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/prospects/p1?day=2026-11-24", "/prospects/p1?day=2026-11-24"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x=y", "/"),
        ("///evil.example", "/"),
        ("evil.example", "/"),
        ("/sign-in?next=/sign-in", "/"),
        ("", "/"),
        ("http://[", "/"),
    ],
)
def test_signing_in_never_leads_to_another_site(asked, led):
    assert safe(asked) == led


def test_without_a_secret_there_is_nothing_to_sign_in_to(client):
    for answer in (client.get("/sign-in?next=/flow", follow_redirects=False), client.post("/sign-in", follow_redirects=False)):  # fmt: skip  # noqa: E501
        assert answer.status_code == 303
        assert "set-cookie" not in answer.headers
