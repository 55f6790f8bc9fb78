from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.algebra.declaration import feature
from features.algebra.terms import attribute
from features.catalog import Catalog
from features.errors import SchemaMismatch
from features.facts.ledger import Facts
from features.matrix import Matrix
from models.heads.amount import VALUES, Amount, conformal, fit_amount
from tests.models.journeys import START, definitions_of, keys_of

END = START + pd.Timedelta(days=7 * 60)
SEGMENTS = ("small", "large")


def catalog() -> Catalog:
    kinds = {"prospect_segment": "category", "expected": "number", "noise": "number"}
    return Catalog(
        tuple(
            feature(n, attribute(n, k), question="prospect", concept=n, says="{value}", missing_says="not known")
            for n, k in kinds.items()
        )
    )


def world(*, deals: int = 400, known: bool = True, seed: int = 0) -> tuple[Matrix, pd.DataFrame]:
    """Deals that are won ten days after each one's only snapshot; large ones bring ten times as much.

    `expected` says the amount but for a factor; not `known`, it says nothing.
    """
    rng = np.random.default_rng(seed)
    week, segment = np.sort(rng.integers(0, 56, deals)), rng.integers(0, 2, deals)
    amount = np.exp(rng.normal(0, 1, deals) + np.log(np.where(segment == 1, 10_000, 1_000)))
    stated = amount * np.exp(rng.normal(0, 0.2, deals)) if known else rng.exponential(1000, deals)
    values = pd.DataFrame(
        {
            "prospect_segment": pd.Categorical(np.array(SEGMENTS, dtype=object)[segment]),
            "expected": stated.astype("float32"), "noise": rng.normal(size=deals).astype("float32"),
        }
    )  # fmt: skip
    keys = keys_of(np.arange(deals), week)
    at = keys["as_of"] + pd.Timedelta(days=10)
    won = pd.DataFrame({"prospect_id": keys["prospect_id"], "occurred_at": at, "recorded_at": at, "result": "won"})
    return Matrix(keys, values), won.assign(amount=amount)


def fit(matrix: Matrix, won: pd.DataFrame, **changes: object) -> Amount:
    given: dict[str, object] = {
        "catalog": catalog(), "definitions": definitions_of(), "trained_as_of": END, "data_version": "3", "threads": 1,
        "draws": 50,
    }  # fmt: skip
    return fit_amount(matrix, Facts.of({"outcomes": won}), **given | changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def deals() -> tuple[Matrix, pd.DataFrame]:
    return world()


@pytest.fixture(scope="module")
def fitted(deals: tuple[Matrix, pd.DataFrame]) -> Amount:
    return fit(*deals)


def figure(found: Amount, model: str, metric: str) -> float:
    return float(found.report.set_index(["model", "metric"]).loc[(model, metric), "value"])


def test_trees_are_kept_where_they_are_closer_on_later_wins(fitted: Amount) -> None:
    assert fitted.rung is not None
    assert fitted.rung.name == "boosted"
    assert "boosted: better than the median" in fitted.note
    assert figure(fitted, "takt", "absolute_log_error") < figure(fitted, "median", "absolute_log_error") / 2


def test_four_of_five_later_wins_fall_into_the_interval(fitted: Amount) -> None:
    assert figure(fitted, "takt", "covered") == pytest.approx(0.8, abs=0.12)


def test_the_interval_lies_around_the_amount_and_both_are_said(
    deals: tuple[Matrix, pd.DataFrame], fitted: Amount
) -> None:
    found = fitted.values(deals[0])
    assert found.columns.tolist() == VALUES
    assert (found["low"] < found["amount"]).all()
    assert (found["amount"] < found["high"]).all()
    assert (found["low"] > 0).all()
    assert (
        found["said"]
        .str.fullmatch(r"about [\d,.]+ EUR, 80 % between [\d,.]+ and [\d,.]+ \(from \d+ won amounts\)")
        .all()
    )


def test_the_median_of_the_segment_stays_where_nothing_says_more() -> None:
    matrix, won = world(known=False)
    found = fit(matrix, won)
    assert found.rung is not None
    assert found.rung.name == "median"
    assert "boosted: not better than the median" in found.note
    medians = (
        found.values(matrix)
        .groupby(matrix.values["prospect_segment"], observed=True)["amount"]
        .agg(["nunique", "first"])
    )
    assert medians["nunique"].tolist() == [1, 1]
    assert medians.loc["large", "first"] / medians.loc["small", "first"] == pytest.approx(10, rel=0.5)


def test_few_wins_give_the_median_and_say_that_nothing_was_measured() -> None:
    matrix, won = world(deals=30)
    found = fit(matrix, won)
    assert found.rung is not None
    assert found.rung.name == "median"
    assert "not measured" in found.note
    assert found.report["value"].isna().all()
    assert found.values(matrix)["n"].min() >= 5


def test_a_segment_with_one_win_is_given_the_median_of_everybody() -> None:
    matrix, won = world(deals=12)
    one = pd.Categorical(["large"] + ["small"] * 11)
    found = fit(Matrix(matrix.keys, matrix.values.assign(prospect_segment=one)), won).values(
        Matrix(matrix.keys, matrix.values.assign(prospect_segment=one))
    )
    assert found["n"].tolist() == [12] + [11] * 11
    assert found["amount"][0] == pytest.approx(won["amount"].median(), rel=0.5)


def test_a_single_win_gives_its_amount_and_no_interval() -> None:
    matrix, won = world(deals=1)
    found = fit(matrix, won.assign(amount=1234.0)).values(matrix)
    assert found["amount"].tolist() == pytest.approx([1234.0])
    assert found[["low", "high"]].isna().all(axis=None)
    assert found["said"].tolist() == ["about 1,230 EUR (from 1 won amount)"]


def test_amounts_of_zero_or_below_or_missing_are_no_amounts_and_are_counted() -> None:
    matrix, won = world(deals=40)
    amount = won["amount"].to_numpy().copy()
    amount[[0, 1, 2]], amount[3], amount[4:6] = 0.0, -5.0, np.nan
    found = fit(matrix, won.assign(amount=amount))
    assert "40 wins: 2 without an amount, 4 with an amount of zero or below left out" in found.note
    assert (found.values(matrix)["amount"] > 0).all()


@pytest.mark.parametrize("rows", [0, 40])
def test_no_amount_at_all_is_not_known_and_never_zero(rows: int) -> None:
    matrix, won = world(deals=40)
    found = fit(matrix, won.iloc[:rows].assign(amount=np.nan))
    values = found.values(matrix)
    assert values[["amount", "low", "high"]].isna().all(axis=None)
    assert set(values["said"]) == {"no won amount is known"}
    assert set(values["n"]) == {0}
    assert "no won amount is known" in found.note


def test_lost_deals_teach_no_amount(deals: tuple[Matrix, pd.DataFrame]) -> None:
    assert fit(deals[0], deals[1].assign(result="lost")).rung is None


def test_what_was_recorded_after_the_training_does_not_reach_it(
    deals: tuple[Matrix, pd.DataFrame], fitted: Amount
) -> None:
    corrected = deals[1].assign(recorded_at=END + pd.Timedelta(days=1), amount=1.0)
    assert fit(deals[0], pd.concat([deals[1], corrected], ignore_index=True)).to_files() == fitted.to_files()


def test_a_snapshot_after_the_win_teaches_nothing() -> None:
    matrix, won = world(deals=40)
    late = Matrix(matrix.keys.assign(as_of=matrix.keys["as_of"] + pd.Timedelta(days=11)), matrix.values)
    found = fit(late, won)
    assert found.rung is None
    assert "40 without a snapshot before the win" in found.note


@pytest.mark.parametrize("deals_won", [0, 30, 400])
def test_files_read_back_to_the_same_values(deals_won: int) -> None:
    matrix, won = world()
    found = fit(matrix, won.iloc[:deals_won])
    again = Amount.from_files(found.to_files())
    pd.testing.assert_frame_equal(again.values(matrix), found.values(matrix))
    assert again.to_files() == found.to_files()


def test_a_matrix_of_another_catalogue_is_refused(deals: tuple[Matrix, pd.DataFrame]) -> None:
    other = Matrix(deals[0].keys, deals[0].values.rename(columns={"noise": "leak"}))
    with pytest.raises(SchemaMismatch, match=r"missing \['noise'\], not declared \['leak'\]"):
        fit(other, deals[1])


def test_conformal_errors_leave_a_tenth_outside_on_each_side() -> None:
    assert conformal(np.arange(1.0, 20.0)) == (2.0, 18.0)
    assert np.isnan(conformal(np.arange(8.0))).all()


def test_conformal_intervals_cover_new_errors_like_the_old_ones() -> None:
    inside = []
    for seed in range(300):
        errors = np.random.default_rng(seed).exponential(1, 40)
        low, high = conformal(errors[:39])
        inside.append(low <= errors[39] <= high)
    assert np.mean(inside) == pytest.approx(0.8, abs=0.06)
