"""Withdrawals in the lake: each once, whatever part of the key is left out; homes that have none stay as they are."""

from __future__ import annotations

import pandas as pd

from features.facts.contract import empty
from features.facts.ledger import Facts
from pipelines.lake import Lake
from tests.pipelines.literal import day, prospects, rows, touches

COLUMNS = "table id happened_at name recorded_at reason"
GONE = rows(
    "withdrawals", COLUMNS,
    ("touches", "t1", None, None, day(5), "deleted"),
    ("outcomes", "p1", day(3), None, day(5), "deleted"),
    ("outcomes", "p1", None, None, day(5), "deleted"),
    ("attribute_changes", "p1", day(3), "size", day(5), "deleted"),
)  # fmt: skip


def test_the_same_withdrawals_again_add_nothing(lake: Lake) -> None:
    assert lake.merge("withdrawals", GONE) == 4
    assert lake.merge("withdrawals", GONE.iloc[::-1]) == 0
    assert len(lake.history("withdrawals")) == 1


def test_a_row_that_is_deleted_a_second_time_is_a_further_withdrawal(lake: Lake) -> None:
    lake.merge("withdrawals", GONE)
    assert lake.merge("withdrawals", GONE.iloc[:1].assign(recorded_at=day(9))) == 1
    assert len(lake.read("withdrawals")) == 5


def test_another_reason_for_the_same_withdrawal_is_found_and_not_taken(lake: Lake) -> None:
    lake.merge("withdrawals", GONE)
    assert len(lake.changed("withdrawals", GONE.assign(reason=["merged", *GONE["reason"][1:]]))) == 1
    assert lake.merge("withdrawals", GONE.assign(reason="merged")) == 0


def test_what_is_read_back_is_what_stands(lake: Lake) -> None:
    lake.merge("prospects", prospects("p1"))
    lake.merge("touches", touches(("t1", 2, 1.0), ("t2", 2, 1.0)))
    lake.merge("withdrawals", GONE)
    known = lake.facts()
    assert known.touches["touch_id"].tolist() == ["t2"]
    assert known.ever("touches")["touch_id"].tolist() == ["t1", "t2"]
    assert lake.facts({"touches": 0, "prospects": 0}).touches["touch_id"].tolist() == ["t1", "t2"]


def test_a_home_without_withdrawals_keeps_the_name_of_its_data(lake: Lake) -> None:
    lake.merge("touches", touches(("t1", 2, 1.0)))
    before = lake.data_version()
    assert lake.merge("withdrawals", empty("withdrawals")) == 0
    assert "withdrawals" not in lake.versions()
    assert lake.data_version() == before
    lake.merge("withdrawals", GONE)
    assert lake.data_version() != before


def test_the_facts_of_an_old_home_have_an_empty_table(lake: Lake) -> None:
    lake.merge("touches", touches(("t1", 2, 1.0)))
    known = lake.facts(lake.versions())
    pd.testing.assert_frame_equal(known.withdrawals, empty("withdrawals"))
    assert isinstance(known, Facts)
    assert not known.gone
