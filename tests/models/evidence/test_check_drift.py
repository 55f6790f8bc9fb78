from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.matrix import Matrix
from models.evidence.checks.check import NotApplicable
from models.evidence.checks.drift import stability
from models.evidence.checks.given import Given
from tests.models.evidence.check_worlds import TRAINED, backwards, bundle_of, check, trained, world
from tests.models.journeys import START, journeys

LIST, COHORT = check("TK007"), check("TK008")
LONG_AGO = START


def against(champion: object, **changes: object) -> Given:
    made = bundle_of(world(), champion, trained_as_of=LONG_AGO, **changes)  # type: ignore[arg-type]
    return replace(trained(), champion=made)


def test_a_champion_whose_list_would_have_lost_wins_is_told_in_wins() -> None:
    finding = LIST.run(against(backwards(world())))
    assert finding is not None
    lost, low, high = (float(finding.figures[name]) for name in ("lost", "low", "high"))
    assert 0 < low < lost < high
    assert finding.says == (
        f"at 10 calls a day the champion's list would have lost {lost:.1f} [{low:.1f}, {high:.1f}] "
        f"of {finding.figures['wins']:.0f} wins against this model's"
    )


def test_a_champion_with_the_same_order_loses_nothing() -> None:
    assert LIST.run(against("logistic", note="another text")) is None


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (lambda: trained(), "there is no champion"),
        (lambda: replace(trained(), champion=trained().bundle), "this model is the champion"),
        (lambda: against("recency", catalog_hash="other"), "trained with other features"),
        (
            lambda: replace(trained(), champion=bundle_of(world(), "recency", trained_as_of=TRAINED)),
            "0 wins since the champion was trained, 20 needed",
        ),
        (lambda: replace(against("recency"), split=None), "history is too short"),
    ],
)
def test_where_two_lists_cannot_be_compared_the_check_says_so(given: object, reason: str) -> None:
    with pytest.raises(NotApplicable, match=reason):
        LIST.run(given())  # type: ignore[operator]


def today(**moved: float) -> Matrix:
    """Return a cohort of 300 prospects that nobody has seen, with some numbers moved."""
    other = journeys(prospects=300, weeks=78, seed=9)
    first = ~other.matrix.keys["prospect_id"].duplicated()
    matrix = other.matrix.where(first.to_numpy())
    keys = matrix.keys.assign(prospect_id="new-" + matrix.keys["prospect_id"], as_of=TRAINED)
    return Matrix(keys, matrix.values.assign(**{name: matrix.values[name] + by for name, by in moved.items()}))


def newcomers() -> Given:
    """Learn from first snapshots only: age is then no way to tell the cohorts apart."""
    given = trained()
    assert given.split is not None
    first = ~given.matrix.keys["prospect_id"].duplicated().to_numpy()
    return replace(given, split=replace(given.split, train=given.split.train & first))


def test_a_cohort_drawn_from_the_same_world_is_not_told_apart() -> None:
    assert COHORT.run(replace(newcomers(), today=today())) is None


def test_a_cohort_that_moved_is_told_apart_and_the_feature_named() -> None:
    finding = COHORT.run(replace(newcomers(), today=today(fit=2.0)))
    assert finding is not None
    assert float(finding.figures["low"]) > 0.75
    assert "most moved: fit (PSI " in finding.says


def test_a_source_that_stopped_is_told_apart() -> None:
    stopped = today()
    values = stopped.values.assign(activity=np.float32(np.nan))
    finding = COHORT.run(replace(newcomers(), today=Matrix(stopped.keys, values)))
    assert finding is not None
    assert "activity (PSI " in finding.says


def test_the_same_prospects_are_not_recognised() -> None:
    """Prospects of both cohorts stay in one fold: their own values do not give them away."""
    given = newcomers()
    assert given.split is not None
    same = given.matrix.where(given.split.train)
    assert COHORT.run(replace(given, today=same)) is None


def test_without_a_cohort_or_with_a_small_one_nothing_is_compared() -> None:
    with pytest.raises(NotApplicable, match="today's cohort was not given"):
        COHORT.run(trained())
    with pytest.raises(NotApplicable, match="10 prospects in one of the cohorts, 50 needed"):
        COHORT.run(replace(newcomers(), today=today().where(range(10))))


def test_the_stability_index_of_the_same_values_is_zero_and_of_moved_ones_large() -> None:
    x = np.arange(1000.0)
    assert stability(x, x) == 0.0
    # ten bins of a tenth each; of the moved values half lie above the last edge
    assert stability(x, x + 500) > 0.25


def test_the_stability_index_of_two_levels_is_the_formula() -> None:
    then, now = np.repeat([0.0, 1.0], [50, 50]), np.repeat([0.0, 1.0], [20, 80])
    p, q = np.array([50.5, 50.5]) / 101, np.array([20.5, 80.5]) / 101
    assert stability(then, now, category=True) == pytest.approx(((p - q) * np.log(p / q)).sum())


def test_missing_is_a_bin_of_its_own() -> None:
    x = np.arange(100.0)
    gone = np.where(x < 50, np.nan, x)
    assert stability(x, gone) > 0.25
    assert stability(gone, gone) == 0.0


def test_the_answer_depends_on_the_seed_alone() -> None:
    given = replace(newcomers(), today=today(fit=2.0))
    pd.testing.assert_series_equal(*(pd.Series(dict(COHORT.run(given).figures)) for _ in range(2)))  # type: ignore[union-attr]
