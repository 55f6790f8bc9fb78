from __future__ import annotations

import pytest
from fastapi.routing import APIRoute
from starlette.requests import Request

from serving.cross_origin import SAFE, refused


def request(method: str = "POST", **headers: str) -> Request:
    raw = [
        (name.replace("_", "-").encode(), value.encode()) for name, value in {"host": "takt.local", **headers}.items()
    ]
    return Request({"type": "http", "method": method, "headers": raw, "path": "/taps", "query_string": b""})


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({}, True),  # a program
        ({"sec_fetch_site": "same-origin"}, True),
        ({"sec_fetch_site": "none"}, True),
        ({"sec_fetch_site": "cross-site"}, False),
        ({"sec_fetch_site": "same-site"}, False),
        ({"sec_fetch_site": "whatever"}, False),
        ({"sec_fetch_site": "same-origin", "origin": "https://evil.example"}, True),  # a proxy may have renamed us
        ({"sec_fetch_site": "cross-site", "origin": "https://takt.local"}, False),
        ({"origin": "https://takt.local"}, True),
        ({"origin": "https://takt.local:444"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://["}, False),
        ({"sec_fetch_site": "cross-site", "authorization": "Bearer token"}, True),
        ({"sec_fetch_site": "cross-site", "authorization": "Basic bWlyYTp4"}, False),  # browsers add it by themselves
    ],
)
def test_a_change_is_taken_from_our_own_pages_and_from_programs_only(headers, passes):
    assert (refused(request(**headers)) == "") is passes


def test_reading_is_not_refused():
    assert all(refused(request(method, sec_fetch_site="cross-site")) == "" for method in SAFE)


def changing(app) -> list[tuple[str, str]]:
    """Return method and path of every route that changes something, however deep it is included."""
    found = app.openapi()["paths"]
    api = {(m.upper(), path) for path, methods in found.items() for m in methods if m.upper() not in SAFE}
    routes = {(m, r.path) for r in flattened(app.routes) for m in r.methods or () if m not in SAFE}
    assert api <= routes
    return sorted(routes)


def flattened(routes) -> list[APIRoute]:
    own = [r for r in routes if isinstance(r, APIRoute)]
    inner = [getattr(r, "original_router", None) for r in routes if not isinstance(r, APIRoute)]
    return own + [route for router in inner if router is not None for route in flattened(router.routes)]


def test_no_route_that_changes_something_takes_it_from_another_site(client, published):
    routes = changing(client.app)
    assert {("POST", "/taps"), ("POST", "/v1/feedback"), ("POST", "/v1/score"), ("POST", "/sign-in")} <= set(routes)
    for method, path in routes:
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
            answer = client.request(method, path, headers=headers)
            assert (answer.status_code, answer.json()["type"]) == (403, "urn:problem-type:takt:cross-site"), path
            assert "nothing was changed" in answer.json()["detail"]
        assert client.request(method, path, json={}, headers={"Sec-Fetch-Site": "same-origin"}).status_code != 403
