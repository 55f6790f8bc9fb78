"""What a CRM deleted or merged: which rows a withdrawal hides, from when on, and what brings them back."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.facts.contract import check
from features.facts.ledger import Facts, check_references
from features.facts.withdrawn import MARKS, WITHDRAWN_AS, WITHDRAWN_AT
from tests.features.literal import day, facts, table
from tests.features.withdrawals import standing
from tests.features.worlds import START, days, withdrawn_worlds

CALLS = """
    touch_id prospect_id kind direction occurred_at recorded_at result
    t1       a           call outbound  03-01       03-01       no_answer
    t1       a           call outbound  03-01       03-03       interested
    t2       a           call outbound  03-02       03-02       -
    t1       a           call outbound  03-01       03-08       answered
"""
DELETED = "table id recorded_at reason\ntouches t1 03-05 deleted"


def seen(known: Facts, *moments: str) -> list[list[str]]:
    """Return for each moment the touches that stand, with the days of their records."""
    return [
        [f"{t.touch_id} {t.recorded_at:%m-%d}" for t in known.visible(day(m)).touches.itertuples()] for m in moments
    ]


def test_a_withdrawal_hides_what_was_recorded_before_it_and_a_later_version_brings_the_row_back() -> None:
    known = facts(touches=CALLS, withdrawals=DELETED)
    before = ["t1 03-01", "t1 03-03", "t2 03-02"]
    assert seen(known, "03-05", "03-05T00:01", "03-08", "03-08T00:01") == [
        before, ["t2 03-02"], ["t2 03-02"], ["t2 03-02", "t1 03-08"],
    ]  # fmt: skip


def test_a_version_recorded_at_the_very_moment_of_the_withdrawal_goes_with_it() -> None:
    known = facts(touches=CALLS, withdrawals="table id recorded_at reason\ntouches t1 03-08 deleted")
    assert seen(known, "03-09") == [["t2 03-02"]]


def test_what_is_hidden_is_not_forgotten() -> None:
    known = facts(touches=CALLS, withdrawals=DELETED)
    assert len(known.touches) == 2
    ever = known.ever("touches")
    assert ever["recorded_at"].dt.strftime("%d").tolist() == ["01", "03", "02", "08"]
    assert ever[WITHDRAWN_AT].dt.strftime("%d").fillna("-").tolist() == ["05", "05", "-", "-"]
    assert ever[WITHDRAWN_AS].fillna("-").tolist() == ["deleted", "deleted", "-", "-"]


def test_each_version_is_true_until_the_next_one_or_the_withdrawal() -> None:
    versions = facts(touches=CALLS, withdrawals=DELETED).versions("touches")
    until = versions["hidden_at"].dt.strftime("%d").fillna("-")
    told = versions["touch_id"] + " " + versions["recorded_at"].dt.strftime("%d")
    assert dict(zip(told, until, strict=True)) == {"t1 01": "03", "t1 03": "05", "t1 08": "-", "t2 02": "-"}


def test_the_last_version_of_what_no_longer_stands_is_told_with_the_reason() -> None:
    known = facts(
        prospects="""
            prospect_id created_at recorded_at segment
            a 03-01 03-01 small
            a 03-01 03-02 large
            b 03-01 03-01 small
            c 03-01 03-01 small
            c 03-01 03-09 small
        """,
        withdrawals="table id recorded_at reason\nprospects a 03-05 merged\nprospects c 03-05 deleted",
    )
    gone = known.withdrawn("prospects")[["prospect_id", "segment", *MARKS]]
    assert gone.to_numpy().tolist() == [["a", "large", day("03-05"), "merged"]]
    assert known.withdrawn("accounts").empty
    assert list(known.withdrawn("accounts").columns)[-2:] == list(MARKS)


OUTCOMES = """
    prospect_id occurred_at result
    a           03-01       lost
    a           03-04       won
    b           03-04       won
"""


@pytest.mark.parametrize(
    ("withdrawals", "left"),
    [
        ("table id happened_at recorded_at reason\noutcomes a 03-04 03-06 deleted", ["a 01", "b 04"]),
        ("table id happened_at recorded_at reason\noutcomes a - 03-06 deleted", ["b 04"]),
        ("table id happened_at recorded_at reason\noutcomes a 03-02 03-06 deleted", ["a 01", "a 04", "b 04"]),
        ("table id happened_at recorded_at reason\ntouches a - 03-06 deleted", ["a 01", "a 04", "b 04"]),
        ("table id happened_at recorded_at reason\noutcomes nobody - 03-06 deleted", ["a 01", "a 04", "b 04"]),
    ],
    ids=["of that time", "all of the id", "no such time", "another table", "an id that nobody knows"],
)
def test_a_part_of_the_key_that_is_left_out_fits_every_row(withdrawals: str, left: list[str]) -> None:
    stand = facts(outcomes=OUTCOMES, withdrawals=withdrawals).outcomes
    assert (stand["prospect_id"] + " " + stand["occurred_at"].dt.strftime("%d")).tolist() == left


def test_the_name_of_a_withdrawal_is_the_field_of_a_change_and_the_offer_of_one_made() -> None:
    known = facts(
        attribute_changes="""
            entity   id name  occurred_at value
            prospect a  size  03-01       1
            prospect a  place 03-01       x
        """,
        offers_made="prospect_id offer_id occurred_at\na o1 03-01\na o2 03-01",
        withdrawals="""
            table             id name recorded_at reason
            attribute_changes a  size 03-06       deleted
            offers_made       a  o2   03-06       deleted
        """,
    )
    assert known.attribute_changes["name"].tolist() == ["place"]
    assert known.offers_made["offer_id"].tolist() == ["o1"]


def test_of_several_withdrawals_the_first_one_after_the_record_counts() -> None:
    known = facts(
        outcomes=OUTCOMES,
        withdrawals="""
            table    id happened_at recorded_at reason
            outcomes a  -           03-09       merged
            outcomes a  03-04       03-07       deleted
        """,
    )
    told = known.gone["outcomes"][["occurred_at", *MARKS]].to_numpy().tolist()
    assert told == [[day("03-01"), day("03-09"), "merged"], [day("03-04"), day("03-07"), "deleted"]]


def test_without_withdrawals_the_tables_are_the_very_frames_that_were_given() -> None:
    touches = table("touches", CALLS)
    known = Facts.of({"touches": touches})
    assert known.touches is touches
    assert known.ever("touches") is touches
    assert not known.gone


def test_a_shard_keeps_what_was_withdrawn_and_all_versions_of_a_touch_that_moved() -> None:
    known = facts(
        prospects="prospect_id created_at\na 03-01\nb 03-01\nc 03-01",
        touches="""
            touch_id prospect_id kind direction occurred_at recorded_at
            t1       a           call outbound  03-02       03-02
            t1       b           call outbound  03-02       03-05
            t2       a           call outbound  03-02       03-02
            t3       c           call outbound  03-02       03-02
        """,
        withdrawals="table id recorded_at reason\nprospects a 03-05 merged\ntouches t2 03-06 deleted",
    )
    part = known.of_prospects(pd.Index(["b"]))
    assert part.touches["prospect_id"].tolist() == ["a", "b"]
    assert part.withdrawn("prospects").empty
    part = known.of_prospects(pd.Index(["a"]))
    assert part.ever("touches")["touch_id"].tolist() == ["t1", "t1", "t2"]
    assert part.withdrawn("prospects")["prospect_id"].tolist() == ["a"]


def test_a_change_of_a_table_reaches_the_withdrawn_rows() -> None:
    known = facts(touches=CALLS, withdrawals=DELETED).changed("touches", lambda t: t.assign(prospect_id="z"))
    assert set(known.ever("touches")["prospect_id"]) == {"z"}
    assert len(known.gone["touches"]) == 2


def test_a_withdrawal_of_an_unknown_id_is_kept_and_is_no_reason_for_quarantine() -> None:
    checked = check("withdrawals", table("withdrawals", "table id recorded_at reason\nprospects x 03-05 deleted"))
    out = check_references({"withdrawals": checked})
    assert len(out["withdrawals"].good) == 1
    assert all(part.share == 0.0 for part in out.values())


def test_what_was_withdrawn_may_be_pointed_at() -> None:
    known = facts(
        prospects="prospect_id created_at\na 03-01",
        withdrawals="table id recorded_at reason\nprospects a 03-05 deleted",
    )
    late = check("touches", table("touches", "touch_id prospect_id kind direction occurred_at\nt a call inbound 03-04"))
    assert len(check_references({"touches": late}, known=known)["touches"].good) == 1


def test_the_data_reach_to_the_last_withdrawal() -> None:
    assert facts(touches=CALLS, withdrawals=DELETED).visible(day("03-07")).last_recorded() == day("03-05")


@settings(max_examples=6, deadline=None)
@given(withdrawn_worlds(), st.integers(0, 130))
def test_what_stands_at_a_moment_is_what_a_plain_filter_leaves(world: dict[str, pd.DataFrame], at: int) -> None:
    as_of = START + pd.Timedelta(days=at)
    found = Facts.of(world).visible(as_of)
    for name, expected in standing(world, as_of).items():
        _same_rows(found.tables()[name], expected)


@settings(max_examples=3, deadline=None)
@given(withdrawn_worlds(), st.lists(st.integers(0, 130), min_size=2, max_size=2, unique=True))
def test_looking_twice_is_looking_once_at_the_earlier_moment(world: dict[str, pd.DataFrame], at: list[int]) -> None:
    first, second = (days([d]).iloc[0] for d in sorted(at))
    known = Facts.of(world)
    once, twice = known.visible(first), known.visible(second).visible(first)
    for name, expected in once.tables().items():
        _same_rows(twice.tables()[name], expected)
        _same_rows(twice.ever(name), once.ever(name))


@settings(max_examples=3, deadline=None)
@given(withdrawn_worlds(), st.integers(0, 130))
def test_a_withdrawal_recorded_at_or_after_the_moment_changes_nothing(world: dict[str, Any], at: int) -> None:
    as_of = START + pd.Timedelta(days=at)
    earlier = world["withdrawals"][world["withdrawals"]["recorded_at"] < as_of]
    whole, then = Facts.of(world).visible(as_of), Facts.of(world | {"withdrawals": earlier}).visible(as_of)
    for name, expected in then.tables().items():
        _same_rows(whole.tables()[name], expected)
        _same_rows(whole.ever(name), then.ever(name))


def _same_rows(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one.reset_index(drop=True), other.reset_index(drop=True))
