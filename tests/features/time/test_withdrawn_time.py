"""Cohorts, labels and spells of what was deleted or merged: out from then on, and never a 0 for what nobody saw."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.facts.ledger import Facts
from features.time.cohort import cohort, openness, snapshots, training_moments
from features.time.labels import won_within
from features.time.spells import spells
from tests.features.literal import day, facts, keys
from tests.features.withdrawals import standing
from tests.features.worlds import START, definitions, withdrawn_worlds

WORDS = definitions()
NAN = math.nan
PEOPLE = "prospect_id created_at recorded_at\na 01-01 01-01\nb 01-01 01-01"
GONE = "table id recorded_at reason\nprospects a 02-05 deleted"


def looked_at(known: Facts, *moments: str) -> list[str]:
    return ["".join(cohort(known, day(text), definitions=WORDS)["prospect_id"]) for text in moments]


def test_a_deleted_prospect_is_in_the_cohorts_before_and_in_none_after() -> None:
    known = facts(prospects=PEOPLE, withdrawals=GONE)
    assert looked_at(known, "02-05", "02-05T00:01", "03-01") == ["ab", "b", "b"]


def test_a_restored_prospect_is_in_again_from_its_new_version() -> None:
    known = facts(prospects=PEOPLE + "\na 01-01 02-10", withdrawals=GONE)
    assert looked_at(known, "02-05", "02-06", "02-10", "02-10T00:01") == ["ab", "b", "b", "ab"]


def test_a_prospect_may_go_and_come_back_twice() -> None:
    known = facts(
        prospects="prospect_id created_at recorded_at\n" + "\n".join(f"a 01-01 01-{d:02}" for d in (1, 5, 9)),
        withdrawals="table id recorded_at reason\nprospects a 01-03 deleted\nprospects a 01-07 merged",
    )
    spans = openness(known, definitions=WORDS)
    last = np.iinfo(np.int64).max
    found = [(pd.Timestamp(o, unit="us").day, None if c == last else pd.Timestamp(c, unit="us").day)
             for o, c in zip(spans.opened, spans.closed, strict=True)]  # fmt: skip
    assert found == [(1, 3), (5, 7), (9, None)]


def test_whose_outcome_was_withdrawn_is_open_again_until_the_next_one() -> None:
    known = facts(
        prospects=PEOPLE,
        outcomes="prospect_id occurred_at result\na 02-01 lost\na 02-20 won",
        withdrawals="table id happened_at recorded_at reason\noutcomes a 02-01 02-10 deleted",
    )
    assert looked_at(known, "02-01", "02-02", "02-10", "02-11", "02-20", "02-21") == ["ab", "b", "b", "ab", "ab", "b"]


def test_the_age_limit_holds_in_every_span() -> None:
    known = facts(prospects=PEOPLE + "\na 01-01 02-10", withdrawals=GONE)
    words = definitions(max_age_days=45)
    assert [len(cohort(known, day(m), definitions=words)) for m in ("02-06", "02-15", "02-16")] == [1, 2, 0]


def test_earlier_snapshots_of_who_was_deleted_remain() -> None:
    known = facts(
        prospects="prospect_id created_at recorded_at\na 01-01 01-01\nb 02-01 02-01", withdrawals=GONE
    ).visible(day("03-01"))
    moments = training_moments(known, day("03-01"), definitions=WORDS)
    assert moments[0] < day("01-10")
    assert (snapshots(known, moments, definitions=WORDS)["prospect_id"] == "a").sum() >= 4


@settings(max_examples=5, deadline=None)
@given(withdrawn_worlds(), st.integers(0, 150))
def test_a_cohort_is_that_of_what_stood(world: dict[str, pd.DataFrame], at: int) -> None:
    as_of = START + pd.Timedelta(days=at)
    left = standing(world, as_of)
    first = world["prospects"].groupby("prospect_id")["created_at"].first()
    ended = left["outcomes"]["prospect_id"][left["outcomes"]["occurred_at"] < as_of]
    expected = sorted(set(left["prospects"]["prospect_id"]) & set(first.index[first < as_of]) - set(ended))
    assert cohort(Facts.of(world), as_of, definitions=WORDS)["prospect_id"].tolist() == expected


@settings(max_examples=3, deadline=None)
@given(withdrawn_worlds())
def test_spans_are_in_order_and_apart(world: dict[str, pd.DataFrame]) -> None:
    spans = openness(Facts.of(world), definitions=WORDS)
    frame = pd.DataFrame({"id": spans.prospect_id, "opened": spans.opened, "closed": spans.closed})
    assert frame.equals(frame.sort_values(["id", "opened"]))
    before = frame.groupby("id")["closed"].shift(1, fill_value=np.iinfo(np.int64).min)
    assert (before <= frame["opened"]).all()


OUTCOMES = "prospect_id occurred_at recorded_at result\n"


@pytest.mark.parametrize(
    ("outcomes", "label"),
    [
        ("", {"01-20": 0.0, "01-26": 0.0, "01-27": NAN, "02-04": NAN}),
        ("a 02-01 02-02 won", {"01-20": 0.0, "01-26": 1.0, "01-27": 1.0, "02-01": 1.0}),
        ("a 02-01 02-02 lost", {"01-20": 0.0, "01-27": 0.0, "02-01": 0.0}),
        ("a 02-06 02-06 won", {"01-20": 0.0, "01-27": NAN, "02-04": NAN}),
    ],
    ids=["nothing", "won before", "lost before", "won after, which cannot be"],
)
def test_a_window_that_reaches_beyond_the_deletion_has_no_label_unless_it_ended_before(
    outcomes: str, label: dict[str, float]
) -> None:
    known = facts(prospects=PEOPLE, outcomes=OUTCOMES + (outcomes or "z 02-01 02-01 lost"), withdrawals=GONE)
    found = won_within(known, keys(*(f"a {m}" for m in label)), days=10, observed_until=day("12-01"))
    np.testing.assert_array_equal(found, list(label.values()))


def test_a_prospect_that_came_back_is_labelled_by_what_is_known_last() -> None:
    known = facts(prospects=PEOPLE + "\na 01-01 02-07", outcomes=OUTCOMES + "a 02-08 02-08 won", withdrawals=GONE)
    assert won_within(known, keys("a 02-01"), days=10, observed_until=day("12-01")).tolist() == [1.0]


def test_a_label_sees_no_withdrawn_outcome() -> None:
    known = facts(
        prospects=PEOPLE,
        outcomes=OUTCOMES + "a 02-01 02-02 won",
        withdrawals="table id recorded_at reason\noutcomes a 02-20 deleted",
    )
    asked = keys("a 01-28")
    assert won_within(known, asked, days=10, observed_until=day("12-01")).tolist() == [0.0]
    assert won_within(known.visible(day("02-20")), asked, days=10, observed_until=day("12-01")).tolist() == [1.0]


def test_a_spell_is_censored_where_its_prospect_was_withdrawn() -> None:
    known = facts(
        prospects=PEOPLE + "\nc 01-01 01-01",
        outcomes=OUTCOMES + "c 02-03 02-03 won",
        withdrawals=GONE + "\nprospects c 02-10 merged",
    )
    found = spells(known, keys("a 02-01", "b 02-01", "c 02-01"), observed_until=day("03-01"))
    assert found[["days", "until_days"]].to_numpy().tolist() == [[4.0, 4.0], [28.0, 28.0], [2.0, 9.0]]
    assert found["end"].tolist() == ["open", "open", "won"]
