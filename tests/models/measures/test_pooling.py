from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.measures.pooling import pool

# coaching in eight schools (Rubin, 1981): measured effects and their errors
SCHOOLS = np.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])
ERRORS = np.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])


def test_the_eight_schools_are_read_as_a_simulation_of_the_same_model_reads_them() -> None:
    rng = np.random.default_rng(0)
    spread = np.abs(rng.normal(0, 10, 400_000))
    total = spread[:, None] ** 2 + ERRORS**2
    precision = (1 / total).sum(axis=1)
    common = (SCHOOLS / total).sum(axis=1) / precision
    log = -0.5 * np.log(precision) - 0.5 * np.log(total).sum(axis=1)
    log -= 0.5 * ((SCHOOLS - common[:, None]) ** 2 / total).sum(axis=1)
    drawn = rng.choice(len(log), 200_000, p=np.exp(log - log.max()) / np.exp(log - log.max()).sum())
    mu = common[drawn] + rng.normal(size=len(drawn)) / np.sqrt(precision[drawn])
    own = (spread[drawn] ** 2)[:, None] / total[drawn]
    theta = own * SCHOOLS + (1 - own) * mu[:, None]
    theta += rng.normal(size=theta.shape) * np.sqrt(own) * ERRORS
    found = pool(SCHOOLS, ERRORS, scale=10.0)
    assert found.mean == pytest.approx(theta.mean(axis=0), abs=0.15)
    assert found.deviation == pytest.approx(theta.std(axis=0), rel=0.02)
    new = mu + rng.normal(size=len(mu)) * spread[drawn]
    assert (found.new_mean, found.new_deviation) == pytest.approx((new.mean(), new.std()), rel=0.03)


def test_a_single_experiment_says_what_it_measured() -> None:
    found = pool(np.array([0.2]), np.array([0.05]), scale=0.1)
    assert found.mean[0] == pytest.approx(0.2)
    assert found.deviation[0] == pytest.approx(0.05)
    assert found.new_deviation > 0.1


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=8), st.floats(0.01, 1.0))
@settings(max_examples=50, deadline=None)
def test_every_effect_lies_between_its_own_measurement_and_the_others(effects: list[float], error: float) -> None:
    measured = np.array(effects)
    found = pool(measured, np.full(len(measured), error), scale=0.1)
    assert (found.mean >= measured.min() - 1e-9).all()
    assert (found.mean <= measured.max() + 1e-9).all()
    assert found.mean.mean() == pytest.approx(measured.mean(), abs=1e-9)


def test_the_noisier_one_is_drawn_further_to_the_mean() -> None:
    found = pool(np.array([0.3, 0.3, -0.3, -0.3]), np.array([0.02, 0.3, 0.02, 0.3]), scale=0.1)
    assert found.mean[0] > found.mean[1] > 0 > found.mean[3] > found.mean[2]


def test_without_experiments_nothing_is_known_of_a_new_one() -> None:
    found = pool(np.zeros(0), np.zeros(0), scale=0.1)
    assert len(found.mean) == 0
    assert np.isnan(found.new_mean)
