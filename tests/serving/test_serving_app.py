from __future__ import annotations

import base64
import subprocess
import sys

import pytest
from pydantic import SecretStr

from serving.problem import Problem
from serving.routes.score_request import ScoreRequest

SECRET = "a-long-enough-secret"


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/prospects/nobody", "/v1/call-list?limit=0", "/nothing"])
def test_every_error_has_the_one_shape(client, published, path):
    answer = client.get(path)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = Problem.model_validate(answer.json())
    assert (problem.status, problem.instance) == (answer.status_code, path.split("?")[0])
    assert problem.type.startswith("urn:problem-type:takt:")
    assert problem.detail


def test_a_wrong_method_says_which_are_right(client):
    answer = client.get("/v1/score")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_unforeseen_error_tells_the_caller_nothing_of_the_inside(client, published, monkeypatch, caplog):
    def fail(*args, **kwargs):
        raise RuntimeError("password is hunter2")

    monkeypatch.setattr("serving.store.queries.left_out_counts", fail)
    answer = client.get("/v1/call-list")
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:problem-type:takt:unforeseen")
    assert "hunter2" not in answer.text
    assert "hunter2" in caplog.text


def test_a_person_in_a_browser_gets_a_page_a_program_gets_json(client, published):
    page = client.get("/prospects/nobody", headers={"Accept": "text/html,*/*"})
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "No prospect &#39;nobody&#39; in any published run." in page.text
    program = client.get("/v1/prospects/nobody", headers={"Accept": "text/html,*/*"})
    assert program.headers["content-type"] == "application/problem+json"


def test_pages_may_run_and_load_only_our_own_files(client, published):
    headers = client.get("/").headers
    assert "default-src 'none'; style-src 'self'" in headers["content-security-policy"]
    assert "script-src 'self'; connect-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_the_style_is_served_from_here(client):
    style = client.get("/static/takt.css")
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "url(" not in style.text
    assert "@import" not in style.text


@pytest.mark.parametrize("path", ["/static/../settings.py", "/static/..%2fsettings.py", "/static//etc/passwd"])
def test_no_other_file_of_the_server_can_be_read(client, path):
    assert client.get(path).status_code == 404


def test_the_description_lists_every_route_with_an_example_that_is_valid(client):
    described = client.get("/openapi.json").json()
    assert set(described["paths"]) >= {
        "/v1/call-list",
        "/v1/prospects/{prospect_id}",
        "/v1/score",
        "/healthz",
        "/readyz",
    }
    schema = described["paths"]["/v1/score"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    (example,) = schema["examples"]
    ScoreRequest.model_validate(example)
    assert set(schema["properties"]["touches"]["items"]["required"]) == {
        "touch_id", "prospect_id", "kind", "direction", "occurred_at", "recorded_at",
    }  # fmt: skip
    for path, methods in described["paths"].items():
        for operation in methods.values():
            assert operation["responses"]["200"]["content"]["application/json"]["schema"], path


def test_no_page_of_the_server_loads_anything_from_elsewhere(client):
    assert client.get("/docs").status_code == 404
    assert client.get("/redoc").status_code == 404


@pytest.fixture
def guarded(settings, published, serve):
    return serve(settings.model_copy(update={"secret": SecretStr(SECRET)}))


@pytest.mark.parametrize("path", ["/", "/v1/call-list", "/v1/prospects/p1", "/prospects/p1"])
def test_with_a_secret_nobody_comes_in_without_it(guarded, path):
    wrong = {"Authorization": "Bearer wrong"}
    garbled = {"Authorization": "Basic %%%"}
    for headers in ({}, wrong, garbled, {"Authorization": f"Digest {SECRET}"}):
        answer = guarded.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic ")
        assert "Hartwell" not in answer.text
    assert guarded.get(path, headers={"Authorization": f"Bearer {SECRET}"}).status_code == 200
    password = base64.b64encode(f"mira:{SECRET}".encode()).decode()
    assert guarded.get(path, headers={"Authorization": f"Basic {password}"}).status_code == 200


def test_with_a_secret_the_process_can_still_be_watched(guarded):
    assert guarded.get("/healthz").status_code == 200


def test_scoring_needs_the_secret_too(guarded):
    assert guarded.post("/v1/score", json={}).status_code == 401


LEAN = """
import sys, warnings
from serving.app import create_app
from serving.settings import Settings
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient
row = {"prospect_id": "p", "created_at": "2026-09-01T08:00:00Z", "recorded_at": "2026-09-01T08:00:00Z"}
with TestClient(create_app(Settings(home=sys.argv[1]))) as client:
    answer = client.post("/v1/score", json={"as_of": "2026-10-28T00:00:00Z", "prospects": [row]})
assert answer.json()["items"][0]["state"] == "scored", answer.text
print(sorted({name.split(".")[0] for name in sys.modules} & {"mlflow", "prefect", "shap", "altair"}))
"""


def test_a_server_that_has_scored_has_not_imported_mlflow_prefect_shap_or_altair(champion, settings):
    done = subprocess.run([sys.executable, "-c", LEAN, str(settings.home)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
