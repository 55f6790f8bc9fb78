"""Totals are sums of integers in ten-thousandths: exact, whatever the order and whatever left the window."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.algebra.terms import total, touches
from features.errors import ContractError
from features.facts.contract import LARGEST_VALUE, check
from features.facts.ledger import Facts
from tests.features.literal import numbers
from tests.features.worlds import days

CENTS = st.decimals(min_value=-100_000, max_value=100_000, places=4, allow_nan=False)


def touched(values: list[float], offsets: list[float] | None = None) -> Facts:
    """Return one touch of prospect a per value, by default one a day from 1 January 2026."""
    n = len(values)
    when = days(offsets if offsets is not None else np.arange(n, dtype=float))
    frame = pd.DataFrame(
        {"touch_id": [f"t{i}" for i in range(n)], "prospect_id": "a", "kind": "call", "direction": "outbound",
         "occurred_at": when, "recorded_at": when, "value": np.array(values, dtype="float64")}
    ).astype({"touch_id": "str"})  # fmt: skip
    return Facts.of({"touches": frame})


@settings(max_examples=40, deadline=None)
@given(st.lists(CENTS, min_size=1, max_size=25))
def test_a_total_equals_decimal_arithmetic(amounts: list[Decimal]) -> None:
    found = numbers(total(touches, "value"), touched([float(a) for a in amounts]), "a 02-01")
    assert found == [float(sum(amounts))]


@settings(max_examples=20, deadline=None)
@given(st.lists(CENTS, min_size=10, max_size=25))
def test_what_left_the_window_leaves_no_rounding_behind(amounts: list[Decimal]) -> None:
    known = touched([float(a) for a in amounts])
    moments = [f"a 01-{d:02d}" for d in range(2, 29)]
    found = numbers(total(touches, "value", days=3), known, *moments)
    assert found == [float(sum(amounts[max(0, d - 4) : d - 1])) for d in range(2, 29)]


@pytest.mark.parametrize("value", [0.0001, 0.0003, 4.35, 1.1, -0.0007, 1_234_567.8901])
def test_a_value_is_kept_to_the_ten_thousandth(value: float) -> None:
    assert numbers(total(touches, "value"), touched([value]), "a 02-01") == [value]


def test_a_large_value_that_comes_and_goes_does_not_swallow_a_small_one() -> None:
    known = touched([0.01, LARGEST_VALUE, -LARGEST_VALUE])
    assert numbers(total(touches, "value"), known, "a 02-01") == [0.01]


def test_missing_values_add_nothing() -> None:
    assert numbers(total(touches, "value"), touched([1.5, math.nan, 2.0]), "a 02-01") == [3.5]
    assert numbers(total(touches, "value"), touched([math.nan]), "a 02-01") == [0]


def test_totals_beyond_the_integers_are_refused_with_what_to_do() -> None:
    with pytest.raises(ContractError, match=r"value: the values sum to more than 4\.61e\+14; use a larger unit"):
        numbers(total(touches, "value"), touched([5e14]), "a 02-01")


def test_the_contract_keeps_a_single_value_within_reach_of_an_exact_sum() -> None:
    frame = touched([LARGEST_VALUE, LARGEST_VALUE * 1.01]).touches
    assert check("touches", frame).quarantined["row"].tolist() == [1]
