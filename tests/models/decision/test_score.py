from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.errors import SchemaMismatch
from features.matrix import Matrix
from models.bundle import Bundle
from models.decision.score import COLUMNS, score
from models.heads.win import fit_win
from tests.models.journeys import Journeys, catalog_of, definitions_of, journeys

TRAINED = pd.Timestamp("2025-07-01", tz="UTC").as_unit("us")


@pytest.fixture(scope="module")
def world() -> Journeys:
    return journeys(prospects=900, weeks=78)


@pytest.fixture(scope="module")
def bundle(world: Journeys) -> Bundle:
    return Bundle.of(
        fit_win(
            world.matrix, world.label, catalog=catalog_of(world.matrix), definitions=definitions_of(),
            trained_as_of=TRAINED, data_version="3", draws=20,
        )
    )  # fmt: skip


def nobody(matrix: Matrix, rows: int = 1) -> Matrix:
    """Prospects of whom nothing is known: counts of nothing, the rest missing."""
    values = matrix.values.iloc[:rows].copy()
    for name in values.columns.drop("segment"):
        values[name] = np.float32(0 if name == "activity" else np.nan)
    return Matrix(matrix.keys.iloc[:rows], values.assign(segment=values["segment"].cat.set_categories([])))


def test_every_row_is_scored_in_its_place_with_the_promised_columns(world: Journeys, bundle: Bundle) -> None:
    scores = score(bundle, world.matrix)
    assert list(scores.columns) == list(COLUMNS)
    assert scores["prospect_id"].tolist() == world.matrix.keys["prospect_id"].tolist()
    assert scores["as_of"].tolist() == world.matrix.keys["as_of"].tolist()
    assert (scores["state"] == "scored").all()
    assert (scores["reason"] == "").all()
    assert str(scores["as_of"].dtype) == "datetime64[us, UTC]"


def test_chances_lie_inside_their_interval_and_that_inside_zero_and_one(world: Journeys, bundle: Bundle) -> None:
    scores = score(bundle, world.matrix)
    assert ((scores["chance"] > 0) & (scores["chance"] < 1)).all()
    assert ((scores["low"] <= scores["chance"]) & (scores["chance"] <= scores["high"])).all()
    assert ((scores["low"] >= 0) & (scores["high"] <= 1)).all()
    assert (scores["low"] < scores["high"]).all()


def test_the_chance_never_falls_as_the_margin_rises(world: Journeys, bundle: Bundle) -> None:
    ordered = score(bundle, world.matrix).sort_values("margin")
    assert (np.diff(ordered["chance"]) >= 0).all()


def test_the_counts_are_those_of_about_eighty_scored_alike(world: Journeys, bundle: Bundle) -> None:
    scores = score(bundle, world.matrix)
    first = scores.iloc[0]
    assert (first["like_n"], first["like_won"]) == bundle.like(first["margin"])
    assert (scores["like_n"] >= 80).all()
    assert (scores["like_won"] <= scores["like_n"]).all()


def test_the_intervals_hold_the_true_chance_of_most_prospects(world: Journeys, bundle: Bundle) -> None:
    scores = score(bundle, world.matrix)
    held = (scores["low"] <= world.truth) & (world.truth <= scores["high"])
    assert held.mean() > 0.8


def test_the_same_input_gives_the_same_bytes(world: Journeys, bundle: Bundle) -> None:
    one, two = (score(bundle, world.matrix) for _ in range(2))
    assert one.to_csv() == two.to_csv()
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_permuting_prospects_permutes_scores(world: Journeys, bundle: Bundle) -> None:
    order = np.random.default_rng(0).permutation(len(world.matrix))
    permuted = Matrix(
        world.matrix.keys.iloc[order].reset_index(drop=True), world.matrix.values.iloc[order].reset_index(drop=True)
    )
    expected = score(bundle, world.matrix).iloc[order].reset_index(drop=True)
    pd.testing.assert_frame_equal(score(bundle, permuted), expected, check_exact=True)


def test_one_prospect_alone_is_scored_as_in_the_batch(world: Journeys, bundle: Bundle) -> None:
    batch = score(bundle, world.matrix)
    alone = Matrix(world.matrix.keys.iloc[[5]], world.matrix.values.iloc[[5]])
    pd.testing.assert_frame_equal(score(bundle, alone), batch.iloc[[5]].reset_index(drop=True), check_exact=True)


def test_somebody_of_whom_nothing_is_known_is_unscored_and_not_zero(world: Journeys, bundle: Bundle) -> None:
    row = score(bundle, nobody(world.matrix)).iloc[0]
    assert row["state"] == "unscored"
    assert row["reason"] == "nothing was known about this prospect"
    assert np.isnan(row[["margin", "chance", "low", "high"]].to_numpy(dtype=float)).all()
    assert (row["like_n"], row["like_won"]) == (0, 0)


def test_one_known_fact_is_enough_to_be_scored(world: Journeys, bundle: Bundle) -> None:
    matrix = nobody(world.matrix)
    known = matrix.values.assign(prospect_age_days=np.float32(3))
    assert score(bundle, Matrix(matrix.keys, known))["state"].tolist() == ["scored"]


def test_a_bundle_without_wins_ranks_without_a_chance(world: Journeys, bundle: Bundle) -> None:
    scores = score(replace(bundle, calibration=None), world.matrix)
    assert (scores["state"] == "ranked").all()
    assert scores["chance"].isna().all()
    assert scores[["low", "high"]].isna().all(axis=None)
    assert scores["margin"].notna().all()
    assert scores["reason"].str.startswith("not enough wins").all()


def test_an_empty_cohort_gives_an_empty_table_of_the_same_shape(world: Journeys, bundle: Bundle) -> None:
    nothing = score(bundle, Matrix(world.matrix.keys.iloc[:0], world.matrix.values.iloc[:0]))
    full = score(bundle, world.matrix)
    assert len(nothing) == 0
    assert nothing.dtypes.to_dict() == full.dtypes.to_dict()


def test_a_matrix_with_other_columns_is_refused_with_the_difference(world: Journeys, bundle: Bundle) -> None:
    other = Matrix(world.matrix.keys, world.matrix.values.drop(columns="noise"))
    with pytest.raises(SchemaMismatch, match="- noise: fitted on, not given"):
        score(bundle, other)
