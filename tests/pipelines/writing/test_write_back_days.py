"""The daily flow writes back after publishing; what comes of that neither takes the list back nor stops the mail."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.flows.daily import daily
from pipelines.flows.run import Run
from pipelines.home import Home
from pipelines.settings import PipelineSettings
from pipelines.steps import mailing
from pipelines.steps.publishing import engine_of
from pipelines.writing.errors import WriteBackFailed
from serving.store import queries
from serving.store.engine import reading

pytestmark = [pytest.mark.usefixtures("prefect")]


def test_a_write_back_that_fails_is_told_after_the_mail_with_the_list_published(
    company_run: Run, company: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailed: list[Any] = []
    monkeypatch.setattr(mailing, "after_publishing", lambda *a: mailed.append(a) or mailing.Outcome())
    monkeypatch.setenv("TAKT_WRITE_BACK", "hubspot")
    day = company_run.made.run.day
    with pytest.raises(WriteBackFailed, match=rf"The list of {day} is published; nothing was written.*simulated"):
        daily(home=str(company.path), day=str(day))
    assert len(mailed) == 1
    engine = engine_of(company, PipelineSettings())
    with reading(engine) as store:
        assert queries.find_run(store).run_id == company_run.made.run.run_id
    engine.dispose()
