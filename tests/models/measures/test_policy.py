from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.measures.policy import (
    Estimate,
    Logged,
    PolicyError,
    always,
    chosen,
    doubly_robust,
    gain,
    inverse_propensity,
    mean_of,
    scores,
    self_normalised,
)

# arm drawn, its chance, what came of it; the new policy takes arm 1 with certainty
TABLE = Logged(
    arm=np.array([1, 0, 1, 0, 1]),
    propensity=np.array([0.5, 0.5, 0.25, 0.75, 0.8]),
    outcome=np.array([1.0, 0.0, 1.0, 1.0, 0.0]),
)
ONE = always(1, rows=5, arms=2)
MODEL = np.array([[0.2, 0.6], [0.1, 0.5], [0.3, 0.7], [0.4, 0.4], [0.5, 0.25]])


def test_inverse_propensity_is_the_sum_of_outcomes_over_chances_by_hand() -> None:
    # (1 / 0.5 + 1 / 0.25 + 0 / 0.8) / 5
    assert inverse_propensity(TABLE, ONE).value == pytest.approx(6 / 5)


def test_self_normalised_divides_by_the_weights_instead_of_the_rows() -> None:
    assert self_normalised(TABLE, ONE).value == pytest.approx(6 / (2 + 4 + 1.25))


def test_doubly_robust_adds_what_the_model_missed_by_hand() -> None:
    expected = (0.6 + 0.5 + 0.7 + 0.4 + 0.25 + (1 - 0.6) / 0.5 + (1 - 0.7) / 0.25 + (0 - 0.25) / 0.8) / 5
    assert doubly_robust(TABLE, ONE, model=MODEL).value == pytest.approx(expected)


def test_a_gain_is_the_difference_of_two_values() -> None:
    zero = always(0, rows=5, arms=2)
    more = gain(TABLE, ONE, over=zero, model=MODEL)
    values = [doubly_robust(TABLE, p, model=MODEL).value for p in (ONE, zero)]
    assert more.value == pytest.approx(values[0] - values[1])
    assert more.low < more.value < more.high


def test_a_policy_over_itself_gains_exactly_nothing() -> None:
    assert gain(TABLE, ONE, over=ONE, model=MODEL) == Estimate(0.0, 0.0, 0.0, 5)


chances = st.floats(0.05, 0.95)
outcomes = st.floats(-3, 3).map(lambda v: round(v, 3))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Three people, two arms: what each arm brings, true chances of arm 1, the new policy, any model."""
    n = 3
    potential = np.array([[draw(outcomes), draw(outcomes)] for _ in range(n)])
    chance = np.array([draw(chances) for _ in range(n)])
    policy = np.array([draw(st.floats(0, 1)) for _ in range(n)])
    model = np.array([[draw(outcomes), draw(outcomes)] for _ in range(n)])
    return potential, np.column_stack([1 - chance, chance]), np.column_stack([1 - policy, policy]), model


def draws(potential: np.ndarray, chance: np.ndarray) -> list[tuple[float, Logged]]:
    """Every way in which the arms could have been drawn, with the probability of it."""
    rows = np.arange(len(potential))
    out = []
    for arms in itertools.product((0, 1), repeat=len(potential)):
        arm = np.array(arms)
        out.append((chance[rows, arm].prod(), Logged(arm, chance[rows, arm], potential[rows, arm])))
    return out


@given(worlds())
@settings(max_examples=50, deadline=None)
def test_with_true_chances_the_mean_estimate_over_all_draws_is_the_true_value(world: tuple[np.ndarray, ...]) -> None:
    potential, chance, policy, model = world
    truth = (policy * potential).sum(axis=1).mean()
    simple, robust = 0.0, 0.0
    for probability, logged in draws(potential, chance):
        weighed = inverse_propensity(logged, policy).value
        simple += probability * (0.0 if np.isnan(weighed) else weighed)
        robust += probability * doubly_robust(logged, policy, model=model).value
    assert simple == pytest.approx(truth, abs=1e-9)
    assert robust == pytest.approx(truth, abs=1e-9)


@given(worlds(), st.lists(chances, min_size=3, max_size=3))
@settings(max_examples=50, deadline=None)
def test_with_a_true_model_the_doubly_robust_value_is_right_whatever_the_chances(
    world: tuple[np.ndarray, ...], wrong: list[float]
) -> None:
    potential, chance, policy, _ = world
    for _, logged in draws(potential, chance):
        mistaken = Logged(logged.arm, np.array(wrong), logged.outcome)
        found = doubly_robust(mistaken, policy, model=potential).value
        assert found == pytest.approx((policy * potential).sum(axis=1).mean(), abs=1e-9)


def many(n: int, seed: int) -> tuple[Logged, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    chance = rng.uniform(0.2, 0.8, n)
    arm = (rng.random(n) < chance).astype(np.int64)
    outcome = (rng.random(n) < 0.3 + 0.2 * arm).astype(np.float64)
    logged = Logged(arm, np.where(arm == 1, chance, 1 - chance), outcome)
    return logged, chosen(rng.integers(0, 2, n), arms=2), np.full((n, 2), 0.4)


def test_the_interval_is_as_wide_as_that_of_a_bootstrap() -> None:
    logged, policy, model = many(400, seed=1)
    rng = np.random.default_rng(2)
    for estimate in (inverse_propensity, self_normalised):
        drawn = []
        for _ in range(400):
            rows = rng.integers(0, 400, 400)
            drawn.append(estimate(logged.take(rows), policy[rows]).value)
        low, high = np.quantile(drawn, [0.025, 0.975])
        found = estimate(logged, policy)
        assert found.high - found.low == pytest.approx(high - low, rel=0.12)
    assert doubly_robust(logged, policy, model=model).n == 400


@pytest.mark.parametrize("name", ["ips", "snips", "dr"])
def test_the_interval_holds_the_truth_in_about_19_of_20_draws(name: str) -> None:
    held = 0
    for seed in range(200):
        logged, policy, model = many(300, seed=seed)
        if name == "dr":
            found = doubly_robust(logged, policy, model=model)
        else:
            found = {"ips": inverse_propensity, "snips": self_normalised}[name](logged, policy)
        held += found.low <= 0.3 + 0.2 * policy[:, 1].mean() <= found.high
    assert 180 <= held <= 200


def test_a_person_asked_twice_counts_once() -> None:
    values = np.array([0.0, 1.0, 1.0, 0.0, 1.0])
    twice = mean_of(np.repeat(values, 2), who=np.repeat(np.arange(5), 2))
    once = mean_of(values)
    assert (twice.value, twice.low, twice.high) == pytest.approx((once.value, once.low, once.high))
    assert mean_of(np.repeat(values, 2)).low > once.low


def test_scores_change_only_in_the_arm_that_was_drawn() -> None:
    moved = scores(TABLE, MODEL) - MODEL
    rows = np.arange(5)
    assert (moved[rows, 1 - TABLE.arm] == 0).all()
    assert moved[rows, TABLE.arm] == pytest.approx((TABLE.outcome - MODEL[rows, TABLE.arm]) / TABLE.propensity)


def test_nothing_is_known_of_a_policy_that_was_never_followed() -> None:
    logged = Logged(np.zeros(3, dtype=np.int64), np.full(3, 0.5), np.ones(3))
    for estimate in (inverse_propensity, self_normalised):
        found = estimate(logged, always(1, rows=3, arms=2))
        assert np.isnan([found.value, found.low, found.high]).all()
        assert found.n == 3


def test_no_rows_give_no_value_and_one_row_no_interval() -> None:
    assert np.isnan(mean_of(np.zeros(0)).value)
    one = mean_of(np.array([2.0]))
    assert one.value == 2.0
    assert np.isnan(one.low)


@pytest.mark.parametrize("bad", [0.0, -0.1, 1.2, np.nan])
def test_a_chance_of_0_or_above_1_is_refused_with_its_row(bad: float) -> None:
    with pytest.raises(PolicyError, match="propensity, row 1: got .*, expected a chance above 0 and at most 1"):
        Logged(np.array([0, 1]), np.array([0.5, bad]), np.array([0.0, 1.0]))


def test_an_outcome_that_is_not_known_is_refused_with_its_row() -> None:
    with pytest.raises(PolicyError, match="outcome, row 0: got nan"):
        Logged(np.array([0]), np.array([0.5]), np.array([np.nan]))


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(PolicyError, match=r"same rows; got lengths \[2, 1, 2\]"):
        Logged(np.array([0, 1]), np.array([0.5]), np.array([0.0, 1.0]))


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        (np.full((5, 2), 0.6), "must be at least 0 and sum to 1"),
        (np.tile([1.5, -0.5], (5, 1)), "must be at least 0 and sum to 1"),
        (np.ones((5, 1)), r"got shape \(5, 1\) for 5 rows"),
        (np.ones((4, 2)) / 2, r"got shape \(4, 2\) for 5 rows"),
    ],
)
def test_a_policy_that_is_no_set_of_chances_is_refused(policy: np.ndarray, why: str) -> None:
    with pytest.raises(PolicyError, match=why):
        inverse_propensity(TABLE, policy)
