from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from features.matrix import Matrix
from models.bundle import Bundle
from models.evidence.checks.check import Finding, Severity
from models.evidence.promotion import Verdict, challenge
from models.measures.ranking import Floats
from tests.models.evidence.check_worlds import TRAINED, backwards, bundle_of, split_of, world
from tests.models.journeys import START, Journeys

LEAK = Finding("TK001", "Future facts change features", Severity.BLOCKING, "3 of 90 features change", "correct it")
FEW = Finding("TK009", "Too few wins to tell", Severity.WARNING, "12 winning prospects", "wait")


@pytest.fixture(scope="module")
def tested() -> tuple[Matrix, Floats]:
    rows = split_of(world()).test
    return world().matrix.where(rows), world().label[rows]


@pytest.fixture(scope="module")
def good() -> Bundle:
    return bundle_of(world(), "logistic", trained_as_of=START)


@pytest.fixture(scope="module")
def recent() -> Bundle:
    return bundle_of(world(), "recency", trained_as_of=START)


@pytest.fixture(scope="module")
def bad() -> Bundle:
    return bundle_of(world(), backwards(world()), trained_as_of=START)


def decided(new: Bundle, old: Bundle | None, tested: tuple[Matrix, Floats], **changes: Any) -> Verdict:
    return challenge(new, old, *tested, **{"capacity": 10, "seed": 1} | changes)


def test_the_first_model_is_promoted(good: Bundle, tested: tuple[Matrix, Floats]) -> None:
    assert decided(good, None, tested) == Verdict(True, "the first model of this company")


def test_the_first_model_with_a_warning_is_promoted(good: Bundle, tested: tuple[Matrix, Floats]) -> None:
    assert decided(good, None, tested, findings=[FEW]).promote


def test_the_first_model_that_is_blocked_leaves_the_day_to_recency(good: Bundle, tested: tuple[Matrix, Floats]) -> None:
    found = decided(good, None, tested, findings=[FEW, LEAK])
    assert (found.promote, found.fallback) == (False, True)
    assert found.why == (
        "the first model of this company, but TK001 future facts change features: 3 of 90 features change; "
        "the order by recency is served"
    )


def test_a_challenger_with_more_wins_at_capacity_takes_over(
    good: Bundle, recent: Bundle, tested: tuple[Matrix, Floats]
) -> None:
    found = decided(good, recent, tested)
    assert found.promote
    assert found.why.startswith("at 10 calls a day the challenger gains +")
    assert found.why.endswith("wins on later data")


def test_a_challenger_that_gains_but_is_blocked_does_not(
    good: Bundle, recent: Bundle, tested: tuple[Matrix, Floats]
) -> None:
    found = decided(good, recent, tested, findings=[LEAK])
    assert found == Verdict(False, f"TK001 future facts change features: {LEAK.says}; the champion stays")


def test_a_challenger_that_loses_does_not(good: Bundle, bad: Bundle, tested: tuple[Matrix, Floats]) -> None:
    found = decided(bad, good, tested)
    assert (found.promote, found.fallback) == (False, False)
    assert "gains -" in found.why
    assert found.why.endswith("not surely more; the champion stays")


def test_the_same_model_is_no_challenger(good: Bundle, tested: tuple[Matrix, Floats]) -> None:
    assert decided(good, good, tested) == Verdict(False, "the same model as the champion")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"definitions_hash": "old"}, r"the champion was trained under other definitions \(old\)"),
        ({"catalog_hash": "old"}, r"the champion was trained with other features \(old\)"),
    ],
)
def test_a_stale_champion_is_replaced_without_a_comparison(
    changes: dict[str, str], why: str, good: Bundle, bad: Bundle, tested: tuple[Matrix, Floats]
) -> None:
    stale = replace(good, **changes)  # type: ignore[arg-type]
    found = decided(bad, stale, tested)
    assert found.promote
    assert found.why == why.replace("\\", "")
    blocked = decided(bad, stale, tested, findings=[LEAK])
    assert (blocked.promote, blocked.fallback) == (False, True)


def test_few_wins_keep_the_champion_however_old_it_is(good: Bundle, recent: Bundle) -> None:
    """Not worse and newer is no reason: few wins would always satisfy it."""
    rows = split_of(world()).test
    label = np.where(np.cumsum(world().label == 1.0) > 15, 0.0, world().label)
    found = decided(good, replace(recent, trained_as_of=START), (world().matrix.where(rows), label[rows]))
    assert not found.promote
    assert found.why.endswith("wins since the champion was trained, 20 needed to compare; the champion stays")


def test_snapshots_from_before_the_champion_was_trained_do_not_count(
    good: Bundle, recent: Bundle, tested: tuple[Matrix, Floats]
) -> None:
    found = decided(good, replace(recent, trained_as_of=TRAINED), tested)
    assert found.why.startswith("0 wins since the champion was trained")


def test_unlabelled_snapshots_do_not_count(good: Bundle, recent: Bundle, tested: tuple[Matrix, Floats]) -> None:
    matrix, label = tested
    found = decided(good, recent, (matrix, np.full(len(label), np.nan)))
    assert found.why.startswith("0 wins since the champion was trained")


def test_a_team_that_reaches_everybody_keeps_the_champion(
    good: Bundle, recent: Bundle, tested: tuple[Matrix, Floats]
) -> None:
    found = decided(good, recent, tested, capacity=10_000)
    assert found.why == "at 10000 calls a day the team reaches everybody in any order; the champion stays"


def test_a_gain_that_is_not_sure_keeps_the_champion(good: Bundle, tested: tuple[Matrix, Floats]) -> None:
    twin = replace(good, note="another text")
    found = decided(twin, good, tested)
    assert found.why.startswith("at 10 calls a day the challenger gains +0.0 [+0.0, +0.0] of ")
    assert found.why.endswith("not surely more; the champion stays")


def test_a_champion_that_loses_to_recency_does_not_stay_for_want_of_a_better_one(good: Bundle) -> None:
    """The world turned: those win whom something happened to last, and neither learned model knows it."""
    values = world().matrix.values
    days = values[["touch_all_days_since", "prospect_age_days"]].min(axis=1)
    turned = Journeys(world().matrix, (days < days.quantile(0.2)).to_numpy().astype(float), world().truth)
    rows = split_of(world()).test
    champion = replace(bundle_of(world(), backwards(turned, "frequency")), trained_as_of=START)
    found = decided(good, champion, (world().matrix.where(rows), turned.label[rows]), findings=[LEAK])
    assert (found.promote, found.fallback) == (False, True)
    assert found.why.startswith("TK001 future facts change features: ")
    assert found.why.endswith("against it: the order by recency is served")
    recent = replace(bundle_of(world(), "recency"), trained_as_of=START)
    kept = decided(good, recent, (world().matrix.where(rows), turned.label[rows]), findings=[LEAK])
    assert (kept.promote, kept.fallback) == (False, False)


def test_the_verdict_depends_on_the_seed_alone(good: Bundle, recent: Bundle, tested: tuple[Matrix, Floats]) -> None:
    assert decided(good, recent, tested) == decided(good, recent, tested)
