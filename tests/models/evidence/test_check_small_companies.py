"""With few wins the kept model is no worse than the order by recency, beyond noise, where the truth is known."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from models.evidence.checks.at_capacity import compare, on_list, recency_order
from models.heads.learned import Fitted, Question, Versions, fit_head
from tests.models.evidence.check_worlds import TRAINED
from tests.models.journeys import HORIZON, HORIZON_DAYS, Journeys, journeys

QUESTION = Question("win", Versions("simulated", HORIZON_DAYS, TRAINED, "words", "features", "1"), HORIZON, 10)
PROSPECTS = {0: 60, 20: 66, 50: 160, 200: 640}
"""Prospects that a company needs to have about so many winning ones."""


def company(prospects: int, seed: int, *, recency: bool) -> Journeys:
    """Draw a company in which those win that fit, or only those that something happened to lately."""
    drawn = journeys(prospects=prospects, weeks=78, seed=seed)
    if not recency:
        return drawn
    days = drawn.matrix.values[["touch_all_days_since", "prospect_age_days"]].min(axis=1).to_numpy(dtype=float)
    truth = 1 / (1 + np.exp(1.2 * np.log1p(days) - 0.5))
    label = (np.random.default_rng(seed + 5000).random(len(truth)) < truth).astype(float)
    return Journeys(drawn.matrix, np.where(np.isnan(drawn.label), np.nan, label), truth)


@cache
def newcomers(recency: bool) -> Journeys:
    """Return a large company of the same kind, to ask what a list is worth by the true chances."""
    return company(1000, 999, recency=recency)


def fit(given: Journeys) -> Fitted:
    return fit_head(given.matrix.values, given.label, keys=given.matrix.keys, question=QUESTION, threads=1, draws=2)


@pytest.mark.parametrize("recency", [False, True], ids=["facts decide", "recency decides"])
@pytest.mark.parametrize("wins", PROSPECTS)
def test_the_kept_model_is_no_worse_than_recency(wins: int, recency: bool) -> None:
    asked = newcomers(recency)
    for seed in range(2 if wins < 200 else 1):
        given = company(PROSPECTS[wins], seed, recency=recency)
        if wins == 0:
            given = Journeys(given.matrix, np.where(np.isnan(given.label), np.nan, 0.0), given.truth)
        rung = fit(given).kept.rung
        orders = rung.margin(asked.matrix.values), recency_order(asked.matrix.values, asked.matrix.keys)
        model, plain = (float(on_list(o, asked.matrix.keys, calls=15) @ asked.truth) for o in orders)
        assert model >= 0.97 * plain, (seed, rung.name)


def test_on_its_own_later_data_no_kept_model_surely_loses_to_recency() -> None:
    for seed in range(3):
        given = company(PROSPECTS[50], seed, recency=True)
        fitted = fit(given)
        assert fitted.split is not None
        rows = fitted.split.test
        part, label = given.matrix.where(rows), given.label[rows]
        orders = fitted.kept.rung.margin(part.values), recency_order(part.values, part.keys)
        assert compare(label, *orders, keys=part.keys, calls=3, seed=1).high >= 0
