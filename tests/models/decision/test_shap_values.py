"""Contributions sum to the margin and are told by concept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.errors import SchemaMismatch
from features.matrix import Matrix
from models.decision.errors import DecisionError
from models.decision.shap_values import BASE, by_concept, contributions
from models.heads.encoding import Encoding
from models.heads.ladder import STEPS
from models.heads.training import Training


def test_contributions_and_base_sum_to_the_margin(fitted, matrix_of):
    matrix = matrix_of(("a", 2, 4, 10, "retail"), ("b", 0, 0, None, "steel"))
    parts = contributions(fitted(), matrix)
    assert list(parts.columns) == ["meetings_30d", "meetings_90d", "reply_days", "industry", BASE]
    np.testing.assert_allclose(parts.loc[0], [1.0, 1.0, -1.0, 0.8, -2.0])
    np.testing.assert_allclose(parts.sum(axis=1), fitted().rung.margin(matrix.values))


@pytest.mark.parametrize("error", [1e-3, -1e-3, np.nan, np.inf])
def test_contributions_that_do_not_sum_to_the_margin_are_refused(error, fitted, matrix_of):
    with pytest.raises(DecisionError, match=r"prospect a.*contributions sum to .* 1 of 1 rows"):
        contributions(fitted(error=error), matrix_of(("a", 2, 4, 10, "retail")))


@pytest.mark.parametrize("name", list(STEPS))
def test_every_rung_of_the_ladder_explains_its_own_margin(name, fitted, matrix_of):
    rng = np.random.default_rng(2)
    rows = [
        (f"p{i}", m, m + 1, None if i % 5 == 0 else i % 40, ["retail", "steel", None][i % 3])
        for i, m in enumerate(rng.poisson(2, 300))
    ]
    matrix = matrix_of(*rows)
    label = (rng.random(300) < 0.1 + 0.1 * matrix.values["meetings_30d"]).astype(float).to_numpy()
    encoding = Encoding.fit(matrix.values)
    training = Training.of(matrix.values, label, keys=matrix.keys, encoding=encoding, horizon=pd.Timedelta(days=30))
    bundle = replace(fitted(), rung=STEPS[name].fit(training))
    np.testing.assert_allclose(
        contributions(bundle, matrix).sum(axis=1), bundle.rung.margin(matrix.values), rtol=1e-6, atol=1e-6
    )
    with pytest.raises(SchemaMismatch):
        contributions(bundle, Matrix(matrix.keys, matrix.values.drop(columns="industry")))


def test_features_of_one_concept_are_summed_and_the_strongest_speaks(fitted, matrix_of, catalog):
    matrix = matrix_of(("a", 1, 8, 10, "retail"), ("b", 8, 1, None, "steel"))
    told = by_concept(contributions(fitted(), matrix), catalog)
    assert list(told.effect.columns) == ["meetings", "replies", "industry"]
    np.testing.assert_allclose(told.effect["meetings"], [0.5 + 2.0, 4.0 + 0.25])
    assert list(told.feature["meetings"]) == ["meetings_90d", "meetings_30d"]


def test_the_feature_that_speaks_for_a_concept_points_the_same_way(fitted, matrix_of, catalog):
    # 30 days say +3, 90 days say -2: the sum is +1, so the 30 days speak
    told = by_concept(contributions(fitted(weights=(1.0, -1.0, 0.0, 0.0)), matrix_of(("a", 3, 2, 0, "x"))), catalog)
    assert told.effect["meetings"].item() == pytest.approx(1.0)
    assert told.feature["meetings"].item() == "meetings_30d"


def test_concepts_hold_all_of_the_margin_but_the_base(fitted, matrix_of, catalog):
    matrix = matrix_of(("a", 2, 4, 10, "retail"), ("b", 5, 0, 3, None))
    parts = contributions(fitted(), matrix)
    total = by_concept(parts, catalog).effect.sum(axis=1) + parts[BASE]
    np.testing.assert_allclose(total, fitted().rung.margin(matrix.values))
