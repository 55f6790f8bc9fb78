"""What serves has learned from everything labelled; what was measured stays as it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.matrix import Matrix
from models.bundle import Bundle
from models.evidence.promotion import challenge
from models.heads.frequency import fit_frequency
from models.heads.ladder import Calibrated
from models.heads.learned import Fitted, Question, Versions, fit_head
from models.heads.refitted import refitted
from models.heads.training import Training
from models.measures.calibration import fit_calibration
from models.measures.likeness import fit_bands
from tests.models.journeys import HORIZON, HORIZON_DAYS, Journeys, journeys, only_wins_of

TRAINED = pd.Timestamp("2025-07-01", tz="UTC").as_unit("us")
QUESTION = Question("win", Versions("simulated", HORIZON_DAYS, TRAINED, "words", "features", "1"), HORIZON, 10)


@pytest.fixture(scope="module")
def world() -> Journeys:
    return journeys(prospects=400, weeks=78)


@pytest.fixture(scope="module")
def measured(world: Journeys) -> Fitted:
    return fit(world)


@pytest.fixture(scope="module")
def fitted(measured: Fitted, world: Journeys) -> Fitted:
    return again(measured, world)


def fit(given: Journeys) -> Fitted:
    return fit_head(given.matrix.values, given.label, keys=given.matrix.keys, question=QUESTION, threads=1, draws=2)


def again(fitted: Fitted, given: Journeys) -> Fitted:
    return refitted(fitted, given.matrix.values, given.label, keys=given.matrix.keys, threads=1)


def counting(given: Journeys) -> Fitted:
    """Return a head that kept naive Bayes, fitted once more."""
    found = fit(given)
    assert found.split is not None
    training = Training.of(
        given.matrix.values, given.label, keys=given.matrix.keys, encoding=found.kept.rung.encoding, horizon=HORIZON
    )
    rung, part = fit_frequency(training.take(found.split.train)), training.take(found.split.test)
    margin = rung.margin(part.values)
    kept = Calibrated(rung, fit_calibration(margin, part.label, wins=part.wins))
    bands = fit_bands(margin, part.label, prospects=given.matrix.keys["prospect_id"][found.split.test], seed=7)
    return again(replace(found, kept=kept, bands=bands), given)


def files(found: Fitted) -> dict[str, str]:
    assert found.served is not None
    return dict(found.served.model.rung.to_files())


def test_it_is_the_same_rung_with_other_numbers_and_the_figures_stay(fitted: Fitted, measured: Fitted) -> None:
    assert measured.served is None
    assert fitted.served is not None
    assert fitted.served.model.rung.name == fitted.kept.rung.name
    assert files(fitted) != dict(fitted.kept.rung.to_files())
    assert fitted.kept is measured.kept
    pd.testing.assert_frame_equal(fitted.report, measured.report)
    assert fitted.measured.served is None


def test_answers_of_the_test_reach_what_serves_and_nothing_else(
    fitted: Fitted, measured: Fitted, world: Journeys
) -> None:
    assert fitted.split is not None
    turned = Journeys(world.matrix, np.where(fitted.split.test, 1 - world.label, world.label), world.truth)
    assert files(again(measured, turned)) != files(fitted)


def test_what_is_not_labelled_yet_reaches_nothing(fitted: Fitted, measured: Fitted, world: Journeys) -> None:
    values = world.matrix.values.copy()
    unlabelled = np.isnan(world.label)
    assert unlabelled.any()
    values.loc[unlabelled, "fit"] = np.float32(99)
    changed = Journeys(Matrix(world.matrix.keys, values), world.label, world.truth)
    assert files(again(measured, changed)) == files(fitted)


def test_its_chances_are_near_the_known_truth_of_days_without_an_answer(fitted: Fitted, world: Journeys) -> None:
    """Also where the margins of the rung are no log-odds and grow with what was learned: naive Bayes."""
    later = np.isnan(world.label)
    for found in (fitted, counting(world)):
        assert found.served is not None
        model = found.served.model
        chance = model.chance(model.rung.margin(world.matrix.values[later]))
        assert chance.mean() == pytest.approx(world.truth[later].mean(), abs=0.04)
        assert np.corrcoef(chance, world.truth[later])[0, 1] > 0.75


def test_the_counts_of_the_alike_are_on_the_scale_of_the_new_margins(world: Journeys) -> None:
    found = counting(world)
    assert found.served is not None
    later = world.matrix.values[np.isnan(world.label)]
    old, new = found.kept.rung.margin(later), found.served.model.rung.margin(later)
    shares = [b.like(m)[1].mean() / b.like(m)[0].mean() for b, m in ((found.bands, old), (found.served.bands, new))]
    assert shares[1] == pytest.approx(shares[0], abs=0.02)


@pytest.mark.parametrize("wins", [0, 2000], ids=["sigmoid", "isotonic"])
def test_a_moved_calibration_says_of_moved_margins_what_it_said_of_them_before(wins: int) -> None:
    rng = np.random.default_rng(1)
    margin = rng.normal(size=500)
    found = fit_calibration(margin, (rng.random(500) < 1 / (1 + np.exp(-margin))).astype(np.float64), wins=wins)
    np.testing.assert_allclose(found.after(0.3, 2.0).apply((margin - 0.3) / 2.0), found.apply(margin))


def test_a_bundle_scores_with_it_and_says_whose_the_figures_are(fitted: Fitted, measured: Fitted) -> None:
    serves, tested = Bundle.of(fitted), Bundle.of(fitted.measured)
    assert dict(serves.rung.to_files()) == files(fitted)
    assert tested.fingerprint == Bundle.of(measured).fingerprint
    assert serves.metrics == tested.metrics
    assert serves.note.endswith("; the figures are those of the fit before the test.")
    assert Bundle.from_files(serves.to_files()).fingerprint == serves.fingerprint


def test_the_same_training_twice_is_the_same_champion_though_another_fit_faces_it(
    fitted: Fitted, world: Journeys
) -> None:
    assert fitted.split is not None
    rows, champion = fitted.split.test, Bundle.of(fitted)
    verdict = challenge(
        Bundle.of(fitted.measured), champion, world.matrix.where(rows), world.label[rows], capacity=10, seed=1,
        serves=champion.fingerprint,
    )  # fmt: skip
    assert (verdict.promote, verdict.why) == (False, "the same model as the champion")


@pytest.mark.parametrize("wins", [0, 5])
def test_an_order_by_recency_has_nothing_more_to_learn(wins: int, world: Journeys) -> None:
    few = only_wins_of(world, wins)
    found = again(fit(few), few)
    assert found.kept.rung.name == "recency"
    assert found.served is None
