"""Receipts of models from before keep their bits: how a model is explained is a part of the model."""

from __future__ import annotations

import json

import numpy as np
import pytest

from models.heads.blended import blend
from models.heads.boosted import PRED_CONTRIB, QUADRATURE, Boosted, fit_boosted
from models.heads.encoding import Encoding
from models.heads.rung import Rung
from models.heads.training import Training
from tests.models.journeys import HORIZON, journeys

WORLD = journeys(prospects=300, weeks=30)


@pytest.fixture(scope="module")
def training() -> Training:
    matrix = WORLD.matrix
    encoding = Encoding.fit(matrix.values)
    label = np.nan_to_num(WORLD.label)
    return Training.of(matrix.values, label, keys=matrix.keys, encoding=encoding, horizon=HORIZON)


@pytest.fixture(scope="module")
def fitted(training: Training) -> Boosted:
    return fit_boosted(training)


def of_before(fitted: Boosted) -> Boosted:
    return Boosted.from_files({"model.lgb": fitted.text}, fitted.encoding)


def test_a_model_without_a_word_is_explained_by_lightgbm_to_the_bit(fitted: Boosted) -> None:
    values = WORLD.matrix.values
    old = of_before(fitted)
    assert old.explained_by == PRED_CONTRIB
    whole = old._booster.predict(old.encoding.apply(values), pred_contrib=True, num_threads=1)
    assert old.contributions(values).tobytes() == whole.tobytes()
    assert old.to_files() == {"model.lgb": fitted.text}


def test_a_new_model_says_how_it_is_explained_and_differs_in_rounding_only(fitted: Boosted) -> None:
    files = fitted.to_files()
    assert json.loads(files["shap.json"]) == {"explained_by": QUADRATURE}
    again = Boosted.from_files(files, fitted.encoding)
    assert again.explained_by == QUADRATURE
    values = WORLD.matrix.values
    np.testing.assert_allclose(again.contributions(values), of_before(fitted).contributions(values), atol=1e-12)


def test_a_mean_of_models_keeps_how_its_trees_are_explained(training: Training, fitted: Boosted) -> None:
    rungs: dict[str, Rung] = {"boosted": fitted}
    files = blend(training, rungs).to_files()
    assert ("shap.json" in files) == ("model.lgb" in files)


def test_a_row_alone_is_explained_to_the_same_bits_as_in_a_batch(fitted: Boosted) -> None:
    values = WORLD.matrix.values
    for way in (fitted, of_before(fitted)):
        batch = way.contributions(values)
        for row in (0, 130, len(values) - 1):
            assert way.contributions(values.iloc[[row]]).tobytes() == batch[row].tobytes()


def test_a_way_of_a_later_version_is_refused(fitted: Boosted) -> None:
    files = {**fitted.to_files(), "shap.json": json.dumps({"explained_by": "quadrature 2"})}
    with pytest.raises(
        ValueError, match="explained by 'quadrature 2'; this version of Takt explains by 'quadrature 1'"
    ):
        Boosted.from_files(files, fitted.encoding)
