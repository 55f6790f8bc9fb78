from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.facts.ledger import Facts
from features.time.labels import won_within
from features.time.spells import observed_from, spells
from tests.features.literal import day, facts, keys
from tests.models.journeys import definitions_of

ENDS = """
    prospect_id occurred_at result recorded_at
    a           02-11       won    02-12
    b           02-06       lost   02-20
    d           02-28       won    03-05
    e           03-01       won    03-01
    """
PEOPLE = """
    prospect_id created_at
    a 01-01
    b 01-01
    c 01-01
    d 01-01
    e 01-01
    """


def ends(*pairs: str, since: str | None = None, until: str = "03-01", outcomes: str = ENDS) -> list[tuple[object, ...]]:
    known = facts(prospects=PEOPLE, outcomes=outcomes)
    start = None if since is None else day(since)
    found = spells(known, keys(*pairs), observed_from=start, observed_until=day(until))
    return [tuple(row) for row in found[["days", "end"]].itertuples(index=False)]


def test_a_spell_ends_with_the_first_outcome_or_where_the_watching_stops() -> None:
    assert ends("a 02-01", "b 02-01", "c 02-01") == [(10.0, "won"), (5.0, "lost"), (28.0, "open")]


def test_a_win_at_the_moment_of_the_look_is_still_ahead() -> None:
    assert ends("a 02-11", "a 02-12") == [(0.0, "won"), (0.0, "closed")]


def test_outcomes_are_known_up_to_the_end_of_the_observation_and_not_at_it() -> None:
    assert ends("d 02-01", "e 02-01") == [(27.0, "won"), (28.0, "open")]


def test_who_was_lost_before_the_look_and_recorded_after_it_is_closed_not_open() -> None:
    assert ends("b 02-07") == [(0.0, "closed")]


def test_a_deal_that_was_opened_again_ends_with_the_first_outcome_ahead() -> None:
    twice = "prospect_id occurred_at result\na 02-05 lost\na 02-20 won"
    assert ends("a 02-01", "a 02-06", outcomes=twice) == [(4.0, "lost"), (14.0, "won")]


def test_the_last_recorded_version_of_an_outcome_counts() -> None:
    corrected = "prospect_id occurred_at result recorded_at\na 02-05 won 02-05\na 02-05 lost 02-09"
    assert ends("a 02-01", outcomes=corrected) == [(4.0, "lost")]


def test_days_before_outcomes_were_recorded_count_for_nothing() -> None:
    known = facts(prospects=PEOPLE, outcomes=ENDS)
    found = spells(known, keys("a 01-22", "a 02-05"), observed_from=day("02-01"), observed_until=day("03-01"))
    assert found["from_days"].tolist() == [10.0, 0.0]


def test_a_look_behind_the_end_of_the_observation_is_open_for_less_than_no_time() -> None:
    assert ends("a 03-03") == [(-2.0, "open")]


def test_without_outcomes_and_without_looks_nothing_breaks() -> None:
    nothing = Facts.of({})
    assert spells(nothing, keys("a 02-01"), observed_until=day("03-01"))["end"].tolist() == ["open"]
    assert spells(nothing, keys("a 02-01").iloc[:0], observed_until=day("03-01")).empty


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.sampled_from(["won", "lost", "none"]), st.integers(0, 60)),
        min_size=1,
        max_size=12,
    )
)
def test_a_win_within_h_is_what_the_label_says_wherever_there_is_a_label(rows: list[tuple[int, str, int]]) -> None:
    first = pd.Timestamp("2026-01-01", tz="UTC").as_unit("us")
    at = [first + pd.Timedelta(days=ended) for ended, _, _ in rows]
    table = pd.DataFrame({"prospect_id": [f"p{i}" for i in range(len(rows))], "occurred_at": at, "recorded_at": at})
    result = np.array([result for _, result, _ in rows])
    known = Facts.of({"outcomes": table.assign(result=result)[result != "none"]})
    asked = pd.DataFrame(
        {"prospect_id": table["prospect_id"], "as_of": [first + pd.Timedelta(days=d) for *_, d in rows]}
    )
    until = first + pd.Timedelta(days=70)
    label = won_within(known, asked, days=14, observed_until=until)
    found = spells(known, asked, observed_until=until)
    won = ((found["end"] == "won") & (found["days"] < 14)).astype(float).where(found["until_days"] >= 14)
    pd.testing.assert_series_equal(won, label, check_names=False)


@pytest.mark.parametrize(("declared", "start"), [({}, None), ({"cohort_from": "2026-02-01"}, day("02-01"))])
def test_the_start_of_the_records_is_declared_never_guessed(declared: dict[str, str], start: object) -> None:
    assert observed_from(definitions_of(**declared)) == start
