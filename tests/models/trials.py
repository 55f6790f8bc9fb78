"""Randomised trials with known effects."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.heads.trial import Trial
from models.measures.policy import Logged

ARMS = ("nothing", "pilot", "discount")


def trial(*, rows: int = 1500, seed: int = 0, strength: float = 0.3, arms: int = 3) -> tuple[Trial, np.ndarray]:
    """Draw a trial and its true effects: the pilot adds `strength` where `fit` is above 0 and nothing below.

    The discount adds 0.1 for everybody. The chance of the first arm is 0.4 for half of the people and 0.2 for the
    others. `noise` and `region` say nothing, `empty` is always missing.
    """
    rng = np.random.default_rng(seed)
    fit, many = rng.normal(size=rows), rng.random(rows) < 0.5
    values = pd.DataFrame({"fit": fit, "noise": rng.normal(size=rows), "empty": np.nan}).astype("float32")
    values["region"] = pd.Categorical(np.array(["north", "south"], dtype=object)[rng.integers(0, 2, rows)])
    first = np.where(many, 0.4, 0.2)
    chance = np.column_stack([first, *[(1 - first) / (arms - 1)] * (arms - 1)])
    arm = (rng.random(rows)[:, None] > np.cumsum(chance, axis=1)).sum(axis=1).astype(np.int64)
    effect = np.column_stack([np.zeros(rows), strength * (fit > 0), np.full(rows, 0.1)])[:, :arms]
    base = 0.25 + 0.1 * (fit > 0.5)
    outcome = (rng.random(rows) < base + effect[np.arange(rows), arm]).astype(np.float64)
    logged = Logged(arm, chance[np.arange(rows), arm], outcome)
    return Trial(values, logged, ARMS[:arms]), effect
