"""Users and tokens: who comes in, for how long, and what they may do there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from serving.access import passwords
from serving.access.viewer import MAY, Role
from serving.app import create_app
from serving.errors import BadAccount
from serving.settings import Settings
from serving.store import tokens, users
from serving.store.publish import PublishedRun
from tests.serving.conftest import TestClient

NOW = dt.datetime.now(dt.UTC)
PASSWORD = "correct horse battery"
PAGE = {"Accept": "text/html"}


@pytest.fixture
def app_client(settings: Settings, engine: Engine, published: PublishedRun) -> Iterator[TestClient]:
    with TestClient(create_app(settings), follow_redirects=False) as client:
        yield client


def made(engine: Engine, name: str = "bot", role: Role = Role.ANALYST, **more) -> tuple[str, str]:
    given = {"owner_id": None, "scopes": MAY[role], "at": NOW, "expires_at": None, **more}
    return tokens.create(engine, name, role=role, **given)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def sign_in(client: TestClient, name: str, password: str):
    form = {"sign-in-name": name, "sign-in-secret": password, "sign-in-next": "/"}
    return client.post("/sign-in", data=form)


def test_nobody_has_to_say_who_they_are_until_there_is_a_user_or_a_token(app_client, engine):
    assert app_client.get("/v1/call-list").status_code == 200
    made(engine)
    assert app_client.get("/v1/call-list").status_code == 401
    assert app_client.get("/", headers=PAGE).headers["location"].startswith("/sign-in")


def test_a_token_lets_in_until_it_is_revoked(app_client, engine):
    token_id, token = made(engine)
    assert app_client.get("/v1/call-list", headers=bearer(token)).status_code == 200
    tokens.revoke(engine, token_id, at=NOW)
    assert app_client.get("/v1/call-list", headers=bearer(token)).status_code == 401
    with pytest.raises(BadAccount, match="no token .* that still holds"):
        tokens.revoke(engine, token_id, at=NOW)


def test_a_token_that_has_expired_lets_nobody_in(app_client, engine):
    _, token = made(engine, at=NOW - dt.timedelta(days=2), expires_at=NOW - dt.timedelta(seconds=1))
    assert app_client.get("/v1/call-list", headers=bearer(token)).status_code == 401


@pytest.mark.parametrize("presented", ["", "takt_", "takt_wrong", "Bearer", "\u00fc"])
def test_what_is_no_token_lets_nobody_in(app_client, engine, presented):
    made(engine)
    answer = app_client.get("/v1/call-list", headers={"Authorization": f"Bearer {presented}".encode()})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"]


def test_a_token_may_do_what_its_scopes_say_and_no_more(app_client, engine):
    _, reads = made(engine, role=Role.ADMIN, scopes=frozenset({"read"}))
    assert app_client.get("/v1/call-list", headers=bearer(reads)).status_code == 200
    tap = {"key": "k", "prospect_id": "p1", "kind": "no_answer"}
    refused = app_client.post("/v1/feedback", json=tap, headers=bearer(reads))
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:problem-type:takt:not-allowed")
    assert "needs feedback" in refused.json()["detail"]
    assert app_client.get("/v1/call-list", headers=bearer(reads)).status_code == 200


def test_a_token_cannot_be_given_more_than_its_role_may(engine, published):
    with pytest.raises(BadAccount, match=r"a token of analyst was asked to do feedback; expected some of: "):
        made(engine, scopes=frozenset({"feedback"}))
    with pytest.raises(BadAccount, match="owner"):
        made(engine, role=Role.SALESPERSON)
    with pytest.raises(BadAccount, match="expired already"):
        made(engine, expires_at=NOW)


def test_neither_a_token_nor_a_password_stands_in_the_store(engine, published):
    _, token = made(engine)
    users.add(engine, "mira", role=Role.ADMIN, password=passwords.hashed(PASSWORD), at=NOW)
    with engine.connect() as connection:
        rows = [*connection.execute(text("SELECT * FROM tokens")), *connection.execute(text("SELECT * FROM users"))]
    kept = " ".join(map(str, rows))
    assert token not in kept
    assert token.removeprefix(tokens.PREFIX) not in kept
    assert PASSWORD not in kept


def test_two_hashes_of_a_password_differ_and_both_are_right():
    one, other = passwords.hashed(PASSWORD), passwords.hashed(PASSWORD)
    assert one != other
    assert passwords.is_right(PASSWORD, one)
    assert passwords.is_right(PASSWORD, other)
    assert not passwords.is_right(PASSWORD + " ", one)
    assert not passwords.is_right(PASSWORD, None)


def test_a_user_signs_in_with_a_password_and_sees_the_own_rows(app_client, engine):
    users.add(engine, "mira", role=Role.SALESPERSON, owner_id="mira", password=passwords.hashed(PASSWORD), at=NOW)
    assert sign_in(app_client, "mira", "wrong").status_code == 401
    entered = sign_in(app_client, "mira", PASSWORD)
    assert entered.status_code == 303
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    page = app_client.get("/", headers=PAGE)
    assert page.status_code == 200
    assert "Hartwell Optics" in page.text
    assert app_client.get("/prospects/p5", headers=PAGE).status_code == 404


@pytest.mark.parametrize("change", ["disable", "password"])
def test_a_session_ends_when_the_user_is_disabled_or_has_another_password(app_client, engine, change):
    users.add(engine, "mira", role=Role.ADMIN, password=passwords.hashed(PASSWORD), at=NOW)
    sign_in(app_client, "mira", PASSWORD)
    assert app_client.get("/", headers=PAGE).status_code == 200
    if change == "disable":
        users.disable(engine, "mira", at=NOW)
    else:
        users.set_password(engine, "mira", passwords.hashed("another one, long enough"))
    assert app_client.get("/", headers=PAGE).status_code == 303


def test_a_session_of_another_server_is_none_here(app_client, engine, tmp_path):
    users.add(engine, "mira", role=Role.ADMIN, password=passwords.hashed(PASSWORD), at=NOW)
    sign_in(app_client, "mira", PASSWORD)
    name, value = next(iter(app_client.cookies.items()))
    app_client.cookies.clear()
    head, _, tail = value.rpartition(".")
    app_client.cookies.set(name, f"{head}.{tail[:-2]}xx")
    assert app_client.get("/", headers=PAGE).status_code == 303


def test_wrong_passwords_are_counted_and_then_the_right_one_has_to_wait_too(settings, engine, published):
    users.add(engine, "mira", role=Role.ADMIN, password=passwords.hashed(PASSWORD), at=NOW)
    few = settings.model_copy(update={"sign_in_limit": "3/hour"})
    with TestClient(create_app(few), follow_redirects=False) as client:
        assert [sign_in(client, "mira", f"wrong {i}").status_code for i in range(3)] == [401] * 3
        told = sign_in(client, "mira", PASSWORD)
        assert told.status_code == 429
        assert 0 < int(told.headers["retry-after"]) <= 3600


def test_wrong_tokens_are_counted_too_and_a_right_one_still_comes_in(settings, engine, published):
    _, token = made(engine)
    few = settings.model_copy(update={"sign_in_limit": "2/hour"})
    with TestClient(create_app(few)) as client:
        found = [client.get("/v1/call-list", headers=bearer(f"takt_{i}")).status_code for i in range(3)]
        assert found == [401, 401, 429]
        assert client.get("/v1/call-list", headers=bearer(token)).status_code == 200


def test_scoring_has_a_limit_for_each_viewer(settings, engine, published, champion):
    _, token = made(engine, role=Role.ADMIN)
    few = settings.model_copy(update={"score_limit": "1/hour"})
    created = "2026-09-01T08:00:00Z"
    prospects = [{"prospect_id": "new", "created_at": created, "recorded_at": created}]
    body = {"as_of": "2026-10-28T00:00:00Z", "prospects": prospects}
    with TestClient(create_app(few)) as client:
        found = [client.post("/v1/score", json=body, headers=bearer(token)).status_code for _ in range(2)]
    assert found == [200, 429]


def test_names_and_tokens_are_not_in_the_metrics(app_client, engine):
    _, token = made(engine, name="reader of lists", role=Role.ADMIN)
    app_client.get("/v1/prospects/p1", headers=bearer(token))
    told = app_client.get("/metrics", headers=bearer(token)).text
    for word in (token, "reader", "Hartwell", 'p1"', "Dana"):
        assert word not in told
