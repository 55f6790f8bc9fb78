"""What a training keeps of its model: measured on later days, by fits that had not seen them."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from models.evidence.over_time import LEAST_WINS, in_test, period
from models.evidence.training_evidence import ANY, Evidence, to_json, training_evidence
from models.heads.learned import Fitted, Question, Versions, fit_head, recency_only
from tests.models.evidence.check_worlds import TRAINED, world
from tests.models.journeys import HORIZON, HORIZON_DAYS, Journeys, journeys, only_wins_of

CAPACITY = 10
QUESTION = Question("win", Versions("simulated", HORIZON_DAYS, TRAINED, "words", "features", "1"), HORIZON, CAPACITY)


def fit(given: Journeys) -> Fitted:
    return fit_head(given.matrix.values, given.label, keys=given.matrix.keys, question=QUESTION, threads=1, draws=10)


def evidence(fitted: Fitted, given: Journeys, refused: Fitted | None = None, capacity: int = CAPACITY) -> Evidence:
    return training_evidence(fitted, given.matrix, given.label, capacity=capacity, seed=7, refused=refused)


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit(world())


@pytest.fixture(scope="module")
def found(fitted: Fitted) -> Evidence:
    return evidence(fitted, world())


def test_the_periods_follow_each_other_and_the_test_comes_last_and_whole(fitted: Fitted, found: Evidence) -> None:
    periods = found["periods"]
    assert [p["part"] for p in periods] == sorted((p["part"] for p in periods), key=["before", "test"].index)
    assert all(one["last"] < other["first"] for one, other in zip(periods, periods[1:], strict=False))
    assert sum(p["snapshots"] for p in periods if p["part"] == "test") == fitted.split.test.sum()


def test_no_period_before_the_test_was_seen_by_the_fit_that_foretells_it(fitted: Fitted) -> None:
    told = fitted.told
    assert len(told)
    begins = told.groupby("block")["as_of"].min()
    assert begins.is_monotonic_increasing
    assert told["as_of"].max() + HORIZON <= world().matrix.keys["as_of"][fitted.split.test].min()


def test_the_figures_of_a_period_are_those_of_an_independent_count(fitted: Fitted, found: Evidence) -> None:
    first = found["periods"][0]
    rows = fitted.told[fitted.told["block"] == 0]
    name = found["kept"]
    assert first["models"][name]["auc"]["value"] == pytest.approx(roc_auc_score(rows["label"], rows[name]))
    best = rows.sort_values(name, ascending=False, kind="stable").groupby("as_of").head(CAPACITY)
    assert first["models"][name]["precision_at_capacity"]["value"] == pytest.approx(best["label"].mean(), abs=0.02)
    assert first["base_rate"]["value"] == pytest.approx(rows["label"].mean())
    assert first["won"] == rows.loc[rows["label"] == 1, "prospect_id"].nunique()


def test_at_capacity_the_model_finds_more_than_recency_and_that_more_than_nothing(found: Evidence) -> None:
    own = next(one for one in found["at_capacity"] if one["calls"] == CAPACITY)
    lists = own["lists"]
    assert set(lists) == {found["kept"], "recency", ANY}
    assert lists[found["kept"]]["prospects"] > lists[ANY]["prospects"] > 0
    assert own["over_recency"]["value"] == pytest.approx(
        lists[found["kept"]]["prospects"] - lists["recency"]["prospects"]
    )
    assert own["called"] <= CAPACITY


def test_more_calls_find_no_fewer_winners(found: Evidence) -> None:
    for name in (found["kept"], "recency", ANY):
        calls = [one["lists"][name]["prospects"] for one in found["at_capacity"]]
        assert calls == sorted(calls)


def test_any_order_finds_its_share_of_the_day(fitted: Fitted, found: Evidence) -> None:
    """The oracle: a list drawn by lot holds each open prospect with the same chance."""
    own = next(one for one in found["at_capacity"] if one["calls"] == CAPACITY)
    keys, label = world().matrix.keys[fitted.split.test], world().label[fitted.split.test]
    share = np.minimum(1.0, CAPACITY / keys.groupby("as_of")["as_of"].transform("size").to_numpy())
    assert own["lists"][ANY]["calls_to_winners"]["value"] == pytest.approx(
        (share * label).sum() / keys["as_of"].nunique()
    )


def test_the_bins_of_the_calibration_hold_all_of_the_test(fitted: Fitted, found: Evidence) -> None:
    bins = pd.DataFrame(found["calibration"])
    assert (bins["low"] <= bins["observed"] + 1e-12).all()
    assert (bins["observed"] <= bins["high"] + 1e-12).all()
    assert bins["foretold"].is_monotonic_increasing
    assert bins["observed"].mean() == pytest.approx(world().label[fitted.split.test].mean(), abs=0.01)


def test_the_same_training_keeps_the_same_bytes_and_they_are_strict_json(fitted: Fitted, found: Evidence) -> None:
    text = to_json(found)
    assert text == to_json(evidence(fitted, world()))
    assert json.loads(text, parse_constant=lambda name: pytest.fail(name)) == found


def test_where_a_check_refuses_the_model_it_is_measured_beside_the_order_that_serves(fitted: Fitted) -> None:
    lowest = recency_only(fitted, world().matrix.values, world().label, keys=world().matrix.keys, why="TK011 fires")
    told = evidence(lowest, world(), refused=fitted)
    assert (told["kept"], told["refused"]) == ("recency", fitted.kept.rung.name)
    assert set(told["at_capacity"][0]["lists"]) == {"recency", fitted.kept.rung.name, ANY}
    assert set(told["periods"][-1]["models"]) == {"recency", fitted.kept.rung.name}


def test_where_the_team_calls_everybody_it_is_said(fitted: Fitted) -> None:
    told = evidence(fitted, world(), capacity=10_000)
    assert all(one["calls_all"] for one in told["at_capacity"])


def test_without_a_later_period_nothing_is_claimed() -> None:
    short = journeys(weeks=2)
    told = evidence(fit(short), short)
    assert "nothing measured" in told["unmeasured"]
    assert (told["periods"], told["at_capacity"], told["calibration"]) == ([], [], [])


def test_with_few_wins_periods_are_counted_and_no_order_is_judged() -> None:
    few = only_wins_of(journeys(), 8)
    told = evidence(fit(few), few)
    assert told["calibration"] == []
    assert all(p["models"] == {} and p["won"] < LEAST_WINS and "needed" in p["why"] for p in told["periods"])


def test_a_rung_that_could_not_be_fitted_for_a_period_is_left_out_of_it() -> None:
    given = world()
    rows = given.label == given.label
    keys, label = given.matrix.keys[rows], given.label[rows]
    orders = {"recency": np.arange(len(label), dtype=float), "boosted": np.full(len(label), np.nan)}
    told = period("before", keys, label, orders=orders, calls=5, seed=1)
    assert set(told["models"]) == {"recency"}


def test_the_test_is_cut_only_where_each_piece_has_wins_enough() -> None:
    keys = world().matrix.keys.iloc[:400].reset_index(drop=True)
    days = keys["as_of"].nunique()
    assert days >= 3
    order = {"recency": np.zeros(len(keys))}
    assert len(in_test(keys, np.ones(len(keys)), orders=order, calls=5, seed=1)) == 3
    assert len(in_test(keys, np.zeros(len(keys)), orders=order, calls=5, seed=1)) == 1
