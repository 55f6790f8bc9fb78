"""Companies with few wins: how they are cut down, and how what was measured in them is summed up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.matrix import Matrix
from pipelines.steps.small_evaluation import cut_down, measure, summed_up
from pipelines.steps.truth_evaluation import World
from tests.models.journeys import catalog_of, definitions_of, journeys


def world_of(ids: str, label: list[float]) -> World:
    moment = pd.Timestamp("2026-03-02", tz="UTC").as_unit("us")
    matrix = Matrix(
        pd.DataFrame({"prospect_id": list(ids), "as_of": moment}), pd.DataFrame({"x": np.zeros(len(ids), np.float32)})
    )
    chance = np.full(len(ids), 0.1)
    return World(matrix, np.array(label), chance, chance, catalog_of(matrix), definitions_of(), moment, 3)


COMPANY = world_of("aabcdefgh", [0, 1, 0, 0, 1, 0, 0, 1, np.nan])
"""a, d and g won, a at its second snapshot."""


@pytest.mark.parametrize("wins", [1, 2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_a_company_is_cut_down_to_exactly_so_many_prospects_that_won_with_all_their_snapshots(
    wins: int, seed: int
) -> None:
    kept = cut_down(COMPANY, wins, seed=seed)
    assert kept is not None
    assert kept[[1, 4, 7]].sum() == wins
    assert kept[0] == kept[1]


def test_without_any_win_all_who_did_not_win_are_kept_and_with_more_wins_than_there_are_nobody() -> None:
    none = cut_down(COMPANY, 0, seed=1)
    assert none is not None
    assert none.tolist() == [False, False, True, True, False, True, True, False, True]
    assert cut_down(COMPANY, 4, seed=1) is None


def test_a_list_from_no_wins_at_all_is_made_and_measured() -> None:
    made = journeys(prospects=200, weeks=40)
    moment = made.matrix.keys["as_of"].max()
    world = World(made.matrix, made.label, made.truth, made.truth, catalog_of(made.matrix), definitions_of(), moment, 5)
    kept = cut_down(world, 0, seed=1)
    assert kept is not None
    found = measure(world, kept, threads=1)
    assert found["rung"] == "recency"
    assert found["recency"] == pytest.approx(found["takt"])


def test_the_table_says_more_than_recency_in_how_many_companies_and_by_which_rungs() -> None:
    found = pd.DataFrame(
        [(20, 1, 0.10, 0.20, "naive_bayes"), (20, 2, 0.10, 0.10, "recency"), (20, 3, 0.20, 0.15, "naive_bayes")],
        columns=["wins", "seed", "recency", "takt", "rung"],
    )
    table = summed_up(found, wins=(20, 200), seed=7).set_index("metric")
    more = table.loc["20 wins known: more than recency"]
    assert more["value"] == pytest.approx(0.45 / 0.40 - 1)
    assert more["low"] <= more["value"] <= more["high"]
    assert more["n"] == 3
    assert more["note"] == "as a share; better in 1, equal in 1, worse in 1; made by naive_bayes 2, recency 1"
    assert table.loc["200 wins known: more than recency", "note"] == "no company has so many"
