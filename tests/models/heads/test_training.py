from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.heads.encoding import Encoding
from models.heads.training import Training
from tests.models.journeys import HORIZON, journeys


def training(seed: int = 7, **world: object) -> Training:
    made = journeys(prospects=60, weeks=20, **world)  # type: ignore[arg-type]
    label = np.nan_to_num(made.label)
    encoding = Encoding.fit(made.matrix.values)
    return Training.of(made.matrix.values, label, keys=made.matrix.keys, encoding=encoding, horizon=HORIZON, seed=seed)


def test_wins_are_counted_in_prospects() -> None:
    given_ = training(base=-1.0)
    assert given_.wins == len(set(given_.who[given_.label == 1.0].tolist()))
    assert given_.wins < given_.label.sum()


def test_every_prospect_weighs_one() -> None:
    given_ = training()
    assert np.bincount(given_.who, weights=given_.weight) == pytest.approx(np.ones(60))


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 6), st.integers(0, 10_000))
def test_a_prospect_is_in_one_fold_and_folds_have_like_many_winners(n: int, seed: int) -> None:
    given_ = training(seed=seed, base=-1.0)
    fold = given_.folds(n)
    assert all(len(set(fold[given_.who == who].tolist())) == 1 for who in np.unique(given_.who))
    winners = [given_.take(fold == k).wins for k in range(n)]
    assert max(winners) - min(winners) <= 1


def test_taken_rows_are_encoded_as_they_were() -> None:
    given_ = training()
    rows = np.arange(len(given_.label)) % 3 == 0
    np.testing.assert_array_equal(given_.take(rows).x, given_.x[rows])
