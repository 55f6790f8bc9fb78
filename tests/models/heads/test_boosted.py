from __future__ import annotations

import lightgbm
import numpy as np
import pandas as pd
import pytest

from models.heads.boosted import fit_boosted
from models.heads.encoding import Encoding
from models.heads.training import Training
from tests.models.journeys import HORIZON, Journeys, journeys


def training(world: Journeys, label: np.ndarray, **changes: int) -> Training:
    matrix = world.matrix
    encoding = Encoding.fit(matrix.values)
    return Training.of(matrix.values, label, keys=matrix.keys, encoding=encoding, horizon=HORIZON, **changes)


def trees(text: str) -> pd.DataFrame:
    return lightgbm.Booster(model_str=text).trees_to_dataframe()


@pytest.fixture(scope="module")
def world() -> Journeys:
    return journeys(prospects=500, weeks=52)


def test_leaves_hold_the_share_of_rows_of_four_winning_prospects(world: Journeys) -> None:
    label = np.nan_to_num(world.label)
    given = training(world, label)
    # LightGBM itself holds to this only about: it estimates a leaf's rows from its hessian
    assert f"[min_data_in_leaf: {int(4 * len(label) / given.wins)}]" in fit_boosted(given).text


def test_few_winning_prospects_make_small_trees() -> None:
    world = journeys(prospects=500, weeks=52, base=-5.0)
    given = training(world, np.nan_to_num(world.label))
    assert given.wins < 80
    leaves = trees(fit_boosted(given).text)["left_child"].isna()
    assert leaves.groupby(trees(fit_boosted(given).text)["tree_index"]).sum().max() <= max(4, given.wins // 8)


def test_one_thread_and_two_give_the_same_margins(world: Journeys) -> None:
    label = np.nan_to_num(world.label)
    one, two = (fit_boosted(training(world, label, threads=t)).margin(world.matrix.values) for t in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_another_seed_gives_another_model(world: Journeys) -> None:
    label = np.nan_to_num(world.label)
    assert fit_boosted(training(world, label, seed=1)).text != fit_boosted(training(world, label, seed=2)).text


def test_noise_stops_the_boosting_early(world: Journeys) -> None:
    noise = (np.random.default_rng(3).random(len(world.label)) < 0.1).astype(np.float64)
    margin = fit_boosted(training(world, noise)).margin(world.matrix.values)
    assert margin.std() < 0.3


def test_chances_are_not_moved_by_class_weights(world: Journeys) -> None:
    label = np.nan_to_num(world.label)
    margin = fit_boosted(training(world, label)).margin(world.matrix.values)
    assert (1 / (1 + np.exp(-margin))).mean() == pytest.approx(label.mean(), abs=0.02)
