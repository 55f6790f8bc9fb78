"""What the daily flow's task does with a list that was just published."""

from __future__ import annotations

import pytest

from pipelines.settings import PipelineSettings
from pipelines.writing import back
from tests.pipelines.writing.conftest import Side


def test_a_run_that_is_not_the_latest_writes_nothing(bare, monkeypatch: pytest.MonkeyPatch) -> None:
    side: Side = bare("hubspot")
    side.target.prepare()
    side.publish(side.made())
    monkeypatch.setattr(back, "open_target", lambda _: side.target)
    settings = PipelineSettings(write_back="hubspot")
    assert back.after_publishing(side.home, "an-earlier-one", settings) is None
    assert side.crm.written == []
    report = back.after_publishing(side.home, "run-1", settings)
    assert report is not None
    assert report.words == "5 prospects written, 2 tasks written"
    assert back.after_publishing(side.home, "run-1", PipelineSettings()) is None
