from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.evidence.checks.check import NotApplicable, Severity
from models.evidence.checks.evidence import recency_at_capacity
from models.measures.calibration import Calibration
from tests.models.evidence.check_worlds import backwards, check, given_of, trained, with_label, world
from tests.models.journeys import Journeys, journeys, only_wins_of

FEW, BELOW, RECENCY, WORDS = (check(code) for code in ("TK009", "TK010", "TK011", "TK012"))


def test_enough_wins_on_later_data_are_quiet() -> None:
    assert FEW.run(trained()) is None


def test_few_wins_on_later_data_are_a_warning_with_their_number() -> None:
    finding = FEW.run(given_of(only_wins_of(journeys(), 20), "recency"))
    assert finding is not None
    assert finding.severity is Severity.WARNING
    assert finding.says == f"{finding.figures['wins']:.0f} winning prospects on later data, 20 needed"


def test_without_a_forward_test_nothing_was_measured() -> None:
    finding = FEW.run(replace(trained(), split=None))
    assert finding is not None
    assert finding.says.startswith("nothing was measured on later data")


def test_a_model_that_beats_the_simpler_ones_is_quiet() -> None:
    assert BELOW.run(trained()) is None
    assert RECENCY.run(trained()) is None


def test_a_model_that_loses_to_the_rung_below_is_blocked() -> None:
    finding = BELOW.run(given_of(world(), backwards(world())))
    assert finding is not None
    assert finding.blocking
    assert finding.figures["against"] == "frequency"
    assert float(finding.figures["lost"]) > 0
    assert "at 10 calls a day the list of the model has" in finding.says


def test_a_model_that_loses_to_recency_is_blocked() -> None:
    finding = RECENCY.run(given_of(with_recent_wins(), backwards(world(), "frequency")))
    assert finding is not None
    assert finding.blocking
    assert "that of recency" in finding.says


def with_recent_wins() -> Journeys:
    """A world in which those win whom something happened to last."""
    given = world()
    days = given.matrix.values[["touch_all_days_since", "prospect_age_days"]].min(axis=1)
    won = (days < days.quantile(0.2)).to_numpy().astype(float)
    return with_label(given, np.where(np.isnan(given.label), np.nan, won))


def test_where_the_list_holds_everybody_the_order_as_a_whole_decides() -> None:
    given = replace(given_of(with_recent_wins(), backwards(world(), "frequency")), capacity=10_000)
    finding = RECENCY.run(given)
    assert finding is not None
    assert finding.figures["lost"] == 0.0
    assert float(finding.figures["auc"]) < 0


def test_a_model_as_good_as_recency_within_noise_is_not_blocked() -> None:
    """A world without anything to learn: no order is better than another, and none is accused."""
    for seed in range(5):
        empty = journeys(prospects=500, weeks=60, strength=0.0, base=-1.5, seed=seed)
        assert RECENCY.run(given_of(empty, "frequency")) is None


@pytest.mark.parametrize(
    ("rung", "code", "reason"),
    [
        ("recency", "TK010", "on the lowest rung"),
        ("recency", "TK011", "the model is the order by recency"),
        ("frequency", "TK010", "the rung below is recency, which TK011 looks at"),
    ],
)
def test_the_lowest_rungs_have_nothing_below_them(rung: str, code: str, reason: str) -> None:
    with pytest.raises(NotApplicable, match=reason):
        check(code).run(given_of(world(), rung))


def test_few_wins_block_nobody() -> None:
    given = given_of(only_wins_of(journeys(), 20), "frequency")
    with pytest.raises(NotApplicable, match="winning prospects on later data, 20 needed"):
        RECENCY.run(given)


def test_a_model_of_todays_words_is_quiet() -> None:
    assert WORDS.run(trained()) is None


def test_a_model_of_other_words_or_features_is_blocked() -> None:
    finding = WORDS.run(replace(trained(), definitions_hash="new words", catalog_hash="new features"))
    assert finding is not None
    assert finding.blocking
    assert finding.says == ("trained with definitions words, today new words and features features, today new features")


def test_the_calibration_does_not_count_only_the_order() -> None:
    given = trained()
    said = replace(given.bundle, calibration=Calibration("sigmoid", slope=0.0, intercept=0.0))
    assert recency_at_capacity(replace(given, bundle=said)) is None
