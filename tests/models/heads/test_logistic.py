from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from models.heads import logistic
from models.heads.encoding import Encoding
from models.heads.logistic import fit_logistic
from models.heads.training import Training
from tests.models.journeys import HORIZON, keys_of


def made(n: int = 2000, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    visits = rng.poisson(3, n).astype(np.float32)
    size = np.where(rng.random(n) < 0.2, np.nan, rng.lognormal(4, 1, n)).astype(np.float32)
    values = pd.DataFrame({"visits": visits, "size": size})
    values["source"] = pd.Categorical(rng.choice(["fair", "web"], n))
    eta = 0.5 * visits - 2.5 + np.where(np.isnan(size), 1.0, 0.0) - 1.5 * (values["source"] == "web")
    return values, (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(np.float64)


def training(values: pd.DataFrame, label: np.ndarray) -> Training:
    keys = keys_of(np.arange(len(values)), np.zeros(len(values)))
    return Training.of(values, label, keys=keys, encoding=Encoding.fit(values), horizon=HORIZON)


def test_the_exported_coefficients_predict_what_scikit_learn_predicts(monkeypatch: pytest.MonkeyPatch) -> None:
    values, label = made()
    monkeypatch.setattr(logistic, "PENALTIES", (0.1,))
    margin = fit_logistic(training(values, label)).margin(values)
    log_visits, log_size = np.log1p(values["visits"].astype(float)), np.log1p(values["size"].astype(float))
    gone = log_size.isna()
    design = np.column_stack(
        [
            (log_visits - log_visits.mean()) / log_visits.std(ddof=0),
            ((log_size - log_size.mean()) / log_size.std(ddof=0)).fillna(0),
            gone,
            values["source"] == "fair",
            values["source"] == "web",
        ]
    ).astype(float)
    plain = LogisticRegression(C=0.1, tol=1e-10, max_iter=10_000).fit(design, label)
    np.testing.assert_allclose(margin, plain.decision_function(design), atol=1e-3)


def test_the_effects_are_centred_so_that_the_base_is_the_mean_margin() -> None:
    values, label = made()
    rung = fit_logistic(training(values, label))
    parts = rung.contributions(values)
    np.testing.assert_allclose(parts[:, :-1].mean(axis=0), 0, atol=1e-9)
    assert rung.base == pytest.approx(rung.margin(values).mean())


def test_a_missing_value_has_its_own_effect() -> None:
    values, label = made(8000)
    rung = fit_logistic(training(values, label))
    assert rung.effects[1].missing > 0.5


def test_a_number_far_out_does_not_move_the_margin_without_bound() -> None:
    values, label = made()
    rung = fit_logistic(training(values, label))
    far = values.iloc[:2].assign(visits=np.array([1e6, 1e10], dtype=np.float32))
    assert np.ptp(rung.contributions(far)[:, 0]) == 0


def test_pure_noise_gets_the_strongest_penalty_and_next_to_no_effect() -> None:
    values, _ = made()
    label = (np.random.default_rng(5).random(len(values)) < 0.2).astype(np.float64)
    assert fit_logistic(training(values, label)).margin(values).std() < 0.1
