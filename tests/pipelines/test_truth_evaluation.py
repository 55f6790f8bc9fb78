from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.matrix import Matrix
from pipelines.sources.folders import find
from pipelines.steps import truth_evaluation
from pipelines.steps.truth_evaluation import (
    ORDERS,
    Effect,
    World,
    called,
    effect,
    evaluate_truth,
    fit_knowable,
    summed_up,
    true_chances,
)
from tests.models.journeys import Journeys, catalog_of, definitions_of, journeys


def moments(*days: str) -> pd.Series:
    return pd.to_datetime(pd.Series(days), utc=True, format="ISO8601").astype("datetime64[us, UTC]")


def test_a_true_chance_belongs_to_the_snapshot_nearest_to_it_within_half_a_day() -> None:
    chances = pd.DataFrame({"prospect_id": ["a", "a", "b"], "as_of": moments("2026-01-01", "2026-01-08", "2026-01-01")})
    chances["chance"] = [0.1, 0.2, 0.3]
    keys = pd.DataFrame({"prospect_id": ["b", "a", "a", "a", "c"]})
    keys["as_of"] = moments("2025-12-31 22:00", "2026-01-07 22:00", "2026-01-01 12:00", "2026-01-03", "2026-01-01")
    np.testing.assert_array_equal(true_chances(keys, chances), [0.3, 0.2, 0.1, np.nan, np.nan])


def test_each_day_has_its_calls_by_falling_score_and_a_missing_score_is_last() -> None:
    score = np.array([0.1, np.nan, 0.3, 0.9, 0.9, np.nan])
    day = moments(*["2026-01-01"] * 3, *["2026-01-08"] * 3)
    everybody = np.ones(6, dtype=np.bool_)
    assert called(score, day, everybody, calls=1).tolist() == [False, False, True, True, False, False]
    assert called(score, day, everybody, calls=2).tolist() == [True, False, True, True, True, False]
    assert called(score, day, everybody, calls=9).all()
    assert called(score, day, np.arange(6) != 3, calls=1).tolist() == [False, False, True, False, True, False]


def world_of(made: Journeys, seed: int = 0) -> World:
    """Journeys whose labels are drawn anew from their chances."""
    label = (np.random.default_rng(seed).random(len(made.truth)) < made.truth).astype(np.float64)
    moment = made.matrix.keys["as_of"].max()
    return World(made.matrix, label, made.truth, made.truth, catalog_of(made.matrix), definitions_of(), moment, 15)


def test_the_effect_of_a_list_is_what_it_wins_more_than_anybody_of_the_day() -> None:
    keys = pd.DataFrame({"prospect_id": list("abcd"), "as_of": moments(*["2026-01-01"] * 2, *["2026-01-08"] * 2)})
    chance, label = np.array([0.4, 0.2, 0.9, 0.1]), np.array([1.0, 0.0, 0.0, 1.0])
    made = Journeys(Matrix(keys, pd.DataFrame({"x": np.zeros(4, dtype=np.float32)})), label, chance)
    world = World(
        made.matrix, label, chance, chance, catalog_of(made.matrix), definitions_of(), keys["as_of"].max(), 15
    )
    found = effect(world, np.array([True, False, True, False]), np.ones(4, dtype=np.bool_), seed=1, draws=50)
    assert found.truth == pytest.approx((0.4 + 0.9) / 2 - (0.3 + 0.5) / 2)
    assert found.estimate == pytest.approx(0.5 - 0.5)


def test_the_interval_of_the_effect_holds_the_truth_in_about_nineteen_of_twenty_worlds() -> None:
    made, held = journeys(prospects=300, weeks=30, base=-2.5), 0
    for seed in range(40):
        world = world_of(made, seed)
        everybody = np.ones(len(world.label), dtype=np.bool_)
        listed = called(world.chance, world.matrix.keys["as_of"], everybody, calls=8)
        held += effect(world, listed, everybody, seed=seed, draws=200).covered
    assert 35 <= held <= 40


def test_the_knowable_order_comes_near_the_truth_where_the_features_say_all() -> None:
    world = world_of(journeys(prospects=900, weeks=40))
    encoding, booster = fit_knowable(world, threads=1)
    fresh = journeys(prospects=300, weeks=40, seed=5)
    found = booster.predict(encoding.apply(fresh.matrix.values), num_threads=1)
    assert np.corrcoef(found, fresh.truth)[0, 1] > 0.95


def test_the_summary_says_shares_coverage_and_intervals_over_seeds() -> None:
    worths = pd.DataFrame({"oracle": [0.2, 0.4], "knowable": [0.15, 0.3], "takt": [0.1, 0.2], "anybody": [0.05, 0.05]})
    effects = [Effect(0.05, 0.06, 0.01, 0.1), Effect(0.15, 0.3, 0.2, 0.4)]
    table = summed_up(worths, effects, seed=1).set_index(["model", "metric"])
    assert table.loc[("takt", "true wins per call"), "value"] == pytest.approx(0.15)
    assert table.loc[("takt", "share of oracle"), ["value", "low", "high"]].tolist() == pytest.approx([0.5, 0.5, 0.5])
    assert table.loc[("takt", "share of knowable"), "value"] == pytest.approx(2 / 3)
    assert table.loc[("takt", "effect covered"), ["value", "n"]].tolist() == [1.0, 2]
    assert table.loc[("takt", "effect, estimate minus truth"), "value"] == pytest.approx(0.08)


def test_without_a_company_that_could_be_tested_that_is_said() -> None:
    table = summed_up(pd.DataFrame(), [], seed=1)
    assert table["value"].isna().all()
    assert table["note"].tolist() == ["no company had history enough for a test"]


@pytest.mark.slow
def test_on_a_simulated_company_the_list_lies_between_the_habits_and_the_oracle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(truth_evaluation, "TREES", 40)
    found = evaluate_truth(find("simulated"), tmp_path, seeds=[3], prospects=1000, threads=1, times=1, draws=100)
    worth = found[found["metric"] == "true wins per call"].set_index("model")["value"]
    assert set(worth.index) == {*ORDERS, "anybody"}
    assert worth["clairvoyant"] > worth["oracle"] > worth["takt"]
    assert worth["takt"] > max(worth["recency"], worth["whom they know"]) > worth["anybody"]
    share = found.set_index(["model", "metric"])["value"]
    assert 0 < share[("takt", "share of oracle")] < 1
