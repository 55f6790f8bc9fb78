from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from models.evidence.offers import CHOSEN, COLUMNS, PEERS, RANDOM, SINGLE, class_transformation, evaluate_offers
from models.heads.encoding import Encoding
from models.heads.ridge import columns_of
from tests.models.trials import trial


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return evaluate_offers(trial(rows=3000)[0], splits=3, threads=1)


def figure(table: pd.DataFrame, model: str, metric: str) -> pd.Series:
    return table.set_index(["model", "metric"]).loc[(model, metric)]


def test_each_figure_stands_once_with_its_interval_and_rows(table: pd.DataFrame) -> None:
    assert list(table.columns) == COLUMNS
    assert not table.duplicated(["model", "metric"]).any()
    told = table[table["metric"] != "better_than_best_single"]
    assert (told["low"] <= told["value"]).all()
    assert (told["value"] <= told["high"]).all()
    assert set(told["n"]) <= set(range(800, 1502))


def test_the_values_are_near_what_the_choices_are_truly_worth(table: pd.DataFrame) -> None:
    # 0.25 and 0.1 for the third with fit above 0.5; pilot +0.3 for half, discount +0.1 for all
    base = 0.25 + 0.1 * 0.3085
    assert figure(table, SINGLE, "policy_value")["value"] == pytest.approx(base + 0.15, abs=0.04)
    assert figure(table, RANDOM, "policy_value")["value"] == pytest.approx(base + 0.25 / 3, abs=0.03)
    assert figure(table, CHOSEN, "policy_value")["value"] == pytest.approx(base + 0.2, abs=0.05)


def test_a_choice_that_differs_between_people_is_shown_to_be_worth_more(table: pd.DataFrame) -> None:
    assert figure(table, CHOSEN, "over_best_single")["value"] > 0.02
    assert figure(table, CHOSEN, "over_chance")["low"] > 0
    assert figure(table, CHOSEN, "better_than_best_single")["value"] == 1.0


def test_the_order_by_effect_is_better_than_the_class_transformation_by_trees(table: pd.DataFrame) -> None:
    assert figure(table, CHOSEN, f"qini_over:{PEERS['trees']}:pilot")["value"] > 0
    assert figure(table, CHOSEN, "qini:pilot")["low"] > 0


def test_an_amount_has_values_but_no_qini_of_yes_and_no() -> None:
    one = trial(rows=600)[0]
    money = type(one)(
        one.values, type(one.logged)(one.logged.arm, one.logged.propensity, 7 * one.logged.outcome), one.arms
    )
    table = evaluate_offers(money, splits=1, threads=1)
    assert not table["metric"].str.startswith("qini").any()
    assert figure(table, CHOSEN, "policy_value")["value"] > 1


def test_the_same_seed_gives_the_same_table() -> None:
    one = trial(rows=400)[0]
    first, again = (evaluate_offers(one, splits=1, threads=1) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)


def test_the_class_transformation_is_that_of_scikit_uplift() -> None:
    models = pytest.importorskip("sklift.models")
    learn, test = trial(rows=600, arms=2)[0], trial(rows=300, arms=2, seed=1)[0]
    encoding = Encoding.fit(learn.values)
    x = columns_of(encoding.apply(learn.values), at=encoding.apply(test.values), encoding=encoding)
    peer = models.ClassTransformation(LogisticRegression(max_iter=1000))
    with warnings.catch_warnings():
        # it warns that the groups are not of equal size; the formula is the same
        warnings.simplefilter("ignore")
        peer.fit(x[0], learn.logged.outcome.astype(int), learn.logged.arm)
        expected = peer.predict(x[1])
    found = class_transformation(learn, test, arm=1, threads=1)["logistic"]
    np.testing.assert_allclose(found, expected)
