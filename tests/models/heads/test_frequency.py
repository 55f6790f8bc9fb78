from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.heads.encoding import Encoding
from models.heads.frequency import fit_frequency
from models.heads.training import Training
from tests.models.journeys import HORIZON, keys_of


def training(values: pd.DataFrame, label: list[float], who: list[int] | None = None) -> Training:
    keys = keys_of(np.array(who or range(len(values))), np.arange(len(values)))
    encoding = Encoding.fit(values, rare=1)
    return Training.of(values, label, keys=keys, encoding=encoding, horizon=HORIZON)


def sources(*levels: str | None) -> pd.DataFrame:
    return pd.DataFrame({"source": pd.Categorical(levels)})


def test_the_margin_is_the_count_of_won_and_lost_with_a_tenth_of_a_win_added() -> None:
    given = training(sources("fair", "fair", "fair", "web", "web"), [1, 1, 0, 0, 0])
    margin = fit_frequency(given).margin(sources("fair", "web"))
    # 2 wins in 5: a tenth of a win brings 0.15 lost ones along
    assert margin == pytest.approx([np.log(2.1 / 1.15), np.log(0.1 / 2.15)])


def test_a_fact_that_nobody_had_says_nothing() -> None:
    given = training(sources("fair", "fair", "web", "web"), [1, 0, 0, 0])
    rung = fit_frequency(given)
    assert rung.contributions(sources("unheard of", None))[:, 0] == pytest.approx([0, 0])
    assert rung.margin(sources("unheard of")) == pytest.approx([np.log(1 / 3)])


def test_a_prospect_seen_on_many_days_counts_once() -> None:
    once = training(sources("fair", "web"), [1, 0])
    often = training(sources("fair", *["web"] * 9), [1] + [0] * 9, [0] + [1] * 9)
    values = sources("fair", "web")
    np.testing.assert_allclose(fit_frequency(once).margin(values), fit_frequency(often).margin(values))


def test_numbers_are_counted_in_bins_and_a_missing_one_has_its_own() -> None:
    size = pd.DataFrame({"size": np.array([1] * 8 + [50] * 8 + [np.nan] * 4, dtype=np.float32)})
    label = [0] * 8 + [1] * 6 + [0] * 2 + [1] + [0] * 3
    asked = pd.DataFrame({"size": np.array([0, 1, 50, 1e9, np.nan], dtype=np.float32)})
    margin = fit_frequency(training(size, label)).margin(asked)
    lost = 0.1 * 13 / 7
    low, high, gone = np.log(0.1 / (8 + lost)), np.log(6.1 / (2 + lost)), np.log(1.1 / (3 + lost))
    assert margin == pytest.approx([low, low, high, high, gone], abs=1e-6)
