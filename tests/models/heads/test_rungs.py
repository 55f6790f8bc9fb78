"""Laws that every rung keeps, whatever it is inside."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from features.errors import SchemaMismatch
from models.heads.encoding import Encoding
from models.heads.ladder import STEPS
from models.heads.rung import Rung
from models.heads.training import Training
from tests.models.journeys import HORIZON, Journeys, journeys

WORLD = journeys(prospects=500, weeks=52)
LABEL = np.nan_to_num(WORLD.label)
LEARNED = ("frequency", "logistic", "boosted")


def training(world: Journeys = WORLD, label: np.ndarray = LABEL, **changes: int) -> Training:
    matrix = world.matrix
    encoding = Encoding.fit(matrix.values)
    return Training.of(matrix.values, label, keys=matrix.keys, encoding=encoding, horizon=HORIZON, **changes)


@pytest.fixture(scope="module")
def rungs() -> dict[str, Rung]:
    return {name: step.fit(training()) for name, step in STEPS.items()}


@pytest.fixture(params=list(STEPS))
def rung(request: pytest.FixtureRequest, rungs: dict[str, Rung]) -> Rung:
    return rungs[request.param]


def odd_rows() -> pd.DataFrame:
    """Rows of all kinds: missing everywhere, an unknown level, huge numbers."""
    values = WORLD.matrix.values.iloc[:6].copy()
    for name in values.columns.drop("segment"):
        values[name] = np.array([np.nan, 0.0, 1e10, -1e10, 1.0, 2.0], dtype=np.float32)
    return values.assign(segment=pd.Categorical([None, "a", "never seen", "b", "c", "d"]))


def test_contributions_sum_to_the_margin(rung: Rung) -> None:
    for values in (WORLD.matrix.values, odd_rows()):
        parts, margin = rung.contributions(values), rung.margin(values)
        assert parts.shape == (len(values), values.shape[1] + 1)
        assert parts.dtype == margin.dtype == np.float64
        np.testing.assert_allclose(parts.sum(axis=1), margin, rtol=1e-9, atol=1e-9)


def test_every_row_gets_a_finite_margin(rung: Rung) -> None:
    assert np.isfinite(rung.margin(odd_rows())).all()


def test_a_row_alone_gets_the_same_bits_as_in_a_batch(rung: Rung) -> None:
    values = WORLD.matrix.values
    batch = rung.margin(values)
    for row in (0, 17, len(values) - 1):
        assert rung.margin(values.iloc[[row]])[0] == batch[row]


def test_permuted_rows_get_permuted_margins(rung: Rung) -> None:
    order = np.random.default_rng(0).permutation(len(WORLD.matrix.values))
    np.testing.assert_array_equal(rung.margin(WORLD.matrix.values.iloc[order]), rung.margin(WORLD.matrix.values)[order])


def test_no_rows_give_no_margins(rung: Rung) -> None:
    nobody = WORLD.matrix.values.iloc[:0]
    assert rung.margin(nobody).shape == (0,)
    assert rung.contributions(nobody).shape == (0, nobody.shape[1] + 1)


def test_the_files_read_back_to_the_same_bits(rung: Rung) -> None:
    files = rung.to_files()
    again = STEPS[rung.name].read(files, rung.encoding)
    assert again.to_files() == files
    assert again.margin(WORLD.matrix.values).tobytes() == rung.margin(WORLD.matrix.values).tobytes()
    assert again.contributions(odd_rows()).tobytes() == rung.contributions(odd_rows()).tobytes()


def test_json_files_are_json_with_plain_numbers(rung: Rung) -> None:
    for name, text in rung.to_files().items():
        if name.endswith(".json"):
            json.loads(text, parse_constant=pytest.fail)


def test_the_same_data_and_seed_give_the_same_bytes(rung: Rung) -> None:
    assert STEPS[rung.name].fit(training()).to_files() == rung.to_files()


def test_a_column_too_many_is_refused(rung: Rung) -> None:
    with pytest.raises(SchemaMismatch, match=r"\+ leak: given, not fitted on"):
        rung.margin(WORLD.matrix.values.assign(leak=np.float32(1)))


@pytest.mark.parametrize("name", ["constant", "empty"])
def test_a_column_that_never_varies_adds_nothing(rung: Rung, name: str) -> None:
    parts = rung.contributions(WORLD.matrix.values)
    assert np.abs(parts[:, rung.encoding.features.index(name)]).max() < 1e-9


@pytest.mark.parametrize("name", LEARNED)
def test_a_learned_rung_comes_near_the_true_order_on_prospects_it_has_not_seen(
    rungs: dict[str, Rung], name: str
) -> None:
    fresh = journeys(prospects=1500, weeks=52, seed=99)
    label = (np.random.default_rng(1).random(len(fresh.truth)) < fresh.truth).astype(int)
    best = roc_auc_score(label, fresh.truth)
    assert best - roc_auc_score(label, rungs[name].margin(fresh.matrix.values)) < 0.04


@pytest.mark.parametrize("name", LEARNED)
def test_facts_that_say_nothing_get_little_weight(rungs: dict[str, Rung], name: str) -> None:
    parts = rungs[name].contributions(WORLD.matrix.values)
    weight = dict(zip(rungs[name].encoding.features, parts.std(axis=0), strict=False))
    assert weight["noise"] < 0.3 * weight["fit"]


@pytest.mark.parametrize("name", LEARNED)
def test_the_levels_that_are_more_often_won_raise_the_margin(rungs: dict[str, Rung], name: str) -> None:
    parts = rungs[name].contributions(WORLD.matrix.values)
    segment = parts[:, rungs[name].encoding.features.index("segment")]
    mean = pd.Series(segment).groupby(WORLD.matrix.values["segment"].astype("str").to_numpy()).mean()
    assert mean.idxmax() == "c"
