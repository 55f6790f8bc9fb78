from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.evidence.checks.check import NotApplicable, Severity
from models.evidence.checks.given import Given
from models.measures.calibration import Calibration
from tests.models.evidence.check_worlds import check, given_of, trained
from tests.models.journeys import journeys, only_wins_of

CHANCES, BASE_RATE = check("TK005"), check("TK006")


def shifted(given: Given, by: float) -> Given:
    """Say chances that are too high or too low, by so much in log-odds."""
    was = given.bundle.calibration
    assert was is not None
    return replace(given, bundle=replace(given.bundle, calibration=replace(was, intercept=was.intercept + by)))


def with_test_wins(given: Given, share: float) -> Given:
    """Keep a share of the wins of the test part; the others did not win."""
    assert given.split is not None
    rng = np.random.default_rng(0)
    gone = given.split.test & (rng.random(len(given.label)) >= share)
    return replace(given, label=np.where(gone & (given.label == 1.0), 0.0, given.label))


def test_chances_that_hold_are_quiet() -> None:
    assert CHANCES.run(trained()) is None


@pytest.mark.parametrize("by", [-1.0, 1.0])
def test_chances_that_miss_on_either_side_are_found(by: float) -> None:
    finding = CHANCES.run(shifted(trained(), by))
    assert finding is not None
    assert finding.severity is Severity.WARNING
    assert 0.05 < float(finding.figures["low"]) < float(finding.figures["error"]) < float(finding.figures["high"])
    assert "were expected to win" in finding.says


def test_noise_alone_is_no_error() -> None:
    """With the true chances the error is above 0 by noise alone; over ten companies none is accused."""
    for seed in range(10):
        given = trained_at_truth(seed)
        assert CHANCES.run(given) is None, seed


def trained_at_truth(seed: int) -> Given:
    """Let the labels be drawn from what the model says: then it is calibrated, and only noise is left."""
    given = trained()
    assert given.bundle.calibration is not None
    chance = given.bundle.calibration.apply(given.bundle.rung.margin(given.matrix.values))
    drawn = np.random.default_rng(seed).random(len(chance)) < chance
    return replace(given, label=np.where(np.isnan(given.label), np.nan, drawn.astype(float)))


def test_an_order_without_chances_has_none_to_hold() -> None:
    given = trained()
    with pytest.raises(NotApplicable, match="says no chances"):
        CHANCES.run(replace(given, bundle=replace(given.bundle, calibration=None)))


def test_few_wins_do_not_judge_chances() -> None:
    with pytest.raises(NotApplicable, match="winning prospects on later data, 20 needed"):
        CHANCES.run(given_of(only_wins_of(journeys(), 20), "recency"))


def test_one_chance_for_all_is_measured_as_well() -> None:
    given = trained()
    flat = Calibration("sigmoid", slope=0.0, intercept=2.0)
    assert CHANCES.run(replace(given, bundle=replace(given.bundle, calibration=flat))) is not None


def test_a_base_rate_that_holds_is_quiet() -> None:
    assert BASE_RATE.run(trained()) is None


def test_a_base_rate_that_halves_is_found() -> None:
    finding = BASE_RATE.run(with_test_wins(trained(), 0.5))
    assert finding is not None
    assert float(finding.figures["after"]) == pytest.approx(float(finding.figures["before"]) / 2, rel=0.25)
    assert float(finding.figures["high"]) < 0
    assert "of the snapshots won in the calibration part" in finding.says


def test_a_sure_but_small_move_is_no_finding() -> None:
    assert BASE_RATE.run(with_test_wins(trained(), 0.9)) is None


def test_without_a_forward_test_no_base_rate_can_move() -> None:
    with pytest.raises(NotApplicable, match="history is too short"):
        BASE_RATE.run(replace(trained(), split=None))
