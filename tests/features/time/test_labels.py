"""What came after: won in [as_of, as_of + H), and no label where the window is not fully known."""

from __future__ import annotations

import datetime as dt
import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.facts.ledger import Facts
from features.time.labels import observed_until, won_within
from tests.features.literal import day, facts, keys
from tests.features.worlds import START, days, definitions, worlds

FAR = day("12-01")


def labels(known: Facts, *pairs: str, horizon: int = 10, until: pd.Timestamp = FAR) -> list[float]:
    return won_within(known, keys(*pairs), days=horizon, observed_until=until).tolist()


WON = facts(outcomes="prospect_id occurred_at recorded_at result\na 02-11 02-20 won")


@pytest.mark.parametrize(
    ("as_of", "label"),
    [
        ("02-01", 0.0),  # the window ends on 11 February, which is outside
        ("02-01T00:01", 1.0),
        ("02-10", 1.0),
        ("02-11", 1.0),  # the win is the first instant of the window
        ("02-11T00:01", 0.0),
    ],
)
def test_the_window_holds_its_start_and_not_its_end(as_of: str, label: float) -> None:
    assert labels(WON, f"a {as_of}") == [label]


def test_a_win_is_counted_when_it_happened_not_when_it_was_recorded() -> None:
    assert labels(WON, "a 02-12", "a 02-15") == [0.0, 0.0]


def test_a_loss_is_no_win() -> None:
    assert labels(facts(outcomes="prospect_id occurred_at result\na 02-11 lost"), "a 02-05") == [0.0]


def test_the_win_of_another_prospect_does_not_count() -> None:
    assert labels(WON, "b 02-05") == [0.0]


def test_of_several_outcomes_any_win_in_the_window_counts() -> None:
    known = facts(
        outcomes="""
            prospect_id occurred_at result
            a           02-03       lost
            a           02-20       won
            a           03-20       won
        """
    )
    found = labels(known, "a 02-01", "a 02-12", "a 02-20", "a 03-01", "a 03-12")
    assert found == [0.0, 1.0, 1.0, 0.0, 1.0]


def test_a_win_that_was_corrected_to_a_loss_is_no_win() -> None:
    known = facts(
        outcomes="""
            prospect_id occurred_at recorded_at result
            a           02-11       02-20       lost
            a           02-11       02-12       won
        """
    )
    assert labels(known, "a 02-05") == [0.0]


def test_a_window_that_ends_when_knowledge_ends_is_labelled_and_a_later_one_is_not() -> None:
    found = labels(Facts.of({}), "a 02-01", "a 02-01T00:01", until=day("02-11"))
    assert found[0] == 0.0
    assert math.isnan(found[1])


def test_a_win_in_a_window_that_is_not_fully_known_has_no_label_either() -> None:
    assert math.isnan(labels(WON, "a 02-10", until=day("02-15"))[0])


def test_labels_come_in_the_order_and_with_the_index_of_the_keys() -> None:
    asked = keys("b 02-05", "a 02-05", "a 01-05").set_index(pd.Index([7, 3, 5]))
    found = won_within(WON, asked, days=10, observed_until=FAR)
    assert found.to_dict() == {7: 0.0, 3: 1.0, 5: 0.0}
    assert found.name == "won_within_10d"


def test_no_keys_give_no_labels() -> None:
    assert won_within(WON, keys("a 01-01").iloc[:0], days=10, observed_until=FAR).tolist() == []


@pytest.mark.parametrize(
    ("as_of", "declared", "until"),
    [
        ("03-01", None, "02-20"),  # the last record of all facts
        ("02-15", None, "02-15"),  # nothing after the moment we look
        ("03-01", dt.date(2026, 2, 14), "02-14"),
        ("03-01", dt.date(2026, 2, 25), "02-25"),  # the source vouches for five quiet days
        ("03-01", dt.date(2026, 4, 1), "03-01"),
    ],
)
def test_knowledge_ends_at_the_declared_day_or_the_last_record(
    as_of: str, declared: dt.date | None, until: str
) -> None:
    assert observed_until(WON, day(as_of), definitions=definitions(observed_until=declared)) == day(until)


def test_without_facts_knowledge_ends_at_as_of() -> None:
    assert observed_until(Facts.of({}), day("03-01"), definitions=definitions()) == day("03-01")


@settings(max_examples=20, deadline=None)
@given(worlds(), st.integers(1, 60), st.integers(60, 200))
def test_the_label_equals_the_rule_read_row_by_row(known: Facts, horizon: int, end: int) -> None:
    moments = list(days([0, 20.5, 60, 90, 120, 150]))
    pairs = [(who, t) for who in sorted(set(known.prospects["prospect_id"])) for t in moments]
    asked = pd.DataFrame(pairs, columns=["prospect_id", "as_of"]).astype({"as_of": "datetime64[us, UTC]"})
    until = START + pd.Timedelta(days=end)
    found = won_within(known, asked, days=horizon, observed_until=until)
    assert [None if math.isnan(v) else v for v in found] == [
        _naive(known, who, t, pd.Timedelta(days=horizon), until) for who, t in pairs
    ]


def _naive(known: Facts, who: str, as_of: pd.Timestamp, width: pd.Timedelta, until: pd.Timestamp) -> float | None:
    if as_of + width > until:
        return None
    wins = [o.occurred_at for o in known.outcomes.itertuples() if o.prospect_id == who and o.result == "won"]
    return float(any(as_of <= t < as_of + width for t in wins))
