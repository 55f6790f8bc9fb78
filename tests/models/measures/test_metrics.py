from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from models.measures import probability
from models.measures.metrics import gain, report, resamples
from tests.models.journeys import keys_of

METRICS = {
    "auc", "auc_fresh", "average_precision", "lift_at_10", "captured_at_10", "lift_at_20", "captured_at_20",
    "precision_at_capacity", "lift_at_capacity", "captured_at_capacity",
    "base_rate", "brier", "log_loss", "calibration_error",
}  # fmt: skip


def drawn(n: int = 400, *, seed: int = 0, each: int = 4) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    chance = rng.uniform(0.02, 0.5, n)
    label = (rng.random(n) < chance).astype(np.float64)
    return label, chance, keys_of(np.arange(n) // each, np.arange(n) % 13)


def values(table: pd.DataFrame, column: str = "value") -> pd.Series:
    return table.set_index("metric")[column]


def test_a_report_has_every_figure_inside_its_interval() -> None:
    label, chance, keys = drawn()
    table = report(label, chance, keys=keys, capacity=5, seed=1, fresh=np.arange(400) % 4 == 0)
    assert set(table["metric"]) == METRICS
    assert (table["reason"] == "").all()
    # the calibration error of a resample is biased upwards, so its interval may lie above the value
    rest = table[table["metric"] != "calibration_error"]
    assert (rest["low"] <= rest["value"]).all()
    assert (rest["value"] <= rest["high"]).all()


def test_losses_are_those_of_scikit_learn() -> None:
    label, chance, keys = drawn()
    found = values(report(label, chance, keys=keys, capacity=5, seed=1, draws=2))
    assert found["brier"] == pytest.approx(brier_score_loss(label, chance))
    assert found["log_loss"] == pytest.approx(log_loss(label, chance))
    assert found["base_rate"] == pytest.approx(label.mean())


def test_the_calibration_error_is_the_mean_gap_over_ten_bins_of_equal_mass() -> None:
    label, chance, keys = drawn()
    by_chance = np.argsort(chance).reshape(10, 40)
    gaps = [abs(chance[rows].mean() - label[rows].mean()) for rows in by_chance]
    found = values(report(label, chance, keys=keys, capacity=5, seed=1, draws=2))
    assert found["calibration_error"] == pytest.approx(np.mean(gaps))


def test_equal_chances_are_never_divided_between_bins() -> None:
    chance = np.array([0.1] * 30 + [0.2] * 5 + [0.9])
    bins = probability.equal_mass_bins(chance)
    assert len({(c, b) for c, b in zip(chance, bins, strict=True)}) == 3


def test_the_same_seed_gives_the_same_table_and_another_seed_other_intervals() -> None:
    label, chance, keys = drawn()
    first, again, other = (report(label, chance, keys=keys, capacity=5, seed=s, draws=50) for s in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert values(first, "low")["auc"] != values(other, "low")["auc"]


def test_a_bootstrap_draw_takes_a_prospect_with_all_its_snapshots() -> None:
    keys = keys_of(np.array([0, 0, 0, 1, 1, 2]), np.arange(6))
    weights = np.vstack(list(resamples(keys, seed=3, draws=40)))
    assert weights.shape == (40, 6)
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 3] == weights[:, 4]).all()
    assert (weights[:, [0, 3, 5]].sum(axis=1) == 3).all()


def test_snapshots_of_one_prospect_are_not_taken_for_independent() -> None:
    label, chance, keys = drawn(200, each=1)
    ten = np.repeat(np.arange(200), 10)
    weekly = keys_of(ten, np.tile(np.arange(10), 200))
    alone = report(label, chance, keys=keys, capacity=5, seed=1)
    repeated = report(label[ten], chance[ten], keys=weekly, capacity=5, seed=1)
    assert values(alone, "low")["auc"] == pytest.approx(values(repeated, "low")["auc"])
    assert values(alone, "high")["auc"] == pytest.approx(values(repeated, "high")["auc"])


def test_the_interval_holds_the_true_auc_in_about_95_of_100_samples() -> None:
    rng = np.random.default_rng(0)
    # binormal scores, one standard deviation apart: the true AUC is the normal distribution at 1 / sqrt 2
    truth, held, keys = 0.7602, 0, keys_of(np.arange(300), np.zeros(300))
    for seed in range(100):
        label = (rng.random(300) < 0.3).astype(np.float64)
        table = report(label, rng.normal(size=300) + label, keys=keys, capacity=5, seed=seed)
        auc = table.set_index("metric").loc["auc"]
        held += auc["low"] <= truth <= auc["high"]
    assert 88 <= held <= 100


@pytest.mark.parametrize(("label", "reason"), [(0.0, "0 wins among 50 snapshots"), (1.0, "all 50 snapshots won")])
def test_one_class_is_a_missing_figure_with_its_reason(label: float, reason: str) -> None:
    keys = keys_of(np.arange(50), np.zeros(50))
    found = report(np.full(50, label), np.linspace(0.1, 0.9, 50), keys=keys, capacity=5, seed=1).set_index("metric")
    assert np.isnan(found.loc["auc", ["value", "low", "high"]].to_numpy(dtype=float)).all()
    assert found.loc["auc", "reason"] == reason
    assert found.loc["base_rate", "value"] == label
    assert found.loc["brier", "reason"] == ""


def test_without_chances_the_order_is_measured_and_the_rest_says_why_not() -> None:
    label, chance, keys = drawn()
    none = np.full(len(label), np.nan)
    found = report(label, none, keys=keys, capacity=5, seed=1, order=chance).set_index("metric")
    assert found.loc["auc", "value"] > 0.5
    assert found.loc["log_loss", "reason"] == "no chance is given"


def test_the_order_may_be_finer_than_the_chance() -> None:
    label, chance, keys = drawn()
    flat = np.full(len(label), label.mean())
    found = values(report(label, flat, keys=keys, capacity=5, seed=1, order=chance, draws=2))
    plain = values(report(label, chance, keys=keys, capacity=5, seed=1, draws=2))
    assert found["auc"] == plain["auc"]
    assert found["log_loss"] > plain["log_loss"]


def test_newcomers_are_measured_by_themselves() -> None:
    label, chance, keys = drawn()
    fresh = np.arange(len(label)) % 4 == 0
    chance[fresh] = np.where(label[fresh] == 1.0, 0.1, 0.4)
    found = values(report(label, chance, keys=keys, capacity=5, seed=1, draws=2, fresh=fresh))
    assert found["auc_fresh"] == 0.0
    assert found["auc"] > 0.0


def test_without_newcomers_their_figure_is_missing() -> None:
    label, chance, keys = drawn()
    found = report(label, chance, keys=keys, capacity=5, seed=1, draws=2).set_index("metric")
    assert found.loc["auc_fresh", "reason"] == "0 wins among 0 snapshots"


@pytest.mark.parametrize("metric", ["log_loss", "brier", "auc", "average_precision"])
def test_the_gain_of_the_truth_over_its_own_noise_is_above_zero(metric: str) -> None:
    label, chance, keys = drawn(1500)
    noisy = np.clip(chance + np.random.default_rng(1).normal(0, 0.25, len(chance)), 0.01, 0.99)
    better = gain(label, chance, noisy, keys=keys, metric=metric, seed=1)
    worse = gain(label, noisy, chance, keys=keys, metric=metric, seed=1)
    assert 0 < better.low <= better.value <= better.high
    assert worse.value == pytest.approx(-better.value)


def test_no_model_gains_over_itself() -> None:
    label, chance, keys = drawn()
    found = gain(label, chance, chance, keys=keys, seed=1)
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)


def test_unlabelled_rows_and_unequal_lengths_are_refused() -> None:
    label, chance, keys = drawn()
    with pytest.raises(ValueError, match="leave the unlabelled rows"):
        report(np.where(label == 1.0, np.nan, label), chance, keys=keys, capacity=5, seed=1)
    with pytest.raises(ValueError, match=r"same rows, at least one; got lengths \[399, 400\]"):
        report(label[1:], chance, keys=keys, capacity=5, seed=1)
