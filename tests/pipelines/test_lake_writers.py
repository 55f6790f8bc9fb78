"""Several loads into one lake at the same time: every row once, or a refusal that says why."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pandas as pd
import pytest
from deltalake import DeltaTable, write_deltalake

from pipelines import lake_table
from pipelines.lake import Lake, LakeError
from tests.pipelines.literal import touches


@pytest.mark.parametrize("attempt", range(5))
@pytest.mark.parametrize("first", [True, False], ids=["into no table", "into a table"])
def test_loads_at_once_write_every_row_once(lake: Lake, first: bool, attempt: int) -> None:
    batches = [touches(*((f"t{i}", 1, 1.0) for i in range(start, start + 20))) for start in (0, 5, 10, 15)]
    if not first:
        lake.merge("touches", touches(("before", 1, 1.0)))
    together = Barrier(4)

    def load(batch: pd.DataFrame) -> int:
        together.wait()
        return Lake(lake.root).merge("touches", batch)

    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(load, batches))
    assert sum(added) == 35
    assert sorted(set(lake.read("touches")["touch_id"]) - {"before"}) == sorted(f"t{i}" for i in range(35))
    assert lake.read("touches")["touch_id"].is_unique


def test_a_load_that_somebody_overtakes_is_planned_again(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.merge("touches", touches(("t1", 1, 1.0)))
    plan, overtaken = lake_table.LakeTable._write, []

    def overtake(table: lake_table.LakeTable, delta: DeltaTable, change: lake_table.Change) -> None:
        if not overtaken:
            overtaken.append(True)
            Lake(lake.root).merge("touches", touches(("t2", 1, 1.0)))
        plan(table, delta, change)

    monkeypatch.setattr(lake_table.LakeTable, "_write", overtake)
    assert lake.merge("touches", touches(("t2", 1, 1.0), ("t3", 1, 1.0))) == 1
    assert lake.read("touches")["touch_id"].tolist() == ["t1", "t2", "t3"]


def test_a_load_that_is_overtaken_every_time_gives_up_and_says_so(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.merge("touches", touches(("t1", 1, 1.0)))
    plan = lake_table.LakeTable._write

    def overtake(table: lake_table.LakeTable, delta: DeltaTable, change: lake_table.Change) -> None:
        write_deltalake(table.place, change.rows.slice(0, 0), mode="append")
        plan(table, delta, change)

    monkeypatch.setattr(lake_table.LakeTable, "_write", overtake)
    with pytest.raises(LakeError, match="another process committed first, 10 times in a row. Nothing was written"):
        lake.merge("touches", touches(("t2", 1, 1.0)))
    assert lake.read("touches")["touch_id"].tolist() == ["t1"]
