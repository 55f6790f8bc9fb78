from __future__ import annotations

import sys

import pandas as pd
import pytest

from features.errors import NotEnoughHistory
from models.evidence.timing_peers import COMPETING, NAIVE, PeerMissing, compare_with_cox
from tests.models.journeys import catalog_of, definitions_of
from tests.models.spans import Spans, only, spans


@pytest.fixture(scope="module")
def world() -> Spans:
    return spans(prospects=500, seed=3)


def compare(world: Spans) -> pd.DataFrame:
    return compare_with_cox(
        world.matrix, world.facts, catalog=catalog_of(world.matrix), definitions=definitions_of(),
        trained_as_of=world.end, threads=1, draws=30,
    )  # fmt: skip


def test_without_lifelines_the_peer_is_missing_and_says_so(world: Spans, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lifelines", None)
    with pytest.raises(PeerMissing, match="lifelines is not installed"):
        compare(world)


def test_the_head_and_both_readings_of_cox_are_measured_on_the_same_snapshots(world: Spans) -> None:
    pytest.importorskip("lifelines")
    found = compare(world).set_index(["model", "metric"])
    assert set(found.index.get_level_values("model")) == {"takt", NAIVE, COMPETING}
    # in a world of proportional hazards Cox is right, and taking the lost for censored says too much
    assert found.loc[("takt", "concordance"), "value"] == pytest.approx(
        found.loc[(COMPETING, "concordance"), "value"], abs=0.03
    )
    assert found.loc[(NAIVE, "bias_90"), "value"] > found.loc[(COMPETING, "bias_90"), "value"] + 0.02
    gain = found.loc[("takt", f"integrated_brier_over_{COMPETING}")]
    assert gain["low"] <= gain["value"] <= gain["high"]


def test_too_few_wins_to_compare_is_an_error_with_their_number(world: Spans) -> None:
    pytest.importorskip("lifelines")
    won = world.facts.outcomes["result"].eq("won")
    with pytest.raises(NotEnoughHistory, match="0 winning prospects"):
        compare(only(world, ~won))
