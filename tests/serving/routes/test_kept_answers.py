"""Lists are answered from memory while the store stays as it is, and never longer."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from serving.boards.watch import Watch
from serving.pages import banner
from serving.settings import Settings
from serving.store import queries
from serving.store.looks import keep_look
from serving.store.news import News
from serving.store.publish import PublishedRun, publish
from tests.serving.conftest import TestClient, run

NEXT_DAY = "2026-11-25T06:00:00+00:00"
TAP = {"key": "one", "prospect_id": "p1", "kind": "no_answer"}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How often the store was asked for a list."""
    times: list[str] = []
    real = queries.call_list

    def counted(*given: Any, **named: Any) -> queries.Page:
        times.append("asked")
        return real(*given, **named)

    monkeypatch.setattr(queries, "call_list", counted)
    return times


def clock(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(banner, "now", lambda: dt.datetime.fromisoformat(text))


def test_the_same_question_is_asked_of_the_store_once_and_answered_by_the_same_bytes(
    client: TestClient, published: PublishedRun, asked: list[str]
) -> None:
    first, second = client.get("/v1/call-list?limit=2"), client.get("/v1/call-list?limit=2")
    assert first.content == second.content
    assert first.headers == second.headers
    assert client.get("/v1/call-list?limit=3").content != first.content
    assert len(asked) == 2


def test_a_new_list_a_tap_and_another_file_are_seen_at_once(
    client: TestClient, published: PublishedRun, engine: Engine, settings: Settings, asked: list[str]
) -> None:
    assert client.get("/v1/call-list").json()["run"]["run_id"] == "run-1"
    publish(engine, run("run-2", NEXT_DAY))
    assert client.get("/v1/call-list").json()["run"]["run_id"] == "run-2"
    assert client.post("/v1/feedback", json=TAP).status_code == 201
    client.get("/v1/call-list")
    assert len(asked) == 3
    before = len(asked)
    file = Path(str(engine.url.database))
    engine.dispose()
    copy = file.with_suffix(".copy")
    shutil.copy(file, copy)
    copy.replace(file)
    client.get("/v1/call-list")
    assert len(asked) == before + 1


def test_the_page_of_the_list_is_kept_by_language_and_quarter_hour_and_a_tap_is_seen_at_once(
    client: TestClient, engine: Engine, published: PublishedRun, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)
    keep_look(engine, Watch(looked_at=at, day=at.date(), live=True))
    clock(monkeypatch, "2026-11-24T09:00Z")
    english, again = (client.get("/", headers={"Accept-Language": "en"}) for _ in range(2))
    assert english.content == again.content
    assert client.get("/", headers={"Accept-Language": "de"}).content != english.content
    before = len(asked)
    client.get("/", headers={"Accept-Language": "en"})
    assert len(asked) == before
    clock(monkeypatch, "2026-12-01T09:15Z")
    assert client.get("/", headers={"Accept-Language": "en"}).content != english.content
    clock(monkeypatch, "2026-11-24T09:00Z")
    assert "Hartwell Optics" in english.text
    assert client.post("/v1/feedback", json=TAP).status_code == 201
    assert client.get("/", headers={"Accept-Language": "en"}).content != english.content


def test_whoever_has_the_answer_is_told_so_from_memory_too(
    client: TestClient, published: PublishedRun, asked: list[str]
) -> None:
    tag = client.get("/v1/call-list").headers["etag"]
    again = client.get("/v1/call-list", headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get("/v1/call-list", headers={"If-None-Match": '"other"'}).status_code == 200
    assert len(asked) == 1


def test_a_kept_answer_is_not_for_whoever_may_not_come_in(
    settings: Settings, serve: Callable[[Settings], TestClient], published: PublishedRun
) -> None:
    guarded = serve(settings.model_copy(update={"secret": type(settings.secret)("a secret of sixteen")}))
    bearer = {"Authorization": "Bearer a secret of sixteen"}
    assert guarded.get("/v1/call-list", headers=bearer).status_code == 200
    assert guarded.get("/v1/call-list").status_code == 401


def test_refusals_are_not_kept(client: TestClient, asked: list[str]) -> None:
    assert client.get("/v1/call-list").status_code == 404
    assert not client.app.state.kept_answers.answers  # type: ignore[attr-defined]


def test_the_state_changes_with_every_commit_of_others_and_only_then(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'store.db'}")
    assert News(engine).stamp() is None, "no file yet"
    with engine.begin() as connection:
        connection.execute(text("create table t (x int)"))
    news = News(engine)
    first = news.stamp()
    assert first is not None
    assert news.stamp() == first
    with engine.begin() as connection:
        connection.execute(text("insert into t values (1)"))
    assert news.stamp() != first
    news.close()
    engine.dispose()
    assert News(create_engine("sqlite://")).stamp() is None, "in memory"
