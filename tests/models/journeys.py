"""A simulated company of snapshots with known chances, and the catalogue and definitions that go with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.algebra.declaration import feature
from features.algebra.terms import attribute
from features.catalog import Catalog
from features.facts.definitions import REQUIRED_TERMS, Definitions, parse
from features.matrix import Matrix

START = pd.Timestamp("2024-01-01", tz="UTC").as_unit("us")
HORIZON_DAYS = 28
HORIZON = pd.Timedelta(days=HORIZON_DAYS)
CATEGORIES = ("segment",)


@dataclass(frozen=True)
class Journeys:
    """Weekly snapshots, their labels, and the chance from which each label was drawn."""

    matrix: Matrix
    label: np.ndarray
    truth: np.ndarray


def journeys(
    *, prospects: int = 500, weeks: int = 60, base: float = -3.0, strength: float = 1.0, seed: int = 0
) -> Journeys:
    """Draw prospects that arrive evenly; fit, activity and segment c move the log-odds by `strength`.

    `constant` never varies, `empty` is always missing, `noise` says nothing. Snapshots whose window ends after the
    last week have no label.
    """
    rng = np.random.default_rng(seed)
    first = rng.integers(0, weeks, prospects)
    length = np.minimum(1 + rng.geometric(0.12, prospects), weeks - first)
    who = np.repeat(np.arange(prospects), length)
    week = np.concatenate([np.arange(f, f + n) for f, n in zip(first, length, strict=True)])
    fit, segment = rng.normal(size=prospects)[who], rng.integers(0, 4, prospects)[who]
    activity = rng.poisson(2, len(who)).astype(np.float64)
    touched = np.where(rng.random(len(who)) < 0.1, np.nan, rng.exponential(10, len(who)))
    values = pd.DataFrame(
        {
            "touch_all_days_since": touched,
            "prospect_age_days": (week - first[who]) * 7.0 + 1,
            "fit": fit,
            "activity": activity,
            "noise": rng.normal(size=len(who)),
            "constant": 1.0,
            "empty": np.nan,
        }
    ).astype("float32")
    values["segment"] = pd.Categorical(np.array(["a", "b", "c", "d"], dtype=object)[segment])
    truth = 1 / (1 + np.exp(-(base + strength * (1.2 * fit + 0.3 * activity + 0.8 * (segment == 2)))))
    label = (rng.random(len(who)) < truth).astype(np.float64)
    label[(week * 7 + HORIZON_DAYS) > weeks * 7] = np.nan
    return Journeys(Matrix(keys_of(who, week), values), label, truth)


def keys_of(who: np.ndarray, week: np.ndarray) -> pd.DataFrame:
    """Return keys of numbered prospects at weeks after START."""
    as_of = pd.Series(START + pd.to_timedelta(np.asarray(week) * 7, unit="D")).astype("datetime64[us, UTC]")
    return pd.DataFrame({"prospect_id": pd.array([f"p{i:05d}" for i in who], dtype="str"), "as_of": as_of})


def only_wins_of(world: Journeys, winners: int) -> Journeys:
    """Keep the labels of a few winning prospects, spread over time; all others did not win."""
    won = world.matrix.keys.loc[world.label == 1.0].sort_values("as_of")["prospect_id"].drop_duplicates()
    chosen = won.iloc[np.linspace(0, len(won) - 1, winners).astype(int)] if winners else won.iloc[:0]
    lost = (world.label == 1.0) & ~world.matrix.keys["prospect_id"].isin(chosen).to_numpy()
    return Journeys(world.matrix, np.where(lost, 0.0, world.label), world.truth)


def catalog_of(matrix: Matrix) -> Catalog:
    """Declare the columns of a matrix."""
    return Catalog(
        tuple(
            feature(
                str(name), attribute(str(name), "category" if name in CATEGORIES else "number"),
                question="prospect", concept=str(name), says="{value}", missing_says="not known",
            )
            for name in matrix.values.columns
        )
    )  # fmt: skip


def definitions_of(**changes: object) -> Definitions:
    """Return small definitions with the horizon of the journeys and ten calls a day."""
    term = {"means": "words for people", "evidence": "select prospect_id from prospects", "owner": "sales"}
    return parse(
        {
            "company": "simulated",
            "simulated": True,
            "recorded_at": "column",
            "horizon_days": HORIZON_DAYS,
            "capacity": {"default": 10},
            "terms": {name: {**term, "since": "2024-01-01"} for name in REQUIRED_TERMS},
            **changes,
        }
    )
