from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from features.facts.contract import check
from features.facts.ledger import Facts
from models.decision.errors import DecisionError
from models.decision.overrides import CALL, LEAST, LEAVE, grade_overrides, newcombe

HORIZON = 30


def day(n: float) -> pd.Timestamp:
    """Return the n-th day of January 2026, at midnight UTC."""
    return pd.Timestamp("2026-01-01", tz="UTC").as_unit("us") + pd.Timedelta(days=n - 1)


def said(*rows: tuple[str, str, float, float]) -> pd.DataFrame:
    """Overrides from (prospect, kind, day of the list, day it was said)."""
    columns = ["prospect_id", "kind", "as_of", "at"]
    return pd.DataFrame([(p, k, day(a), day(s)) for p, k, a, s in rows], columns=columns)


def calls(*rows: tuple[str, float]) -> pd.DataFrame:
    return pd.DataFrame([(p, day(a)) for p, a in rows], columns=["prospect_id", "as_of"])


def wins(*rows: tuple[str, float]) -> Facts:
    frame = pd.DataFrame(
        [(p, day(n), day(n), "won") for p, n in rows], columns=["prospect_id", "occurred_at", "recorded_at", "result"]
    )
    return Facts.of({"outcomes": check("outcomes", frame).good} if rows else {})


def groups(overrides: pd.DataFrame, listed: pd.DataFrame, facts: Facts, until: float = 200) -> pd.DataFrame:
    found = grade_overrides(overrides, listed, facts, days=HORIZON, observed_until=day(until))
    return found.groups.set_index("group")


def team(called: int, listed: int, *, won: tuple[int, int]) -> tuple[pd.DataFrame, pd.DataFrame, Facts]:
    """So many overrides and calls of one day, and how many of each won on the fifth day after."""
    own = said(*((f"o{i}", CALL, 1, 1) for i in range(called)))
    on_list = calls(*((f"l{i}", 1) for i in range(listed)))
    facts = wins(*((f"o{i}", 6) for i in range(won[0])), *((f"l{i}", 6) for i in range(won[1])))
    return own, on_list, facts


def test_the_share_of_overrides_that_won_stands_beside_that_of_the_list_with_counts() -> None:
    own, listed, facts = team(41, 430, won=(9, 60))
    found = grade_overrides(own, listed, facts, days=HORIZON, observed_until=day(100))
    assert found.said == (
        "your overrides won 22 % (9 of 41), the list 14 % (60 of 430): a difference that chance could make"
    )
    row = found.groups.set_index("group").loc[CALL]
    oracle = binomtest(9, 41).proportion_ci(method="wilson")
    assert (row["low"], row["high"]) == pytest.approx((oracle.low, oracle.high))


def test_a_difference_beyond_chance_is_called_one() -> None:
    own, listed, facts = team(60, 400, won=(30, 40))
    found = grade_overrides(own, listed, facts, days=HORIZON, observed_until=day(100))
    assert found.said.endswith("more than chance would do")


def test_few_overrides_are_too_few_to_say_and_the_open_ones_are_named() -> None:
    own, listed, facts = team(LEAST - 1, 100, won=(5, 10))
    late = said(("late", CALL, 80, 80))
    found = grade_overrides(pd.concat([own, late]), listed, facts, days=HORIZON, observed_until=day(100))
    assert found.said == (
        "your overrides: too few to say: 19 are old enough to judge (the list: 100), 20 of each are needed; "
        "still open: 1"
    )


def test_without_overrides_it_says_so_and_grades_nothing() -> None:
    found = grade_overrides(said(), calls(("a", 1)), wins(), days=HORIZON, observed_until=day(100))
    assert found.said == "no overrides so far"
    assert found.groups["n"].tolist() == [0, 0, 0]
    assert found.groups["share"].isna().all()


def test_a_horizon_that_has_not_passed_is_waiting_and_not_lost() -> None:
    own = said(("a", CALL, 1, 1), ("b", CALL, 80, 80))
    row = groups(own, calls(("c", 1), ("d", 80)), wins(("b", 85)), until=100).loc[CALL]
    assert (row["n"], row["won"], row["waiting"]) == (1, 0, 1)


@pytest.mark.parametrize(
    ("won_on", "counts"), [(1, True), (30, True), (31, False)], ids=["first day", "last day", "day after"]
)
def test_a_win_counts_from_the_moment_of_the_list_until_before_the_end_of_the_horizon(won_on, counts) -> None:
    row = groups(said(("a", CALL, 1, 1)), calls(), wins(("a", won_on))).loc[CALL]
    assert row["won"] == int(counts)


def test_a_prospect_counts_once_from_the_first_day_on() -> None:
    own = said(*(("a", CALL, d, d) for d in (1, 2, 3)))
    listed = calls(*(("b", d) for d in (1, 2, 3)))
    found = groups(own, listed, wins(("a", 32), ("b", 3)))
    assert found.loc[CALL, ["n", "won"]].tolist() == [1, 0]
    assert found.loc["list", ["n", "won"]].tolist() == [1, 1]


def test_said_twice_about_one_receipt_the_last_word_counts() -> None:
    own = said(("a", CALL, 1, 1.1), ("a", LEAVE, 1, 1.2), ("b", LEAVE, 1, 1.2), ("b", CALL, 1, 1.3))
    found = groups(own, calls(("a", 1)), wins())
    assert found.loc[[CALL, LEAVE], "n"].tolist() == [1, 1]


def test_agreeing_with_the_list_is_no_override() -> None:
    own = said(("a", CALL, 1, 1), ("b", LEAVE, 1, 1), ("c", "won", 1, 1))
    found = grade_overrides(own, calls(("a", 1)), wins(), days=HORIZON, observed_until=day(100))
    assert found.agreed == 2
    assert found.groups.set_index("group").loc[[CALL, LEAVE], "n"].tolist() == [0, 0]


def test_those_taken_off_the_list_are_graded_beside_the_rest_of_it() -> None:
    found = groups(said(("a", LEAVE, 1, 1)), calls(("a", 1), ("b", 1)), wins(("a", 3), ("b", 3)))
    assert found.loc[[LEAVE, "list"], ["n", "won"]].to_numpy().tolist() == [[1, 1], [1, 1]]


def test_only_lists_from_the_first_to_the_last_override_are_compared_with() -> None:
    own = said(("a", CALL, 10, 10), ("b", CALL, 20, 20))
    listed = calls(("c", 9), ("d", 10), ("e", 20), ("f", 21))
    assert groups(own, listed, wins()).loc["list", "n"] == 2


def test_the_interval_of_a_difference_is_the_published_one() -> None:
    """Newcombe (1998), method 10: 56 of 70 against 48 of 80, and 9 of 10 against 3 of 10."""
    assert newcombe((56, 48), (70, 80)) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert newcombe((9, 3), (10, 10)) == pytest.approx((0.1705, 0.8090), abs=5e-5)


@given(st.tuples(st.integers(0, 60), st.integers(0, 60)), st.tuples(st.integers(0, 60), st.integers(0, 60)))
def test_the_interval_holds_the_difference_and_turns_round_with_the_groups(won, lost) -> None:
    n = (won[0] + lost[0], won[1] + lost[1])
    low, high = newcombe(won, n)
    if 0 in n:
        assert np.isnan([low, high]).all()
        return
    difference = won[0] / n[0] - won[1] / n[1]
    assert -1 - 1e-12 <= low <= difference + 1e-12
    assert difference - 1e-12 <= high <= 1 + 1e-12
    assert newcombe(won[::-1], n[::-1]) == pytest.approx((-high, -low))


def test_a_table_without_its_columns_is_refused() -> None:
    with pytest.raises(DecisionError, match=r"overrides: no column \['as_of'\]"):
        grade_overrides(said().drop(columns="as_of"), calls(), wins(), days=HORIZON, observed_until=day(1))
