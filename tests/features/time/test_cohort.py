"""Who is in a cohort: created and recorded before the moment, no outcome recorded before it."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings

from features.facts.definitions import Definitions
from features.facts.ledger import Facts
from features.time.asof import moment
from features.time.cohort import cohort, snapshots, training_moments
from tests.features.literal import day, facts
from tests.features.worlds import days, definitions, worlds

WORDS = definitions()


def looked_at(known: Facts, *moments: str, words: Definitions = WORDS) -> list[str]:
    """Return for each moment the ids in the cohort, run together."""
    return ["".join(cohort(known, day(text), definitions=words)["prospect_id"]) for text in moments]


def test_a_prospect_created_exactly_at_the_moment_is_not_in() -> None:
    known = facts(prospects="prospect_id created_at\na 01-05")
    assert looked_at(known, "01-05", "01-05T00:01") == ["", "a"]


def test_a_prospect_recorded_late_is_in_from_its_record() -> None:
    known = facts(prospects="prospect_id created_at recorded_at\na 01-05 01-09")
    assert looked_at(known, "01-06", "01-09", "01-10") == ["", "", "a"]


def test_won_on_tuesday_and_typed_in_on_friday_is_in_wednesdays_cohort() -> None:
    known = facts(
        prospects="prospect_id created_at\na 01-01",
        outcomes="prospect_id occurred_at recorded_at result\na 01-06 01-09 won",
    )
    assert looked_at(known, "01-07", "01-09", "01-10") == ["a", "a", ""]


def test_an_outcome_recorded_exactly_at_the_moment_is_not_yet_known() -> None:
    known = facts(
        prospects="prospect_id created_at\na 01-01",
        outcomes="prospect_id occurred_at result\na 01-06 lost",
    )
    assert looked_at(known, "01-06", "01-06T00:01") == ["a", ""]


def test_of_several_outcomes_the_first_known_closes() -> None:
    known = facts(
        prospects="prospect_id created_at\na 01-01",
        outcomes="""
            prospect_id occurred_at recorded_at result
            a           01-04       01-20       lost
            a           01-10       01-12       won
        """,
    )
    assert looked_at(known, "01-12", "01-13", "01-21") == ["a", "", ""]


def test_of_several_versions_the_first_record_opens() -> None:
    known = facts(
        prospects="""
            prospect_id created_at recorded_at segment
            a           01-03      01-10       large
            a           01-03      01-04       small
        """
    )
    assert looked_at(known, "01-04", "01-05", "01-11") == ["", "a", "a"]


def test_outcomes_of_unknown_prospects_are_nobody() -> None:
    known = facts(outcomes="prospect_id occurred_at result\nz 01-06 lost")
    assert looked_at(known, "01-07") == [""]


def test_no_facts_give_an_empty_cohort_and_no_moments() -> None:
    found = cohort(Facts.of({}), day("01-01"), definitions=WORDS)
    assert (list(found.columns), len(found)) == (["prospect_id", "as_of"], 0)
    assert len(training_moments(Facts.of({}), day("01-01"), definitions=WORDS)) == 0


def test_prospects_created_before_cohort_from_are_left_out_by_the_local_day() -> None:
    known = facts(prospects="prospect_id created_at\na 01-09T22:59\nb 01-09T23:00")
    words = definitions(cohort_from=dt.date(2026, 1, 10), timezone="Europe/Berlin")
    assert looked_at(known, "01-20", words=words) == ["b"]


def test_a_prospect_leaves_when_it_is_older_than_max_age_days() -> None:
    known = facts(prospects="prospect_id created_at\na 01-01")
    assert looked_at(known, "01-11", "01-11T00:01", words=definitions(max_age_days=10)) == ["a", ""]


def test_age_counts_from_creation_not_from_the_record() -> None:
    known = facts(prospects="prospect_id created_at recorded_at\na 01-01 01-08")
    assert looked_at(known, "01-09", "01-12", words=definitions(max_age_days=10)) == ["a", ""]


def test_snapshots_are_sorted_by_prospect_then_moment() -> None:
    known = facts(
        prospects="prospect_id created_at\nb 01-01\na 01-08",
        outcomes="prospect_id occurred_at result\nb 01-14 won",
    )
    moments = pd.DatetimeIndex([day(t) for t in ("01-02", "01-09", "01-16")])
    found = snapshots(known, moments, definitions=WORDS)
    rows = [f"{who} {when:%m-%d}" for who, when in zip(found["prospect_id"], found["as_of"], strict=True)]
    assert rows == ["a 01-09", "a 01-16", "b 01-02", "b 01-09"]


def test_no_moments_give_no_snapshots() -> None:
    known = facts(prospects="prospect_id created_at\na 01-01")
    assert snapshots(known, pd.DatetimeIndex([], dtype="datetime64[us, UTC]"), definitions=WORDS).empty


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ["01-08", "01-15", "01-22"]),
        ({"grid_days": 14}, ["01-08", "01-22"]),
        ({"cohort_from": dt.date(2026, 1, 15)}, ["01-15", "01-22"]),
    ],
)
def test_training_moments_end_today_and_start_after_the_first_creation(
    changes: dict[str, object], expected: list[str]
) -> None:
    known = facts(prospects="prospect_id created_at\na 01-05T09:00\nb 01-20")
    found = training_moments(known, day("01-22T15:00"), definitions=definitions(**changes))
    assert [f"{t:%m-%d}" for t in found] == expected


@settings(max_examples=20, deadline=None)
@given(worlds())
def test_the_cohort_equals_the_rule_read_row_by_row(known: Facts) -> None:
    words = definitions(cohort_from=dt.date(2026, 1, 5), max_age_days=75)
    moments = pd.DatetimeIndex(days([0, 7, 20.5, 30, 45, 60, 90, 120, 170]))
    found = snapshots(known, moments, definitions=words)
    naive = [(who, t) for who in sorted(set(known.prospects["prospect_id"])) for t in moments if _open(known, who, t)]
    assert list(zip(found["prospect_id"], found["as_of"], strict=True)) == naive


def _open(known: Facts, who: str, as_of: pd.Timestamp) -> bool:
    seen = [row for row in known.prospects.itertuples() if row.prospect_id == who and row.recorded_at < as_of]
    ended = any(
        row.prospect_id == who and row.recorded_at < as_of and row.occurred_at < as_of
        for row in known.outcomes.itertuples()
    )
    if not seen or ended:
        return False
    created = min(row.created_at for row in seen)
    young = as_of - created <= pd.Timedelta(days=75)
    return created < as_of and young and created >= moment(dt.date(2026, 1, 5), WORDS.zone)
