from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.errors import NotEnoughHistory
from models.evidence.backtest import Evaluation, evaluate, rolling
from tests.models.journeys import Journeys, catalog_of, definitions_of, journeys, only_wins_of


def evaluated(world: Journeys) -> Evaluation:
    catalog = catalog_of(world.matrix)
    return evaluate(world.matrix, world.label, catalog=catalog, definitions=definitions_of(), draws=100)


@pytest.fixture(scope="module")
def found() -> Evaluation:
    return evaluated(journeys(prospects=900, weeks=78))


def figure(found: Evaluation, model: str, metric: str) -> pd.Series:
    return found.table.set_index(["model", "metric"]).loc[(model, metric)]


def test_where_there_is_something_to_learn_there_is_signal(found: Evaluation) -> None:
    assert found.verdict == "signal"
    assert found.words.startswith("Signal: the order beats chance on later data (AUC 0.")
    assert figure(found, "takt", "auc")["low"] > 0.6


def test_each_model_has_its_verdict_and_the_base_rate_has_none_to_give(found: Evaluation) -> None:
    verdicts = found.table.groupby("model")["verdict"].first()
    assert verdicts["base rate"] == "no signal"
    assert verdicts["recency"] == "no signal"
    assert verdicts["logistic"] == "signal"


def test_the_parts_say_dates_and_counts_that_add_up(found: Evaluation) -> None:
    world = journeys(prospects=900, weeks=78)
    parts = found.parts.set_index("part")
    assert list(parts.index) == ["train", "calibrate", "test"]
    test = (world.matrix.keys["as_of"] >= parts.loc["test", "first"]) & ~np.isnan(world.label)
    assert parts.loc["test", "snapshots"] == test.sum()
    assert parts.loc["test", "wins"] == world.label[test].sum()
    assert parts.loc["test", "won"] == world.matrix.keys["prospect_id"][test & (world.label == 1.0)].nunique()
    assert parts.loc["test", "base_rate"] == pytest.approx(world.label[test].mean())


@pytest.mark.parametrize("seed", range(4))
def test_noise_is_called_no_signal(seed: int) -> None:
    found = evaluated(journeys(prospects=700, weeks=78, base=-1.8, strength=0.0, seed=seed))
    assert found.verdict == "no signal"
    assert "does not reliably beat chance" in found.words


def test_telling_stale_prospects_from_live_ones_alone_is_no_signal() -> None:
    """Chances fall with age and depend on nothing else: recency says it all, and newcomers are all alike."""
    world = journeys(prospects=900, weeks=78, strength=0.0)
    age = world.matrix.values["prospect_age_days"].to_numpy(dtype=float)
    values = world.matrix.values.assign(touch_all_days_since=np.float32(age))
    drawn = np.random.default_rng(2).random(len(age)) < 0.4 * np.exp(-age / 40)
    label = np.where(np.isnan(world.label), np.nan, drawn)
    found = evaluated(Journeys(type(world.matrix)(world.matrix.keys, values), label, world.truth))
    assert figure(found, "takt", "auc")["low"] > 0.5
    assert figure(found, "takt", "auc_fresh")["low"] <= 0.5
    assert found.verdict == "no signal"


def test_rungs_that_few_wins_do_not_allow_are_listed_with_the_reason() -> None:
    found = evaluated(only_wins_of(journeys(), 20))
    row = figure(found, "boosted", "auc")
    assert np.isnan(row["value"])
    assert row["reason"].endswith("winning prospects, needs 50")
    assert row["verdict"] == "no signal"


def test_no_win_at_all_is_no_signal_with_its_reason() -> None:
    found = evaluated(only_wins_of(journeys(), 0))
    assert found.verdict == "no signal"
    assert "AUC unknown, 0 wins among" in found.words


def test_a_history_without_room_for_a_test_is_an_error_with_figures() -> None:
    with pytest.raises(NotEnoughHistory, match=r"snapshots are labelled.*shorten horizon_days"):
        evaluated(journeys(weeks=4))


def test_origins_roll_forward_and_each_has_its_figures() -> None:
    world = journeys(prospects=900, weeks=78)
    table = rolling(world.matrix, world.label, rung="logistic", definitions=definitions_of(), folds=3, draws=20)
    auc = table[table["metric"] == "auc"]
    assert auc["fold"].tolist() == [1, 2, 3]
    assert auc["train_wins"].is_monotonic_increasing
    assert (auc["first"].to_numpy()[1:] > auc["last"].to_numpy()[:-1]).all()
    assert (auc["value"] > 0.65).all()
    assert "log_loss" not in set(table["metric"])


def test_an_origin_with_too_few_wins_says_so() -> None:
    world = only_wins_of(journeys(), 20)
    table = rolling(world.matrix, world.label, rung="boosted", definitions=definitions_of(), folds=2, draws=20)
    assert table["value"].isna().all()
    assert table["reason"].str.endswith("winning prospects, needs 50").all()
