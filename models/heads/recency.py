"""The lowest rung: call first whom something happened to last. Needs no win at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.heads.encoding import Encoded, Encoding, Given
from models.heads.rung import summed
from models.heads.training import Training
from models.measures.ranking import Floats

SINCE: Final = ("touch_all_days_since", "prospect_age_days", "person_answer_days_since")
"""Features that say how long ago something happened, in days; the most recent one counts."""


@dataclass(frozen=True)
class Recency:
    """Minus the log of days since the last touch, or since creation.

    Attributes
    ----------
    features : tuple of str
        Those of `SINCE` that the matrix has; with none, every margin is 0.
    oldest : float
        Days assumed where all are missing: the most that were seen at the fit.
    typical : float
        The median of days at the fit: a prospect is explained by how much fresher or staler it is than that.
    """

    encoding: Encoding
    features: tuple[str, ...]
    oldest: float
    typical: float = 0.0
    name: str = "recency"

    def margin(self, values: Given) -> Floats:
        """Return -log(1 + days), shape (n_rows,)."""
        return summed(self.contributions(values))

    def contributions(self, values: Given) -> Floats:
        """Return, in the column of the feature that was most recent, what it adds to the margin of the typical."""
        x = self.encoding.apply(values)
        out = np.zeros((len(x), len(self.encoding.features) + 1))
        if self.features:
            columns = np.array([self.encoding.features.index(f) for f in self.features])
            days = _days(x, columns, self.oldest)
            nearest = days.argmin(axis=1)
            rows = np.arange(len(x))
            out[rows, columns[nearest]] = np.log1p(self.typical) - np.log1p(days[rows, nearest])
            out[:, -1] = -np.log1p(self.typical)
        return out

    def to_files(self) -> Mapping[str, str]:
        """Return recency.json."""
        return {"recency.json": json.dumps({"features": self.features, "oldest": self.oldest, "typical": self.typical})}

    @classmethod
    def from_files(cls, files: Mapping[str, str], encoding: Encoding) -> Recency:
        """Read what `to_files` wrote."""
        raw = json.loads(files["recency.json"])
        return cls(encoding, tuple(raw["features"]), raw["oldest"], raw["typical"])


def fit_recency(training: Training) -> Recency:
    """Note which columns say how recent something was; labels are not looked at."""
    numeric = [f for f in training.encoding.features if f not in training.encoding.levels]
    features = tuple(f for f in SINCE if f in numeric)
    columns = np.array([training.encoding.features.index(f) for f in features], dtype=np.int64)
    seen = training.x[:, columns]
    oldest = float(seen[~np.isnan(seen)].max(initial=0.0))
    days = _days(training.x, columns, oldest).min(axis=1, initial=np.inf)
    typical = float(np.median(days)) if features and len(days) else 0.0
    return Recency(training.encoding, features, oldest, typical)


def _days(x: Encoded, columns: np.ndarray, oldest: float) -> Floats:
    days = x[:, columns].astype(np.float64)
    return np.maximum(np.where(np.isnan(days), oldest, days), 0.0)
