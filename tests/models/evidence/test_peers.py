from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from features.errors import NotEnoughHistory
from features.matrix import Matrix
from models.evidence.peers import BELOW, COLUMNS, FIGURES, GAINS, PEERS, best_peer, compare
from models.heads.learned import Fitted
from models.heads.win import fit_win
from tests.models.journeys import START, Journeys, catalog_of, definitions_of, journeys, only_wins_of

WORLD = journeys(prospects=500, weeks=60)


def fitted(world: Journeys) -> Fitted:
    return fit_win(
        world.matrix, world.label, catalog=catalog_of(world.matrix), definitions=definitions_of(),
        trained_as_of=START + pd.Timedelta(days=7 * 60), data_version="test", threads=1, draws=40,
    )  # fmt: skip


@pytest.fixture(scope="module")
def kept() -> Fitted:
    return fitted(WORLD)


@pytest.fixture(scope="module")
def table(kept: Fitted) -> pd.DataFrame:
    return compare(WORLD.matrix, WORLD.label, kept, capacity=5, threads=1, draws=40)


def figure(table: pd.DataFrame, model: str, metric: str) -> pd.Series:
    return table.set_index(["model", "metric"]).loc[(model, metric)]


def test_takt_and_the_five_peers_have_every_figure(table: pd.DataFrame) -> None:
    assert tuple(table.columns) == COLUMNS
    rows = table[~table["metric"].str.contains("_over ")]
    assert {m: tuple(r["metric"]) for m, r in rows.groupby("model")}.keys() == {"takt", *PEERS}
    assert all(set(r["metric"]) == set(FIGURES) for _, r in rows.groupby("model"))
    assert rows[["value", "low", "high"]].notna().all(axis=None)
    assert ((rows["low"] <= rows["value"]) & (rows["value"] <= rows["high"])).mean() > 0.95


def test_takt_is_measured_as_it_is_served(table: pd.DataFrame, kept: Fitted) -> None:
    assert kept.split is not None
    test = kept.split.test
    margin = kept.kept.rung.margin(WORLD.matrix.values[test])
    assert figure(table, "takt", "auc")["value"] == pytest.approx(roc_auc_score(WORLD.label[test], margin))
    assert figure(table, "takt", "auc")["note"] == f"rung {kept.kept.rung.name}"
    assert (table["n"] == test.sum()).all()


def test_a_gain_is_the_difference_of_the_two_figures_and_positive_is_better(table: pd.DataFrame) -> None:
    for peer in PEERS:
        for metric in GAINS:
            ours, theirs = (figure(table, model, metric)["value"] for model in ("takt", peer))
            better = theirs - ours if metric == "log_loss" else ours - theirs
            assert figure(table, "takt", f"{metric}_over {peer}")["value"] == pytest.approx(better)


def test_a_peer_is_scikit_learn_at_its_defaults_on_all_that_was_known_before_the_test(
    table: pd.DataFrame, kept: Fitted
) -> None:
    assert kept.split is not None
    keys, test = WORLD.matrix.keys, kept.split.test
    closed = (keys["as_of"] + pd.Timedelta(days=28) <= keys["as_of"][test].min()).to_numpy()
    filled = WORLD.matrix.values.drop(columns="empty")
    model = PEERS["HistGradientBoosting"](7, 1).fit(filled[closed], WORLD.label[closed])
    chance = model.predict_proba(filled[test])[:, 1]
    found = figure(table, "HistGradientBoosting", "average_precision")["value"]
    assert found == pytest.approx(average_precision_score(WORLD.label[test], chance))
    assert model.get_params() == type(model)(random_state=7).get_params()


def test_the_best_peer_is_chosen_by_its_figure_on_the_test_and_lower_losses_are_better() -> None:
    rows = [
        ("takt", "auc", 0.9), ("LightGBM", "auc", 0.6), ("naive Bayes", "auc", 0.7),
        ("LightGBM", "log_loss", 0.2), ("naive Bayes", "log_loss", 2.0),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["model", "metric", "value"])
    assert best_peer(table) == "naive Bayes"
    assert best_peer(table, "log_loss") == "LightGBM"


def test_where_takt_is_below_by_more_than_the_interval_the_note_says_so(kept: Fitted) -> None:
    """An order turned around is worse than any peer, and must not pass unseen."""
    worse = compare(WORLD.matrix, 1.0 - WORLD.label, kept, capacity=5, threads=1, draws=40)
    assert figure(worse, "takt", "auc_over LightGBM")["note"] == BELOW
    assert figure(worse, "takt", "auc_over LightGBM")["high"] < 0


def test_a_category_of_many_levels_is_no_obstacle(kept: Fitted) -> None:
    values = WORLD.matrix.values.copy()
    many = np.arange(len(values)) % 400
    values["segment"] = pd.Categorical([f"s{number}" for number in many])
    wide = Matrix(WORLD.matrix.keys, values)
    table = compare(wide, WORLD.label, kept, capacity=5, threads=1, draws=10)
    assert table.loc[table["model"].ne("takt"), "value"].notna().all()


def test_nothing_held_out_or_one_class_only_is_said_and_not_measured(kept: Fitted) -> None:
    assert kept.split is not None
    label = np.where(kept.split.test, WORLD.label, np.where(np.isnan(WORLD.label), np.nan, 0.0))
    with pytest.raises(NotEnoughHistory, match="one class"):
        compare(WORLD.matrix, label, kept, capacity=5, threads=1, draws=10)
    short = journeys(prospects=60, weeks=3)
    with pytest.raises(NotEnoughHistory, match="nothing measured"):
        compare(short.matrix, short.label, fitted(short), capacity=5, threads=1, draws=10)


def test_a_model_without_chances_has_an_order_and_no_loss() -> None:
    world = only_wins_of(WORLD, 12)
    kept = fitted(world)
    assert kept.kept.calibration is None
    table = compare(world.matrix, world.label, kept, capacity=5, threads=1, draws=10)
    assert np.isnan(figure(table, "takt", "log_loss")["value"])
    assert figure(table, "takt", "log_loss_over LightGBM")["note"] == "no chance is given"
    assert figure(table, "takt", "auc")["value"] > 0
