from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from features.errors import SchemaMismatch
from models.measures.calibration import ISOTONIC_WINS, Calibration, fit_calibration

CASES = st.lists(
    st.tuples(st.floats(-50, 50, allow_nan=False), st.booleans()), min_size=2, max_size=60
)  # fmt: skip


def drawn(n: int, *, slope: float = 0.5, shift: float = -1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    margin = rng.normal(0, 3, n)
    return margin, (rng.random(n) < expit(slope * margin + shift)).astype(np.float64)


def test_a_margin_that_is_too_sure_of_itself_is_taken_back_to_the_truth() -> None:
    margin, label = drawn(20_000)
    fitted = fit_calibration(margin, label, wins=0)
    assert fitted.slope == pytest.approx(0.5, abs=0.03)
    assert fitted.intercept == pytest.approx(-1.0, abs=0.05)


def test_with_many_rows_the_sigmoid_is_plain_logistic_regression() -> None:
    margin, label = drawn(20_000)
    plain = LogisticRegression(C=1e6).fit(margin[:, None], label)
    fitted = fit_calibration(margin, label, wins=0)
    assert fitted.slope == pytest.approx(plain.coef_[0, 0], rel=0.01)


def test_from_a_thousand_wins_on_the_shape_is_learned() -> None:
    rng = np.random.default_rng(1)
    margin = rng.uniform(-3, 3, 20_000)
    truth = np.where(margin < 0, 0.05, 0.3)
    label = (rng.random(len(margin)) < truth).astype(np.float64)
    fitted = fit_calibration(margin, label)
    assert fitted.kind == "isotonic"
    np.testing.assert_allclose(fitted.apply(np.array([-2.0, 2.0])), [0.05, 0.3], atol=0.02)


def test_the_number_of_winning_prospects_decides_not_that_of_winning_rows() -> None:
    margin, label = drawn(20_000)
    assert label.sum() > ISOTONIC_WINS
    assert fit_calibration(margin, label, wins=ISOTONIC_WINS - 1).kind == "sigmoid"


@settings(max_examples=200, deadline=None)
@given(CASES, st.sampled_from([0, ISOTONIC_WINS]))
def test_chances_are_strictly_inside_zero_and_one_and_never_fall_with_the_margin(
    rows: list[tuple[float, bool]], wins: int
) -> None:
    margin, label = (np.array(c, dtype=np.float64) for c in zip(*rows, strict=True))
    fitted = fit_calibration(margin, label, wins=wins)
    chance = fitted.apply(np.linspace(-1e3, 1e3, 400))
    assert (np.diff(chance) >= 0).all()
    assert chance.min() > 0
    assert chance.max() < 1


def test_a_margin_that_runs_against_the_wins_gives_one_chance_for_all() -> None:
    margin, label = drawn(5000, slope=-1.0)
    chance = fit_calibration(margin, label, wins=0).apply(margin)
    assert np.ptp(chance) == 0
    assert chance[0] == pytest.approx(label.mean(), abs=0.01)


@pytest.mark.parametrize("wins", [0, 1])
def test_no_win_or_one_win_gives_a_small_chance_not_zero(wins: int) -> None:
    label = np.zeros(50)
    label[:wins] = 1.0
    chance = fit_calibration(np.linspace(-1, 1, 50), label).apply(np.array([0.0]))
    assert 0.001 < chance[0] < 0.15


def test_the_mean_chance_on_its_own_rows_is_about_the_base_rate() -> None:
    margin, label = drawn(3000)
    for wins in (0, ISOTONIC_WINS):
        assert fit_calibration(margin, label, wins=wins).apply(margin).mean() == pytest.approx(label.mean(), abs=0.005)


@pytest.mark.parametrize("wins", [0, ISOTONIC_WINS])
def test_json_reads_back_to_the_same_bits(wins: int) -> None:
    margin, label = drawn(500)
    fitted = fit_calibration(margin, label, wins=wins)
    again = Calibration.from_json(fitted.to_json())
    assert again == fitted
    assert again.apply(margin).tobytes() == fitted.apply(margin).tobytes()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "sigmoid", "margins": [], "chances": [], "x": 1}'])
def test_something_else_is_not_read_as_a_calibration(text: str) -> None:
    with pytest.raises(SchemaMismatch, match="not a calibration as written by to_json.*Train again"):
        Calibration.from_json(text)
