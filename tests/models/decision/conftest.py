"""A small catalogue, matrices and a rung whose contributions are known by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.algebra.declaration import feature
from features.algebra.terms import attribute, count, days_since, touches
from features.catalog import Catalog
from features.facts.definitions import Definitions, parse
from features.matrix import Matrix

AS_OF = pd.Timestamp("2026-03-02", tz="UTC").as_unit("us")


@pytest.fixture
def catalog() -> Catalog:
    meetings = count(touches, kind="meeting", days=30)
    return Catalog(
        (
            feature(
                "meetings_30d", meetings, question="person", concept="meetings",
                says="{value:.0f} meetings in the last 30 days", unit="meetings",
            ),
            feature(
                "meetings_90d", meetings, question="person", concept="meetings",
                says="{value:.0f} meetings in the last 90 days", unit="meetings",
            ),
            feature(
                "reply_days", days_since(touches), question="time", concept="replies",
                says="replied {value:.0f} days ago", unit="days", missing_says="no reply so far",
            ),
            feature(
                "industry", attribute("industry", "category"), question="prospect", concept="industry",
                says="works in {value}", missing_says="industry not known",
            ),
        )
    )  # fmt: skip


@pytest.fixture
def matrix_of() -> Callable[..., Matrix]:
    """Build a matrix of rows (prospect_id, meetings_30d, meetings_90d, reply_days, industry)."""

    def build(*rows: tuple[Any, ...], as_of: Any = AS_OF) -> Matrix:
        ids, *columns = zip(*rows, strict=True)
        names = ("meetings_30d", "meetings_90d", "reply_days", "industry")
        values = pd.DataFrame(dict(zip(names, columns, strict=True)))
        numbers = {name: values[name].astype("float32") for name in names[:3]}
        keys = pd.DataFrame({"prospect_id": pd.array(ids, dtype="str"), "as_of": as_of})
        return Matrix(keys, values.assign(**numbers, industry=values["industry"].astype("category")))

    return build


@dataclass(frozen=True)
class Weights:
    """A rung that weighs what it sees: missing and category count by the weight alone."""

    weights: tuple[float, ...] = (0.5, 0.25, -0.1, 0.8)
    base: float = -2.0
    error: float = 0.0

    name = "weights"

    def contributions(self, values: pd.DataFrame) -> np.ndarray:
        columns = [
            (values[c] == "retail").astype("float64") if c == "industry" else values[c].fillna(0).astype("float64")
            for c in values.columns
        ]
        parts = [w * c.to_numpy() for w, c in zip(self.weights, columns, strict=True)]
        return np.column_stack([*parts, np.full(len(values), self.base)])

    def margin(self, values: pd.DataFrame) -> np.ndarray:
        return self.contributions(values).sum(axis=1) + self.error


@dataclass(frozen=True)
class Fitted:
    """What this room reads of a bundle."""

    rung: Weights = Weights()
    features: tuple[str, ...] = ("meetings_30d", "meetings_90d", "reply_days", "industry")
    fingerprint: str = "f" * 16
    definitions_hash: str = "d" * 12
    catalog_hash: str = "c" * 12


@pytest.fixture
def fitted() -> Callable[..., Fitted]:
    return lambda **changes: Fitted(rung=Weights(**changes))


@pytest.fixture
def definitions_of() -> Callable[..., Definitions]:
    def build(**changes: Any) -> Definitions:
        term = {
            "means": "what everybody means by it",
            "evidence": "select 1",
            "owner": "x",
            "since": "2026-01-01",
        }
        words = ("prospect", "contacted", "qualified", "won", "lost", "receptive")
        given = {"company": "Acme", "recorded_at": "column", "horizon_days": 30, "minimum_gap_days": 2}
        return parse(given | {"terms": dict.fromkeys(words, term)} | changes)

    return build
