from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.errors import SchemaMismatch
from models.heads.held_out import first_looks
from models.heads.learned import Fitted
from models.heads.win import fit_win, named_capacity
from tests.models.journeys import Journeys, catalog_of, definitions_of, journeys, keys_of, only_wins_of

TRAINED = pd.Timestamp("2025-07-01", tz="UTC").as_unit("us")


def fit(world: Journeys, **changes: object) -> Fitted:
    given: dict[str, object] = {"catalog": catalog_of(world.matrix), "definitions": definitions_of(), "draws": 50}
    return fit_win(world.matrix, world.label, trained_as_of=TRAINED, data_version="3", **given | changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def world() -> Journeys:
    return journeys(prospects=900, weeks=78)


@pytest.fixture(scope="module")
def fitted(world: Journeys) -> Fitted:
    return fit(world)


def figure(found: Fitted, model: str, metric: str) -> pd.Series:
    return found.report.set_index(["model", "metric"]).loc[(model, metric)]


def test_chances_are_near_the_known_truth_on_later_data(world: Journeys, fitted: Fitted) -> None:
    assert fitted.split is not None
    test = fitted.split.test
    chance = fitted.kept.chance(fitted.kept.rung.margin(world.matrix.values[test]))
    truth = world.truth[test]
    assert np.corrcoef(chance, truth)[0, 1] > 0.85
    assert chance.mean() == pytest.approx(truth.mean(), abs=0.03)


def test_the_report_stands_every_rung_beside_the_base_rate_and_what_is_kept(fitted: Fitted) -> None:
    assert list(fitted.report["model"].unique()) == [
        "base rate", "recency", "frequency", "blended", "logistic", "boosted", "takt",
    ]  # fmt: skip
    kept = fitted.report[fitted.report["model"] == fitted.kept.rung.name].drop(columns="model")
    takt = fitted.report[fitted.report["model"] == "takt"].drop(columns="model")
    pd.testing.assert_frame_equal(kept.reset_index(drop=True), takt.reset_index(drop=True))


def test_the_base_rate_ranks_nobody(fitted: Fitted) -> None:
    assert figure(fitted, "base rate", "auc")["value"] == 0.5
    assert figure(fitted, "base rate", "lift_at_capacity")["value"] == pytest.approx(1.0)


def test_the_kept_rung_beats_the_base_rate_and_the_recency_order_on_the_test(fitted: Fitted) -> None:
    assert figure(fitted, "takt", "log_loss")["high"] < figure(fitted, "base rate", "log_loss")["value"]
    assert figure(fitted, "takt", "auc_over_recency")["low"] > 0
    assert figure(fitted, "recency", "auc_over_recency")["value"] == 0.0


def test_the_counts_of_the_alike_come_from_held_out_prospects_only(world: Journeys, fitted: Fitted) -> None:
    assert fitted.split is not None
    held = fitted.split.test | fitted.split.calibrate
    assert sum(fitted.bands.n) == world.matrix.keys["prospect_id"][held].nunique()


def test_the_note_tells_the_rung_the_steps_and_the_dates(fitted: Fitted) -> None:
    assert fitted.note.startswith(f"rung {fitted.kept.rung.name}; recency: ")
    assert "test: snapshots 2025-" in fitted.note


def test_labels_of_the_test_do_not_reach_the_model(world: Journeys, fitted: Fitted) -> None:
    assert fitted.split is not None
    turned = Journeys(world.matrix, np.where(fitted.split.test, 1 - world.label, world.label), world.truth)
    other = fit(turned)
    assert other.kept.rung.to_files() == fitted.kept.rung.to_files()
    assert other.kept.calibration == fitted.kept.calibration


def test_values_of_the_test_do_not_reach_the_model(world: Journeys, fitted: Fitted) -> None:
    assert fitted.split is not None
    values = world.matrix.values.copy()
    values.loc[fitted.split.test, "fit"] = np.float32(99)
    values["segment"] = values["segment"].cat.add_categories(["new"])
    values.loc[fitted.split.test, "segment"] = "new"
    other = fit(Journeys(type(world.matrix)(world.matrix.keys, values), world.label, world.truth))
    assert other.kept.rung.to_files() == fitted.kept.rung.to_files()
    assert other.kept.rung.encoding == fitted.kept.rung.encoding


@pytest.mark.parametrize("wins", [0, 1])
def test_few_wins_give_an_order_and_no_chance(wins: int) -> None:
    found = fit(only_wins_of(journeys(), wins))
    assert found.kept.rung.name == "recency"
    assert found.kept.calibration is None
    assert figure(found, "takt", "log_loss")["reason"] == "no chance is given"


def test_twenty_wins_give_chances_from_a_low_rung() -> None:
    found = fit(only_wins_of(journeys(), 20))
    assert found.kept.rung.name in ("recency", "frequency")
    assert found.kept.calibration is not None


def test_a_world_where_everybody_won_is_not_an_error() -> None:
    world = journeys()
    won = np.where(np.isnan(world.label), np.nan, 1.0)
    found = fit(Journeys(world.matrix, won, world.truth))
    assert found.kept.rung.name == "recency"
    assert figure(found, "takt", "auc")["reason"].startswith("all ")


def test_a_company_of_two_weeks_is_ordered_by_recency_and_nothing_is_claimed() -> None:
    found = fit(journeys(weeks=2))
    assert found.kept.rung.name == "recency"
    assert found.split is None
    assert found.report.empty
    assert np.isnan(found.base_rate)
    assert found.note.startswith("Order by recency, nothing measured: 0 of ")


def test_the_same_seed_gives_the_same_fit(world: Journeys, fitted: Fitted) -> None:
    again = fit(world)
    assert again.kept.rung.to_files() == fitted.kept.rung.to_files()
    assert again.bands == fitted.bands
    pd.testing.assert_frame_equal(again.report, fitted.report)


def test_a_matrix_of_another_catalogue_is_refused(world: Journeys) -> None:
    other = type(world.matrix)(world.matrix.keys, world.matrix.values.rename(columns={"noise": "leak"}))
    with pytest.raises(SchemaMismatch, match=r"missing \['noise'\], not declared \['leak'\]"):
        fit(Journeys(other, world.label, world.truth), catalog=catalog_of(world.matrix))


@pytest.mark.parametrize(
    ("capacity", "calls"),
    [({"default": 12}, 12), ({"default": 12, "owners": {"a": 5, "b": 8}}, 13), ({"default": 0}, 1)],
)
def test_the_capacity_is_that_of_the_owners_who_are_named(capacity: dict[str, object], calls: int) -> None:
    assert named_capacity(definitions_of(capacity=capacity)) == calls


def test_the_first_look_at_each_prospect_is_found() -> None:
    keys = keys_of(np.array([0, 0, 1, 1]), np.array([3, 2, 5, 6]))
    assert first_looks(keys).tolist() == [False, True, True, False]
