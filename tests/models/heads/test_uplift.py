from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import RidgeCV

from models.heads.encoding import Encoding
from models.heads.outcome_model import cross_fitted
from models.heads.ridge import PENALTIES, columns_of, fit_ridge
from models.heads.trial import Trial
from models.heads.uplift import Uplift, fit_uplift, pseudo_outcomes
from models.measures.policy import Logged, PolicyError
from tests.models.trials import trial


@pytest.fixture(scope="module")
def made() -> tuple[Trial, np.ndarray]:
    return trial()


@pytest.fixture(scope="module")
def fitted(made: tuple[Trial, np.ndarray]) -> Uplift:
    return fit_uplift(made[0], threads=1)


def rungs(found: Uplift) -> list[str]:
    return [r.name for r in found.regressions]


def test_the_effect_that_differs_between_people_is_found_on_new_people(fitted: Uplift) -> None:
    fresh, truth = trial(seed=99)
    effects = fitted.effects(fresh.values)
    assert np.corrcoef(effects[:, 1], truth[:, 1])[0, 1] > 0.7
    assert effects[:, 1].mean() == pytest.approx(truth[:, 1].mean(), abs=0.06)
    assert effects[:, 2].mean() == pytest.approx(0.1, abs=0.06)


def test_the_chosen_offer_earns_most_of_what_the_best_choice_would(fitted: Uplift) -> None:
    fresh, truth = trial(seed=98)
    rows = np.arange(len(fresh))
    earned = truth[rows, fitted.best(fresh.values)].mean()
    assert earned > truth.mean(axis=0).max()
    assert earned > 0.85 * truth.max(axis=1).mean()


def test_the_control_has_no_effect_by_definition(made: tuple[Trial, np.ndarray], fitted: Uplift) -> None:
    assert (fitted.effects(made[0].values)[:, 0] == 0).all()


def test_an_arm_that_is_not_allowed_is_never_the_best(made: tuple[Trial, np.ndarray], fitted: Uplift) -> None:
    allowed = np.ones((len(made[0]), 3), dtype=np.bool_)
    allowed[:, 1] = False
    assert set(fitted.best(made[0].values, allowed=allowed)) <= {0, 2}


def test_no_rung_above_the_common_effect_is_tried_with_few_draws() -> None:
    small = trial(rows=150)[0]
    found = fit_uplift(small, threads=1)
    assert rungs(found) == ["constant", "constant"]
    assert np.ptp(found.effects(small.values)[:, 1]) == pytest.approx(0, abs=1e-12)
    assert found.table["why"].str.contains("drawn rows of the rarer arm, 100 needed").any()


def test_where_everybody_is_moved_alike_hardly_any_difference_is_told() -> None:
    alike = trial(strength=0.0, rows=2000, seed=3)[0]
    effects = fit_uplift(alike, threads=1).effects(alike.values)
    assert effects[:, 1].std() < 0.05
    assert effects[:, 2].std() < 0.05


def test_trees_are_taken_only_where_they_foretell_people_left_out_better(fitted: Uplift) -> None:
    tried = fitted.table[fitted.table["rung"] == "boosted"]
    assert (tried["taken"] == (tried["low"] > 0)).all()


def test_trees_are_earned_where_the_effect_is_no_straight_line() -> None:
    wide, _ = trial(rows=8000, strength=0.0, arms=2, seed=5)
    fit = wide.values["fit"].to_numpy()
    moved = (np.abs(fit) < 0.7) & (wide.logged.arm == 1)
    logged = Logged(wide.logged.arm, wide.logged.propensity, np.where(moved, 1.0, wide.logged.outcome))
    found = fit_uplift(replace(wide, logged=logged), threads=1)
    assert rungs(found) == ["boosted"]
    effects = found.effects(wide.values)[:, 1]
    assert effects[np.abs(fit) < 0.5].mean() > effects[np.abs(fit) > 1].mean() + 0.4
    np.testing.assert_array_equal(Uplift.from_files(found.to_files()).effects(wide.values)[:, 1], effects)


def test_the_mean_score_of_each_arm_is_near_the_truth_and_without_bias_over_seeds() -> None:
    off = []
    for seed in range(8):
        one, truth = trial(rows=400, seed=seed)
        points = pseudo_outcomes(one, threads=1)
        off.append((points[:, 1:] - points[:, [0]]).mean(axis=0) - truth[:, 1:].mean(axis=0))
    error = np.std(off, axis=0) / np.sqrt(len(off))
    assert (np.abs(np.mean(off, axis=0)) < 3 * error).all()


def test_a_person_is_not_foretold_by_a_model_that_has_seen_this_person() -> None:
    base = trial(rows=300)[0]
    twice = base.take(np.repeat(np.arange(300), 2))
    twice = replace(twice, logged=replace_who(twice.logged, np.repeat(np.arange(300), 2)))
    fold = twice.folds(3, seed=1)
    assert (fold[::2] == fold[1::2]).all()
    before = cross_fitted(twice, seed=1, threads=1)
    turned = twice.logged.outcome.copy()
    turned[fold == 0] = 1 - turned[fold == 0]
    after = cross_fitted(replace(twice, logged=Logged(
        twice.logged.arm, twice.logged.propensity, turned, twice.logged.who)), seed=1, threads=1)  # fmt: skip
    np.testing.assert_array_equal(before[fold == 0], after[fold == 0])
    assert not np.array_equal(before[fold == 1], after[fold == 1])


def replace_who(logged: Logged, who: np.ndarray) -> Logged:
    return Logged(logged.arm, logged.propensity, logged.outcome, who)


def test_nothing_is_said_of_an_arm_where_it_could_not_be_drawn() -> None:
    one = trial(rows=300)[0]
    possible = np.ones((300, 3), dtype=np.bool_)
    possible[:, 2] = one.logged.arm == 2
    points = pseudo_outcomes(replace(one, possible=possible), threads=1)
    assert np.isnan(points[one.logged.arm != 2, 2]).all()
    assert np.isfinite(points[:, :2]).all()


def test_an_amount_is_learned_as_well_as_a_yes() -> None:
    one, truth = trial(seed=4)
    spent = 100 * one.logged.outcome + np.random.default_rng(1).normal(size=len(one))
    money = replace(one, logged=Logged(one.logged.arm, one.logged.propensity, spent))
    effects = fit_uplift(money, threads=1).effects(one.values)
    assert np.corrcoef(effects[:, 1], truth[:, 1])[0, 1] > 0.7


def test_an_outcome_that_is_always_the_same_has_no_effects() -> None:
    one = trial(rows=300)[0]
    never = replace(one, logged=Logged(one.logged.arm, one.logged.propensity, np.zeros(300)))
    assert fit_uplift(never, threads=1).effects(one.values) == pytest.approx(0, abs=1e-9)


def test_what_is_fitted_reads_back_to_equal_bits(made: tuple[Trial, np.ndarray], fitted: Uplift) -> None:
    again = Uplift.from_files(fitted.to_files())
    np.testing.assert_array_equal(again.effects(made[0].values), fitted.effects(made[0].values))
    assert again.to_files() == fitted.to_files()


def test_the_same_seed_gives_the_same_fit(made: tuple[Trial, np.ndarray], fitted: Uplift) -> None:
    assert fit_uplift(made[0], threads=1).to_files() == fitted.to_files()


def test_a_ridge_is_that_of_scikit_learn() -> None:
    values = trial(rows=200)[0].values
    target = np.random.default_rng(0).normal(size=200) + 3 * values["fit"].to_numpy(dtype=np.float64)
    encoding = Encoding.fit(values)
    x = encoding.apply(values)
    columns, same = columns_of(x, at=x, encoding=encoding)
    np.testing.assert_array_equal(columns, same)
    expected = RidgeCV(PENALTIES).fit(columns, target).predict(columns)
    np.testing.assert_allclose(fit_ridge(x, target, encoding=encoding).margin(values), expected, atol=1e-9)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"arms": ("pilot",)}, "two or more different arms"),
        ({"arms": ("pilot", "pilot", "discount")}, "two or more different arms"),
        ({"arms": ("nothing", "pilot")}, "arm: got numbers up to 2, expected 0 to 1"),
        ({"values": pd.DataFrame({"fit": [1.0]})}, "values: got 1 rows for 1500 decisions"),
        ({"possible": np.ones((3, 3), dtype=np.bool_)}, r"possible: got shape \(3, 3\), expected \(1500, 3\)"),
        ({"possible": np.zeros((1500, 3), dtype=np.bool_)}, "row 0: the arm that was drawn is marked as impossible"),
    ],
)
def test_a_trial_that_does_not_fit_together_is_refused(
    made: tuple[Trial, np.ndarray], changed: dict[str, object], why: str
) -> None:
    with pytest.raises(PolicyError, match=why):
        replace(made[0], **changed)


def test_means_weigh_each_row_by_one_over_its_chance() -> None:
    logged = Logged(np.array([0, 0, 1]), np.array([0.5, 0.25, 0.5]), np.array([1.0, 0.0, 1.0]))
    values = pd.DataFrame({"fit": np.zeros(3, dtype=np.float32)})
    means = Trial(values, logged, ("a", "b", "c")).means()
    assert means[:2] == pytest.approx([2 / 6, 1.0])
    assert np.isnan(means[2])
