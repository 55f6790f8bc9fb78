"""What Prometheus is told: routes and not paths, the list's age, the stages of the last runs, nothing of a person."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from serving.stage_times import FILE, StageTime
from tests.serving.conftest import TestClient


def figures(client: TestClient) -> dict[tuple[str, ...], float]:
    """Each sample by its name and its labels' values, in the order of their names."""
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.text)
    return {(s.name, *(s.labels[k] for k in sorted(s.labels))): s.value for f in families for s in f.samples}


def test_answers_are_counted_by_route_and_not_by_path(published: object, client: TestClient) -> None:
    for address in (
        "/v1/prospects/p1",
        "/v1/prospects/p2",
        "/v1/prospects/nobody",
        "/no/such/page",
        "/<script>",
        "/static/takt.js",
    ):
        client.get(address)
    told = figures(client)
    assert told["takt_http_requests_total", "GET", "/v1/prospects/{prospect_id}", "200"] == 2
    assert told["takt_http_requests_total", "GET", "/v1/prospects/{prospect_id}", "404"] == 1
    assert told["takt_http_requests_total", "GET", "none", "404"] == 2
    assert told["takt_http_requests_total", "GET", "/static", "200"] == 1
    assert told["takt_http_request_seconds_count", "/v1/prospects/{prospect_id}"] == 3


def test_the_latest_list_is_told_by_age_and_calls_and_nobody_by_name(published: object, client: TestClient) -> None:
    client.get("/")
    told = figures(client)
    looked_at = dt.datetime(2026, 11, 24, 6, tzinfo=dt.UTC)
    age = (dt.datetime.now(dt.UTC) - looked_at).total_seconds()
    assert told["takt_list_age_seconds",] == pytest.approx(age, abs=600)
    assert told["takt_list_calls",] == 3
    assert told["takt_store_up",] == 1
    text = client.get("/metrics").text.lower()
    assert not [name for name in ("mira", "p1", "northwind", "@") if name in text]


def test_the_stages_of_the_last_run_of_each_command_are_told_and_a_torn_line_is_passed_over(
    client: TestClient,
) -> None:
    home: Path = client.app.state.settings.home  # type: ignore[attr-defined]
    first = StageTime("daily", "2026-11-23T05:00:00+00:00", "scoring", 0, 9.0, 9.0, 10, 5, 5, 1)
    then = StageTime("daily", "2026-11-24T05:00:00+00:00", "scoring", 0, 2.0, 1.5, 400, None, 80, 1)
    again = StageTime("daily", "2026-11-24T05:00:00+00:00", "scoring", 1, 1.0, 1.0, None, None, 20, 1)
    (home / FILE).write_text(first.line() + then.line() + again.line() + then.line()[:40], encoding="utf-8")
    told = figures(client)
    assert told["takt_stage_seconds", "daily", "scoring"] == 3
    assert told["takt_stage_rows", "daily", "scoring"] == 400
    assert told["takt_stage_written_bytes", "daily", "scoring"] == 100
    assert ("takt_stage_read_bytes", "daily", "scoring") not in told
