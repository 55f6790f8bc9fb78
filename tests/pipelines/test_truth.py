"""On the simulated company, whose truth is known, the list must come closer to the truth than the habits do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.matrix import build
from features.time.cohort import cohort
from models.bundle import Bundle
from models.decision.score import score
from pipelines.sources.folders import find
from pipelines.sources.mapping import map_source
from pipelines.steps import moments, training

CALLS = 80
SEEDS = (3, 12)


@dataclass(frozen=True)
class Worth:
    """Mean true chance of the first calls of four orders of the same morning's cohort."""

    oracle: float
    takt: float
    recency: float
    anybody: float


def worth(seed: int, place: Path) -> Worth:
    source = find("simulated")
    source.pull(place / "raw", prospects=2000, seed=seed, end="2026-07-01")
    mapped = map_source(source, place / "raw")
    facts, definitions = mapped.facts(), mapped.definitions
    as_of = moments.as_of_for(None, facts, definitions)
    given = training.material(facts, as_of, definitions=definitions)
    fitted = training.fit(given, as_of, definitions=definitions, data_version="test", threads=1)
    matrix = build(facts, cohort(facts, as_of, definitions=definitions), given.catalog)
    scores = score(Bundle.of(fitted), matrix).set_index("prospect_id")
    true = _truth(place, as_of).reindex(scores.index)
    assert true.notna().mean() > 0.95
    true = true.fillna(0.0)
    recent = -matrix.values["touch_all_days_since"].fillna(np.inf).set_axis(scores.index)

    def first(order: pd.Series) -> float:
        return float(true[order.sort_values(ascending=False, kind="stable").index[:CALLS]].mean())

    return Worth(first(true), first(scores["margin"]), first(recent), float(true.mean()))


def _truth(place: Path, as_of: pd.Timestamp) -> pd.Series:
    chances = pd.read_parquet(place / "truth" / "chances.parquet")
    today = chances[chances["as_of"] == chances["as_of"].max()]
    assert abs(today["as_of"].iloc[0] - as_of) < pd.Timedelta(days=1)
    return today.set_index("prospect_id")["chance"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_the_first_calls_are_truly_better_than_the_most_recent_ones_and_than_anybody(seed: int, tmp_path: Path) -> None:
    found = worth(seed, tmp_path)
    assert found.oracle >= found.takt > 1.3 * found.recency
    assert found.takt > 1.8 * found.anybody
