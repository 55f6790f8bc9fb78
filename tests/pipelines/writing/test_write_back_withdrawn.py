"""A deal that the CRM deleted or merged after the list was made: nothing of Takt's stays with it or comes to it."""

from __future__ import annotations

import pandas as pd

from features.facts.contract import check
from pipelines.home import Home, Ingested
from tests.pipelines.writing.conftest import Side


def known(home: Home, tables: dict[str, pd.DataFrame]) -> None:
    for name, frame in tables.items():
        home.lake.merge(name, check(name, frame).good)
    versions = home.lake.versions()
    home.note_ingested(Ingested("hubspot", "", versions, home.lake.data_version(versions)))


def test_a_merged_deal_gets_no_task_and_what_was_written_of_it_is_taken_out(bare) -> None:
    side: Side = bare("hubspot")
    side.target.prepare()
    side.publish(side.made())
    side.write()
    at = [pd.Timestamp("2026-09-01T08:00:00Z").as_unit("us")] * 2
    later = [pd.Timestamp("2026-11-24T09:00:00Z").as_unit("us")]
    prospects = pd.DataFrame({"prospect_id": ["101", "102"], "created_at": at, "recorded_at": at})
    merged = {"table": ["prospects"], "id": ["101"], "happened_at": [pd.NaT], "name": [None], "reason": ["merged"]}
    known(side.home, {"prospects": prospects, "withdrawals": pd.DataFrame({**merged, "recorded_at": later})})
    _, report = side.write()
    assert report.counts == {("fields", "removed"): 1, ("task", "removed"): 1}
    assert set(side.said("p1").values()) == {None}
    assert set(side.tasks()) == {"p2"}
