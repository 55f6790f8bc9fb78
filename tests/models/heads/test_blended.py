from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import log_loss

from models.heads.blended import FIT, Blended, blend, fit_blended
from models.heads.encoding import Encoding
from models.heads.training import Training
from tests.models.journeys import HORIZON, Journeys, journeys, only_wins_of

WORLD = journeys(prospects=500, weeks=52)


def training(world: Journeys = WORLD) -> Training:
    matrix = world.matrix
    return Training.of(
        matrix.values, np.nan_to_num(world.label), keys=matrix.keys, encoding=Encoding.fit(matrix.values),
        horizon=HORIZON, threads=1,
    )  # fmt: skip


@pytest.fixture(scope="module")
def blended() -> Blended:
    return fit_blended(training())


def test_the_members_are_the_three_learned_rungs_and_two_count_a_third_each(blended: Blended) -> None:
    assert [member.name for member in blended.members] == ["frequency", "logistic", "boosted"] == list(FIT)
    assert blended.weights[1:] == (1 / 3, 1 / 3)


def test_naive_bayes_is_too_sure_of_itself_and_weighs_less(blended: Blended) -> None:
    assert 0 < blended.weights[0] < 1 / 3


def test_the_margin_is_the_weighted_sum_of_the_members(blended: Blended) -> None:
    values = WORLD.matrix.values
    parts = np.column_stack([member.margin(values) for member in blended.members])
    np.testing.assert_allclose(blended.margin(values), blended.base + parts @ np.array(blended.weights), rtol=1e-12)


def test_the_margin_is_a_log_odds_before_any_calibration(blended: Blended) -> None:
    chance = expit(blended.margin(WORLD.matrix.values))
    assert chance.mean() == pytest.approx(np.nanmean(WORLD.label), abs=0.02)


def test_on_new_prospects_the_blend_loses_no_more_than_the_mean_of_its_members(blended: Blended) -> None:
    """Log loss is convex in the log-odds, so this holds exactly where the members are on that scale."""
    fresh = journeys(prospects=800, weeks=52, seed=4)
    label = (np.random.default_rng(2).random(len(fresh.truth)) < fresh.truth).astype(int)
    values = fresh.matrix.values
    scaled = [3 * blended.weights[0] * blended.members[0].margin(values) + 3 * blended.base]
    scaled += [member.margin(values) for member in blended.members[1:]]
    each = [log_loss(label, expit(margin)) for margin in scaled]
    assert log_loss(label, expit(blended.margin(values))) <= np.mean(each) + 1e-12


def test_rungs_that_are_fitted_already_are_joined_as_they_are_and_others_are_added(blended: Blended) -> None:
    given, seen = training(), FIT["frequency"](training())
    rungs = {"frequency": seen}
    joined = blend(given, rungs)
    assert joined.members[0] is seen
    assert joined.members == tuple(rungs[name] for name in FIT)
    assert joined.to_files() == blended.to_files()


def test_with_few_winning_prospects_trees_take_no_part() -> None:
    few = fit_blended(training(only_wins_of(WORLD, 30)))
    assert [member.name for member in few.members] == ["frequency", "logistic"]
    assert few.weights[1] == 1 / 2
    again = Blended.from_files(few.to_files(), few.encoding)
    np.testing.assert_array_equal(again.margin(WORLD.matrix.values), few.margin(WORLD.matrix.values))
