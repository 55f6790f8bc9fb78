"""What a call is worth: a product in which every factor can be seen, and what is not known counts as average."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.decision.errors import DecisionError
from models.decision.worth import describe, money, notes, times_odds, worth
from tests.models.decision.days import scores

TWO = scores(a=0.1, b=0.2)


def factors(**columns: list[float | None]) -> pd.DataFrame:
    return pd.DataFrame({"prospect_id": ["a", "b"]} | columns).astype(dict.fromkeys(columns, "float64"))


ALL = factors(amount=[1000, 500], timing=[1.5, 1.0], reach=[0.5, 2.0])


@pytest.mark.parametrize(
    ("form", "values"),
    [("chance", [0.1, 0.2]), ("chance_amount", [95, 95]), ("full", [1000 / 13 - 5, 500 / 3 - 5])],
)
def test_the_form_says_what_is_multiplied_and_the_cost_is_taken_off_money(form, values, definitions_of):
    found = worth(TWO, ALL, definitions=definitions_of(cost_per_call=5), form=form)
    assert found["value"].tolist() == pytest.approx(values)
    assert found["weight"].tolist() == pytest.approx(values)
    assert found["amount"].tolist() == [1000, 500]


@pytest.mark.parametrize(
    ("given", "values", "unknown"),
    [
        (None, [0.1, 0.2], ["amount, timing, reach"] * 2),
        (factors(timing=[2.0, None]), [2 / 11, 0.2], ["amount, reach", "amount, timing, reach"]),
        (factors(amount=[300, None], timing=[1, 1], reach=[1, 1]), [30, 60], ["", "amount"]),
        (ALL.iloc[:1], [1000 / 13, 200], ["", "amount, timing, reach"]),
    ],
    ids=["nothing known", "one timing", "one amount: the other counts as the average one", "one prospect"],
)
def test_what_is_not_known_counts_as_average_stays_missing_and_is_named(given, values, unknown, definitions_of):
    found = worth(TWO, given, definitions=definitions_of())
    assert found["value"].tolist() == pytest.approx(values)
    assert found["unknown"].tolist() == unknown
    missing = [[name in said for name in ("amount", "timing", "reach")] for said in unknown]
    assert found[["amount", "timing", "reach"]].isna().to_numpy().tolist() == missing


def test_without_amounts_the_cost_is_not_taken_off_a_chance_and_that_is_said(definitions_of):
    words = definitions_of(cost_per_call=5)
    found = worth(TWO, None, definitions=words)
    assert found["value"].tolist() == [0.1, 0.2]
    assert notes(found, words, "full") == (
        "amount is not known for any of the prospects and counts as average there",
        "timing is not known for any of the prospects and counts as average there",
        "reach is not known for any of the prospects and counts as average there",
        "without amounts a value is a share of a win, and the cost of a call is not taken off",
    )
    assert notes(worth(TWO, ALL, definitions=words), words, "full") == ()


def test_unscored_has_no_value_and_no_weight_and_an_order_without_chances_has_a_weight_only(definitions_of):
    mixed = scores(a=0.1, b=0.2, c=0.3, d=None)
    mixed.loc[1:2, "chance"] = np.nan
    found = worth(mixed, None, definitions=definitions_of())
    assert found["value"].isna().tolist() == [False, True, True, True]
    assert found["weight"].isna().tolist() == [False, False, False, True]
    # b before c by margin, both behind the one with a value
    assert found["weight"].rank(ascending=False).tolist()[:3] == [1, 3, 2]


def test_a_refund_and_a_cost_above_the_value_are_negative_values_not_errors(definitions_of):
    found = worth(TWO, factors(amount=[-100, 10]), definitions=definitions_of(cost_per_call=5))
    assert found["value"].tolist() == pytest.approx([-15, -3])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (pd.concat([ALL, ALL]), "name prospect a twice"),
        (ALL.assign(prospect_id=["a", "stranger"]), "name prospect stranger, which is not scored"),
        (factors(timing=[1, -1]), "timing of prospect b is -1.0, expected a finite ratio not below 0"),
        (factors(amount=[np.inf, 1]), "amount of prospect a is inf, expected a finite number"),
    ],
)
def test_factors_that_do_not_fit_are_refused(given, words, definitions_of):
    with pytest.raises(DecisionError, match=words):
        worth(TWO, given, definitions=definitions_of())


@pytest.mark.parametrize(
    ("given", "form", "words"),
    [
        (ALL, "full", "10 % (8 % now: timing x 1.50, reach x 0.50) x 1,000 EUR - 5.00 EUR for the call = 71.92 EUR"),
        (ALL, "chance_amount", "10 % x 1,000 EUR - 5.00 EUR for the call = 95.00 EUR"),
        (ALL, "chance", "10 %"),
        (factors(timing=[2, 1]), "full",
         "10 % (18 % now: timing x 2.00) = 0.182 of a win (amount, reach not known, taken as average)"),
        (factors(amount=[None, 200]), "chance_amount",
         "10 % x the average amount - 5.00 EUR for the call = 15.00 EUR (amount not known, taken as average)"),
    ],
)  # fmt: skip
def test_a_value_is_said_as_a_sum_that_can_be_followed(given, form, words, definitions_of):
    definitions = definitions_of(cost_per_call=5)
    row = next(worth(TWO, given, definitions=definitions, form=form).itertuples())
    assert describe(row, definitions, form) == words


@pytest.mark.parametrize(
    ("chance", "ratio", "now"),
    [(0.1, 1.0, 0.1), (0.5, 3.0, 0.75), (0.9, 100.0, 900 / 901), (0.3, 0.0, 0.0), (1.0, 2.0, 1.0), (1.0, 0.0, 0.0)],
)
def test_ratios_multiply_the_odds_so_that_a_chance_stays_a_chance(chance, ratio, now):
    assert times_odds(pd.Series([chance]), ratio)[0] == pytest.approx(now)


def test_no_call_is_worth_more_than_what_it_may_win(definitions_of):
    found = worth(
        scores(a=0.9), factors(amount=[100, 1], timing=[9, 1], reach=[9, 1]).iloc[:1], definitions=definitions_of()
    )
    assert 90 < found["value"][0] < 100


def test_an_order_without_a_chance_says_so(definitions_of):
    words = definitions_of()
    row = next(worth(TWO.assign(chance=np.nan), None, definitions=words).itertuples())
    assert describe(row, words) == "no chance is known: ordered by what happened last"


def test_money_has_cents_below_a_hundred_only(definitions_of):
    assert [money(v, definitions_of(currency="USD")) for v in (9.5, 1234.5)] == ["9.50 USD", "1,234 USD"]
