"""The daily flow with PostgreSQL as its serving store, named by URL."""

from __future__ import annotations

import pytest

from pipelines.flows.daily import daily
from pipelines.flows.run import Run
from pipelines.home import Home
from pipelines.running.standing import the_list
from pipelines.settings import PipelineSettings
from serving.store import queries
from serving.store.engine import open_store, reading
from tests.postgres import Postgres, postgres

__all__ = ["postgres"]
pytestmark = pytest.mark.slow


def test_the_list_is_published_there_once_and_status_finds_it(
    postgres: Postgres, company_run: Run, company: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.database("takt_daily")
    monkeypatch.setenv("TAKT_STORE_URL", url)
    day = str(company_run.made.run.day)
    first, again = daily(home=str(company.path), day=day), daily(home=str(company.path), day=day)
    assert (first["new"], again["new"]) == (True, False)
    engine = open_store(url)
    with reading(engine) as store:
        run = queries.find_run(store)
        calls = queries.call_list(store, run, owner=None, pool=False, after=0, limit=500).items
    engine.dispose()
    assert (run.run_id, len(calls)) == (first["run_id"], first["listed"])
    found = the_list(company, PipelineSettings())
    assert (found.run_id, found.calls) == (first["run_id"], first["listed"])
