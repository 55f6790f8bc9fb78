from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.heads.encoding import Encoding
from models.heads.recency import fit_recency
from models.heads.training import Training
from tests.models.journeys import HORIZON, keys_of

NAN = np.nan


def training(**columns: list[float]) -> Training:
    values = pd.DataFrame(columns).astype("float32")
    keys = keys_of(np.arange(len(values)), np.zeros(len(values)))
    return Training.of(values, np.zeros(len(values)), keys=keys, encoding=Encoding.fit(values), horizon=HORIZON)


def test_whoever_something_happened_to_last_comes_first_and_no_win_is_needed() -> None:
    given = training(touch_all_days_since=[30, NAN, 2, NAN], prospect_age_days=[90, 5, 60, NAN])
    margin = fit_recency(given).margin(given.values)
    # 2 days ago, created 5 days ago, 30 days ago, and the one of whom nothing is known last
    assert np.argsort(-margin).tolist() == [2, 1, 0, 3]
    assert margin[:3] == pytest.approx(-np.log1p([30, 5, 2]))


def test_the_most_recent_of_the_two_facts_carries_the_margin() -> None:
    given = training(touch_all_days_since=[30, NAN], other=[1, 1], prospect_age_days=[90, 5])
    parts = fit_recency(given).contributions(given.values)
    # 17.5 days is the median of 30 and 5; fresher than that speaks for a prospect, staler against it
    base = -np.log(18.5)
    assert parts == pytest.approx(np.array([[-np.log(31) - base, 0, 0, base], [0, 0, -np.log(6) - base, base]]))
    assert parts[0, 0] < 0 < parts[1, 2]


def test_without_a_fact_about_recency_nobody_is_ahead() -> None:
    given = training(size=[1, 2])
    assert fit_recency(given).margin(given.values).tolist() == [0.0, 0.0]
