"""Pictures are drawn from the right numbers, without a network, and say when data are simulated."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import NotEnoughHistory
from models.evidence import figures


def people(n: int) -> pd.Series:
    return pd.Series([f"p{i}" for i in range(n)])


@pytest.fixture(scope="module")
def later():
    rng = np.random.default_rng(1)
    chance = rng.beta(1, 6, 400)
    return (rng.random(400) < chance).astype(float), chance


LADDER = pd.DataFrame(
    {
        "rung": ["recency", "frequency", "logistic"], "metric": [None, "log_loss", "log_loss"],
        "gain": [np.nan, 0.02, -0.001], "low": [np.nan, 0.01, -0.004], "high": [np.nan, 0.03, 0.002],
        "taken": [True, True, False],
    }
)  # fmt: skip


def drawings(later, simulated: bool) -> dict[str, bytes]:
    label, chance = later
    return {
        "calibration": figures.calibration(label, chance, prospects=people(400), simulated=simulated),
        "gains": figures.gains(label, chance, simulated=simulated),
        "ladder": figures.ladder(LADDER, simulated=simulated),
    }


def words(svg: bytes) -> str:
    return " ".join(text for text in ET.fromstring(svg).itertext())


def test_every_figure_is_svg_that_loads_nothing_from_elsewhere(later):
    for svg in drawings(later, simulated=False).values():
        assert ET.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
        for element in ET.fromstring(svg).iter():
            assert not element.tag.endswith(("image", "script", "style"))
            assert not [v for k, v in element.attrib.items() if k.endswith("href")]


def test_figures_of_simulated_data_say_so_and_only_those(later):
    assert all("(simulated data)" in words(svg) for svg in drawings(later, simulated=True).values())
    assert not any("simulated" in words(svg) for svg in drawings(later, simulated=False).values())


def test_the_same_numbers_give_the_same_bytes(later):
    assert drawings(later, simulated=True) == drawings(later, simulated=True)


def test_the_ladder_names_every_rung_and_the_metric_it_is_judged_by():
    said = words(figures.ladder(LADDER, simulated=False))
    assert all(word in said for word in ("recency", "frequency", "logistic", "log_loss", "not taken"))


def test_the_ladder_says_of_which_level_each_interval_is():
    assert "bars are 95 % intervals on later data" in words(figures.ladder(LADDER, simulated=False))
    rows = [("frequency", "recency", 0.1), ("blended", "frequency", 0.02), ("boosted", "blended", np.nan)]
    table = pd.DataFrame(rows, columns=["rung", "against", "gain"]).assign(
        metric="log_loss", low=0.0, high=0.2, taken=True
    )
    said = words(figures.ladder(table, simulated=False))
    assert "bars are 95 % intervals on later data (blended: 80 %)" in said


def test_a_ladder_without_any_comparison_can_be_drawn():
    bare = pd.DataFrame({"rung": ["recency"], "wins": [0], "taken": [True], "why": ["too few wins"]})
    assert "recency" in words(figures.ladder(bare, simulated=False))


def test_reliability_compares_the_mean_chance_with_the_share_that_won():
    label, chance = np.array([0.0, 1.0, 1.0, 1.0]), np.array([0.1, 0.3, 0.6, 0.8])
    bins = figures.reliability(label, chance, prospects=people(4))
    assert bins["foretold"].tolist() == pytest.approx([0.1, 0.3, 0.6, 0.8])
    assert bins["observed"].tolist() == [0, 1, 1, 1]


def test_a_prospect_looked_at_ten_times_does_not_narrow_the_interval():
    label, chance = np.repeat([0.0, 1.0], 50), np.full(100, 0.5)
    many = figures.reliability(label, chance, prospects=people(100)).iloc[0]
    few = figures.reliability(label, chance, prospects=pd.Series(np.arange(100) // 10).astype("str")).iloc[0]
    assert few["high"] - few["low"] > many["high"] - many["low"]


def test_gains_of_a_perfect_order_find_all_wins_first():
    curve = figures.cumulative_gains(np.array([0.0, 0.0, 0.0, 1.0]), np.array([0.1, 0.2, 0.3, 0.9]))
    assert np.interp(0.25, curve["called"], curve["found"]) == 1.0


def test_tied_chances_do_not_look_like_skill_however_the_rows_are_ordered():
    wins_first = np.repeat([1.0, 0.0], 50)
    curve = figures.cumulative_gains(wins_first, np.full(100, 0.3))
    np.testing.assert_allclose(curve["found"], curve["called"])


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.1, 0.2, 0.3, 0.9])), min_size=1, max_size=500))
def test_gains_rise_from_nothing_to_everything(rows):
    label, chance = np.array([float(w) for w, _ in rows]), np.array([c for _, c in rows])
    if not label.any():
        with pytest.raises(NotEnoughHistory, match=f"no win among {len(rows)}"):
            figures.cumulative_gains(label, chance)
        return
    curve = figures.cumulative_gains(label, chance)
    assert curve.iloc[0].tolist() == [0, 0]
    assert curve.iloc[-1].tolist() == [1, pytest.approx(1)]
    assert (curve.diff().dropna() >= -1e-12).all(axis=None)
    assert len(curve) <= figures.POINTS + 1


def test_nothing_to_draw_is_said():
    with pytest.raises(NotEnoughHistory, match="no labelled snapshot on later data"):
        figures.calibration(np.array([]), np.array([]), prospects=people(0), simulated=False)
