from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.heads.encoding import Encoding
from models.heads.ladder import COLUMNS, STEPS, Climbed, climb
from models.heads.training import Training
from models.measures.splits import ForwardSplit, forward_split
from tests.models.journeys import HORIZON, Journeys, journeys, only_wins_of


def climbed(world: Journeys) -> tuple[Climbed, ForwardSplit]:
    matrix = world.matrix
    split = forward_split(matrix.keys, world.label, horizon=HORIZON)
    training = Training.of(
        matrix.values, world.label, keys=matrix.keys, encoding=Encoding.fit(matrix.values[split.train]), horizon=HORIZON
    )
    return climb(training, matrix.keys, split), split


def rows(found: Climbed) -> pd.DataFrame:
    return found.table.set_index("rung")


@pytest.fixture(scope="module")
def learnable() -> tuple[Climbed, ForwardSplit]:
    return climbed(journeys(prospects=900, weeks=78))


def test_where_there_is_something_to_learn_the_ladder_is_climbed(learnable: tuple[Climbed, ForwardSplit]) -> None:
    table = rows(learnable[0])
    assert table["taken"].loc[["recency", "frequency"]].all()
    assert learnable[0].name in ("frequency", "blended", "logistic", "boosted")
    assert table.loc["frequency", "low"] > 0
    assert table.loc["frequency", "against"] == "recency"


def test_the_additive_world_is_left_to_the_logistic_rung_not_to_trees(
    learnable: tuple[Climbed, ForwardSplit],
) -> None:
    table = rows(learnable[0])
    assert not table.loc["boosted", "taken"]
    assert "not better than" in table.loc["boosted", "why"]


def test_a_step_is_taken_exactly_where_the_interval_lies_above_zero(learnable: tuple[Climbed, ForwardSplit]) -> None:
    table = rows(learnable[0]).drop(index="recency")
    assert (table["taken"] == (table["low"] > 0)).all()


def test_the_table_has_a_row_for_every_rung_in_order(learnable: tuple[Climbed, ForwardSplit]) -> None:
    assert list(learnable[0].table["rung"]) == list(STEPS)
    assert list(learnable[0].table.columns) == list(COLUMNS)
    assert (learnable[0].table["why"] != "").all()


def test_trees_take_part_where_only_they_see_the_pattern() -> None:
    world = journeys(prospects=1500, weeks=78, strength=0.0)
    rng = np.random.default_rng(1)
    left, right = rng.normal(size=(2, len(world.label)))
    values = world.matrix.values.assign(fit=left.astype("float32"), noise=right.astype("float32"))
    label = np.where(np.isnan(world.label), np.nan, rng.random(len(left)) < np.where(left * right > 0, 0.25, 0.02))
    found, _ = climbed(Journeys(type(world.matrix)(world.matrix.keys, values), label, world.truth))
    assert found.name in ("blended", "boosted")
    assert rows(found).loc["blended", "low"] > 0
    assert not rows(found).loc["logistic", "taken"]
    only = {name: [row["gain"], row["low"]] for name, row in rows(found).iterrows()}
    assert only["frequency"][0] < 0.1 * only["blended"][0]


def test_a_step_to_a_blend_of_what_is_kept_needs_less_sureness_and_says_so(
    learnable: tuple[Climbed, ForwardSplit],
) -> None:
    table = rows(learnable[0])
    assert table.loc["blended", "against"] == "frequency"
    assert table.loc["blended", "why"].endswith("by an 80 % interval, since frequency stays a part of it")
    assert "interval" not in table.loc["frequency", "why"]


def test_a_rung_that_is_part_of_another_is_fitted_once(learnable: tuple[Climbed, ForwardSplit]) -> None:
    rungs = learnable[0].rungs
    assert {"frequency", "logistic", "boosted"} == {m.name for m in rungs["blended"].rung.members}  # type: ignore[attr-defined]
    assert all(rungs[m.name].rung is m for m in rungs["blended"].rung.members)  # type: ignore[attr-defined]


def test_with_nothing_to_learn_recency_stays_and_says_so() -> None:
    found, _ = climbed(journeys(prospects=600, weeks=78, base=-1.5, strength=0.0))
    assert found.name == "recency"
    assert rows(found).loc["recency", "why"].endswith("it stays as the order of last resort")


@pytest.mark.parametrize("wins", [0, 1])
def test_without_wins_recency_orders_and_no_chance_is_said(wins: int) -> None:
    found, _ = climbed(only_wins_of(journeys(), wins))
    assert found.name == "recency"
    assert list(found.rungs) == ["recency"]
    assert found.kept.calibration is None
    assert np.isnan(found.kept.chance(np.array([0.0, 1.0]))).all()
    assert "too few wins to say any" in rows(found).loc["recency", "why"]
    assert rows(found).loc["logistic", "why"] == f"{rows(found).loc['logistic', 'wins']} winning prospects, needs 20"


def test_with_some_twenty_wins_the_ladder_stays_on_its_low_rungs() -> None:
    found, split = climbed(only_wins_of(journeys(), 20))
    assert found.name in ("recency", "frequency")
    assert found.kept.calibration is not None
    assert split.shares_calibration
    assert not {"blended", "logistic", "boosted"} & set(rows(found).index[rows(found)["taken"]])


def test_without_later_data_flexible_rungs_are_fitted_but_not_taken() -> None:
    found, split = climbed(journeys(prospects=900, weeks=10))
    assert split.by_folds
    assert {"blended", "logistic", "boosted"} <= set(found.rungs)
    assert not rows(found).loc[["blended", "logistic", "boosted"], "taken"].any()
    assert rows(found).loc["boosted", "why"] == "history too short to earn the step on later data"
    assert "prospects left out" in rows(found).loc["frequency", "why"]


def test_a_period_learned_by_heart_is_not_taken() -> None:
    """A feature that tells prospects apart, without meaning, cannot help on prospects that come later."""
    world = journeys(prospects=900, weeks=78, strength=0.0, base=-1.5)
    number = world.matrix.keys["prospect_id"].str[1:].astype("float32")
    values = world.matrix.values.assign(noise=number)
    found, _ = climbed(Journeys(type(world.matrix)(world.matrix.keys, values), world.label, world.truth))
    assert found.name == "recency"


@pytest.mark.parametrize("winners", [20, 22, 26, 60])
def test_a_rung_that_has_too_few_wins_outside_a_fold_is_left_out_and_says_so(winners: int) -> None:
    """Twenty wins are enough for naive Bayes, but where history is short a fold is foretold by the others: sixteen."""
    world = only_wins_of(journeys(prospects=600, weeks=14), winners)
    found, split = climbed(world)
    assert split.by_folds
    assert list(found.table["rung"]) == list(STEPS)
    left_out = rows(found)["why"].str.contains("outside every part")
    assert not rows(found).loc[left_out, "taken"].any()
