"""Asking a JSON API: what is tried again, what is refused, and under which name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import SecretStr

from pipelines.sources.connected.auth import OAuth, Token
from pipelines.sources.connected.errors import (
    SourceChanged,
    SourceLoops,
    SourceRefused,
    SourceRejected,
    SourceRevoked,
    SourceUnavailable,
)
from pipelines.sources.connected.settings import ConnectionSettings
from pipelines.sources.connected.web import Client, Next
from tests.pipelines.sources.loopback import loopback

Answers = list[Response]
OK = {"results": [{"id": "1"}]}


class Script:
    """An API that gives the answers of a list, one per request; the last one for ever."""

    def __init__(self) -> None:
        self.answers: Answers = []
        self.asked: list[str] = []
        self.authorization: list[str] = []
        self.app = FastAPI()
        self.app.add_api_route("/{path:path}", self.answer, methods=["GET", "POST"])

    async def answer(self, path: str, request: Request) -> Response:
        """Give the next answer."""
        self.asked.append(f"{request.method} /{path}" + (f"?{request.url.query}" if request.url.query else ""))
        self.authorization.append(request.headers.get("authorization", ""))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Script, str]]:
    script = Script()
    with loopback(script.app) as url:
        yield script, url


@pytest.fixture
def api(served: tuple[Script, str]) -> Callable[..., tuple[Client, Script]]:
    script, url = served

    def begin(*answers: Response, **more: Any) -> tuple[Client, Script]:
        script.answers, script.asked, script.authorization = list(answers), [], []
        settings = ConnectionSettings(url=url, attempts=3, backoff_s=0, longest_wait_s=2, timeout_s=5)
        return Client("crm", settings, **({"auth": Token(SecretStr("s3cret"))} | more)), script

    return begin


def said(body: Any, status: int = 200, **headers: str) -> Response:
    return JSONResponse(body, status, {k.replace("_", "-"): v for k, v in headers.items()})


def test_the_token_is_sent_and_the_answer_is_parsed(api):
    client, script = api(said(OK))
    assert client.ask("/things", params={"limit": 2}) == OK
    assert (script.asked, script.authorization) == (["GET /things?limit=2"], ["Bearer s3cret"])


def test_a_body_makes_it_a_post(api):
    client, script = api(said(OK))
    client.ask("/search", json={"limit": 2})
    assert script.asked == ["POST /search"]


def test_an_answer_without_content_is_empty(api):
    client, _ = api(Response(status_code=204))
    assert client.ask("/things/1", method="POST") == {}


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_passing_failure_is_tried_again(api, status):
    client, script = api(said({}, status), said({}, status), said(OK))
    assert client.ask("/things") == OK
    assert len(script.asked) == 3


def test_a_failure_that_does_not_pass_is_unavailable_after_the_last_attempt(api):
    client, script = api(said({"message": "internal error"}, 500))
    with pytest.raises(
        SourceUnavailable, match=r"crm: GET /things was answered 500: .*internal error.* after 3 attempts"
    ):
        client.ask("/things")
    assert len(script.asked) == 3
    assert SourceUnavailable.passes


def test_what_may_not_be_done_twice_is_sent_once(api):
    client, script = api(said({}, 502), said(OK))
    with pytest.raises(SourceUnavailable):
        client.ask("/things", json={"name": "a"}, repeatable=False)
    assert len(script.asked) == 1


def test_a_pause_longer_than_allowed_is_not_waited_for(api):
    client, script = api(said({}, 429, Retry_After="3600"))
    with pytest.raises(SourceUnavailable, match="asks to wait 3600 s, longer than 2"):
        client.ask("/things")
    assert len(script.asked) == 1


def test_a_quota_that_is_used_up_for_the_day_is_not_waited_for(api):
    client, script = api(said({"policyName": "DAILY"}, 429), hopeless=lambda body: f"{body['policyName']} limit")
    with pytest.raises(SourceUnavailable, match="DAILY limit; pull again after that"):
        client.ask("/things")
    assert len(script.asked) == 1


def test_nobody_there_is_unavailable():
    nobody = ConnectionSettings(url="http://127.0.0.1:9", attempts=2, backoff_s=0)
    with pytest.raises(
        SourceUnavailable, match=r"crm: GET /things at http://127.0.0.1:9 got no answer \(Conn.*in 2 att"
    ):
        Client("crm", nobody, auth=Token(SecretStr("s3cret"))).ask("/things")


def test_a_wrong_token_is_refused_and_not_named_in_the_message(api):
    client, script = api(said({"message": "invalid"}, 401))
    with pytest.raises(SourceRefused, match="answered 401: .*invalid.*Check the token") as refused:
        client.ask("/things")
    assert "s3cret" not in str(refused.value)
    assert len(script.asked) == 1


def test_a_token_that_was_good_before_is_revoked(api):
    client, _ = api(said(OK), said({}, 401))
    client.ask("/things")
    with pytest.raises(SourceRevoked, match="401 after 1 good answers"):
        client.ask("/things")


def test_what_the_token_may_not_read_is_refused_also_in_the_middle(api):
    client, _ = api(said(OK), said({"category": "MISSING_SCOPES"}, 403))
    client.ask("/things")
    with pytest.raises(SourceRefused, match=r"MISSING_SCOPES.*what it is allowed to read"):
        client.ask("/others")


def test_any_other_refusal_keeps_its_status_and_body(api):
    client, _ = api(said({"message": "no such property"}, 400))
    with pytest.raises(SourceRejected, match="answered 400: .*no such property") as rejected:
        client.ask("/things")
    assert (rejected.value.status, rejected.value.body) == (400, {"message": "no such property"})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Response("<html>Sign in</html>", media_type="text/html"), "text/html.*Sign in.*expected a JSON object"),
        (said([1, 2]), "expected a JSON object"),
        (Response(status_code=302, headers={"Location": "https://login.example"}), "sent on to https://login.example"),
    ],
)
def test_an_answer_of_another_shape_is_a_changed_system(api, answer, words):
    client, _ = api(answer)
    with pytest.raises(SourceChanged, match=words):
        client.ask("/things")


def page(rows: list[int], after: str = "") -> Response:
    return said({"results": [{"id": r} for r in rows], **({"next": after} if after else {})})


def follow(answer: dict[str, Any]) -> Next | None:
    return Next(params={"after": answer["next"]}) if "next" in answer else None


def test_pages_are_read_to_the_end(api):
    client, script = api(page([1, 2], "2"), page([3], "3"), page([]))
    assert [[r["id"] for r in rows] for rows in client.pages("/things", follow=follow)] == [[1, 2], [3], []]
    assert script.asked == ["GET /things", "GET /things?after=2", "GET /things?after=3"]


def test_a_cursor_that_comes_again_ends_the_pull(api):
    client, _ = api(page([1], "2"), page([2], "2"), page([3]))
    with pytest.raises(SourceLoops, match=r"crm: /things gave a page a second time \(page 3"):
        list(client.pages("/things", follow=follow))


def test_rows_that_come_again_under_a_new_cursor_end_the_pull(api):
    client, script = api(page([1], "2"), page([1], "3"), page([2]))
    with pytest.raises(SourceLoops, match="a second time"):
        list(client.pages("/things", follow=follow))
    assert len(script.asked) == 2


def test_a_system_with_a_new_page_for_ever_is_given_up(api):
    client, _ = api(*(page([n], str(n)) for n in range(9)))
    with pytest.raises(SourceLoops):
        list(client.pages("/things", follow=follow, most=4))


def test_an_answer_without_its_list_is_a_changed_system(api):
    client, _ = api(said({"items": []}))
    with pytest.raises(SourceChanged, match=r"no list of objects under 'results'; got the keys \['items'\]"):
        list(client.pages("/things", follow=follow))


def test_the_next_page_may_not_lead_to_another_host_with_our_token(api):
    client, _ = api(page([1], "x"))
    with pytest.raises(SourceChanged, match="leads away"):
        list(client.pages("/things", follow=lambda _: Next(path="http://127.0.0.1:9/evil")))


def oauth(url: str) -> OAuth:
    return OAuth("crm", f"{url}/token", {"grant_type": "client_credentials", "client_secret": SecretStr("s3cret")})


def test_an_expired_access_token_is_renewed_once(api, served):
    client, script = api(
        said({"access_token": "one"}), said({}, 401), said({"access_token": "two"}), said(OK), auth=oauth(served[1])
    )
    assert client.ask("/things") == OK
    assert script.authorization == ["", "Bearer one", "", "Bearer two"]


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (said({"error": "invalid_grant"}, 400), SourceRefused, "invalid_grant.*whether the app was disconnected"),
        (said({}, 503), SourceUnavailable, "answered 503"),
        (said({"token": "x"}), SourceChanged, "expected JSON with access_token"),
    ],
)
def test_no_access_token_has_a_named_outcome(api, served, answer, kind, words):
    client, _ = api(answer, auth=oauth(served[1]))
    with pytest.raises(kind, match=words):
        client.ask("/things")
