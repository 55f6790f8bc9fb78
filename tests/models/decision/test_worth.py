"""What a call is worth: a product in which every factor can be seen, and what is not known counts as average."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as holds_for
from hypothesis import settings
from hypothesis import strategies as st

from features.facts.definitions import parse
from models.decision.errors import DecisionError
from models.decision.worth import FORMS, describe, money, notes, times_odds, worth
from tests.models.decision.days import scores

WORD = {"means": "what everybody means by it", "evidence": "select 1", "owner": "x", "since": "2026-01-01"}
TERMS = dict.fromkeys(("prospect", "contacted", "qualified", "won", "lost", "receptive"), WORD)
WORDS = parse({"company": "Acme", "recorded_at": "column", "horizon_days": 30, "terms": TERMS})
TWO = scores(a=0.1, b=0.2)


def factors(**columns: list[float | None]) -> pd.DataFrame:
    return pd.DataFrame({"prospect_id": ["a", "b"]} | columns).astype(dict.fromkeys(columns, "float64"))


def odds(chance: float, ratio: float) -> float:
    return chance * ratio / (1 - chance + chance * ratio)


ALL = factors(amount=[1000, 500], timing=[1.5, 1.0], reach=[0.5, 2.0])


@pytest.mark.parametrize(
    ("form", "weights"),
    [
        ("chance", [0.1, 0.2]),
        ("chance_amount", [95, 95]),
        ("damped", [1000 * odds(0.1, 0.75**0.5) - 5, 500 * odds(0.2, 2**0.5) - 5]),
        ("full", [1000 * odds(0.1, 0.75) - 5, 500 * odds(0.2, 2) - 5]),
    ],
)
def test_the_form_orders_calls_and_the_value_is_chance_times_amount_in_every_form(form, weights, definitions_of):
    found = worth(TWO, ALL, definitions=definitions_of(cost_per_call=5), form=form)
    assert found["value"].tolist() == pytest.approx([95, 95])
    assert found["weight"].tolist() == pytest.approx(weights)
    assert found["amount"].tolist() == [1000, 500]


@pytest.mark.parametrize(
    ("given", "values", "weights", "unknown"),
    [
        (None, [0.1, 0.2], [0.1, 0.2], ["amount, timing, reach"] * 2),
        (factors(timing=[2.0, None]), [0.1, 0.2], [2 / 11, 0.2], ["amount, reach", "amount, timing, reach"]),
        (factors(amount=[300, None], timing=[1, 1], reach=[1, 1]), [30, 60], [30, 60], ["", "amount"]),
        (ALL.iloc[:1], [100, 200], [1000 / 13, 200], ["", "amount, timing, reach"]),
    ],
    ids=["nothing known", "one timing", "one amount: the other counts as the average one", "one prospect"],
)
def test_what_is_not_known_counts_as_average_stays_missing_and_is_named(
    given, values, weights, unknown, definitions_of
):
    found = worth(TWO, given, definitions=definitions_of(), form="full")
    assert found["value"].tolist() == pytest.approx(values)
    assert found["weight"].tolist() == pytest.approx(weights)
    assert found["unknown"].tolist() == unknown
    missing = [[name in said for name in ("amount", "timing", "reach")] for said in unknown]
    assert found[["amount", "timing", "reach"]].isna().to_numpy().tolist() == missing


def test_without_amounts_the_cost_is_not_taken_off_a_chance_and_that_is_said(definitions_of):
    words = definitions_of(cost_per_call=5)
    found = worth(TWO, None, definitions=words, form="full")
    assert found["value"].tolist() == [0.1, 0.2]
    assert notes(found, words, "full") == (
        "amount is not known for any of the prospects and counts as average there",
        "timing is not known for any of the prospects and counts as average there",
        "reach is not known for any of the prospects and counts as average there",
        "without amounts a value is a share of a win, and the cost of a call is not taken off",
    )
    assert notes(worth(TWO, ALL, definitions=words), words, "full") == ()
    assert notes(worth(TWO, ALL.assign(timing=np.nan), definitions=words), words, "chance_amount") == ()


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


UP = "moved up: a better fortnight than their usual one (timing x 2.00)"
DOWN = "moved down: a better fortnight than their usual one (timing x 1.50), harder to reach than most (reach x 0.50)"


@pytest.mark.parametrize(
    ("given", "form", "words"),
    [
        (ALL, "full", f"10 % x 1,000 EUR - 5.00 EUR for the call = 95.00 EUR; {DOWN}"),
        (ALL, "chance_amount", "10 % x 1,000 EUR - 5.00 EUR for the call = 95.00 EUR"),
        (ALL, "chance", "10 % x 1,000 EUR - 5.00 EUR for the call = 95.00 EUR"),
        (ALL.assign(timing=1.02, reach=1.02), "full", "10 % x 1,000 EUR - 5.00 EUR for the call = 95.00 EUR"),
        (factors(timing=[2, 1]), "full", f"10 %; {UP} (amount, reach not known, taken as average)"),
        (factors(amount=[None, 200]), "chance_amount",
         "10 % x the average amount - 5.00 EUR for the call = 15.00 EUR (amount not known, taken as average)"),
    ],
    ids=["moved", "no ratio in the order", "no amount in the order", "hardly moved", "no amount", "no amount here"],
)  # fmt: skip
def test_a_value_is_said_as_a_product_to_check_and_what_moved_the_call_beside_it(given, form, words, definitions_of):
    definitions = definitions_of(cost_per_call=5)
    row = next(worth(TWO, given, definitions=definitions, form=form).itertuples())
    assert describe(row, definitions) == words


@pytest.mark.parametrize(
    ("chance", "ratio", "now"),
    [(0.1, 1.0, 0.1), (0.5, 3.0, 0.75), (0.9, 100.0, 900 / 901), (0.3, 0.0, 0.0), (1.0, 2.0, 1.0), (1.0, 0.0, 0.0)],
)
def test_ratios_multiply_the_odds_so_that_a_chance_stays_a_chance(chance, ratio, now):
    assert times_odds(pd.Series([chance]), ratio)[0] == pytest.approx(now)


@settings(deadline=None, max_examples=30)
@holds_for(
    chance=st.floats(0.001, 0.999), amount=st.floats(1, 1e6), timing=st.floats(0, 50), reach=st.floats(0, 50),
    form=st.sampled_from(FORMS),
)  # fmt: skip
def test_the_money_shown_does_not_hang_on_the_moment_and_no_weight_is_above_the_amount(
    chance, amount, timing, reach, form
):
    one = pd.DataFrame({"prospect_id": ["a"], "amount": [amount], "timing": [timing], "reach": [reach]})
    found = worth(scores(a=chance), one, definitions=WORDS, form=form)
    assert found["value"][0] == pytest.approx(chance * amount)
    assert found["weight"][0] <= amount * (1 + 1e-9)


def test_an_order_without_a_chance_says_so(definitions_of):
    words = definitions_of()
    row = next(worth(TWO.assign(chance=np.nan), None, definitions=words).itertuples())
    assert describe(row, words) == "no chance is known: ordered by what happened last"


def test_money_has_cents_below_a_hundred_only(definitions_of):
    assert [money(v, definitions_of(currency="USD")) for v in (9.5, 1234.5)] == ["9.50 USD", "1,234 USD"]
