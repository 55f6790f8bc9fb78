"""The rungs of the amount head: the median of the segment, and boosted trees on the log amount."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Final, Protocol

import lightgbm
import numpy as np
import pandas as pd

from models.heads.encoding import Encoding
from models.measures.ranking import Floats, Ints

MEDIAN: Final = "median"
SEGMENT: Final = "prospect_segment"
"""Feature that holds the segment; without it there is one median for all."""
LEAST_IN_SEGMENT: Final = 5
"""Won amounts below which a segment is given the median of everybody: one deal is an anecdote."""
TREES: Final = 200


class AmountRung(Protocol):
    """A fitted model of the log amount."""

    @property
    def name(self) -> str:
        """The rung's name."""

    def predict(self, values: pd.DataFrame) -> tuple[Floats, Ints]:
        """Return the median log amount of each row, and the number of won amounts it rests on, shapes (n_rows,)."""

    def to_files(self) -> Mapping[str, str]:
        """Return file names and texts."""


@dataclass(frozen=True)
class SegmentMedian:
    """Median log amounts: of everybody, and of each segment with enough wins, each with its count."""

    everybody: tuple[float, int]
    segments: Mapping[str, tuple[float, int]]
    name: str = MEDIAN

    def predict(self, values: pd.DataFrame) -> tuple[Floats, Ints]:
        """Return the median and count of each row's segment, else of everybody."""
        names = values[SEGMENT].astype(object) if SEGMENT in values.columns else pd.Series([None] * len(values))
        found = [self.segments.get(name, self.everybody) for name in names]
        return np.array([m for m, _ in found], dtype=np.float64), np.array([n for _, n in found], dtype=np.int64)

    def to_files(self) -> Mapping[str, str]:
        """Return amount_median.json."""
        return {"amount_median.json": json.dumps(asdict(self), sort_keys=True)}

    @classmethod
    def from_files(cls, files: Mapping[str, str]) -> SegmentMedian:
        """Read what `to_files` wrote."""
        raw = json.loads(files["amount_median.json"])
        return cls(tuple(raw["everybody"]), {name: tuple(found) for name, found in raw["segments"].items()})


def fit_median(values: pd.DataFrame, log: Floats) -> SegmentMedian:
    """Take the medians; at least one amount."""
    segments = {}
    if SEGMENT in values.columns:
        groups = pd.Series(log).groupby(values[SEGMENT].astype(object).to_numpy())
        segments = {str(k): (float(g.median()), len(g)) for k, g in groups if len(g) >= LEAST_IN_SEGMENT}
    return SegmentMedian((float(np.median(log)), len(log)), segments)


@dataclass(frozen=True)
class BoostedAmount:
    """LightGBM on the log amount, by its own text; `n` won amounts were learned from."""

    encoding: Encoding
    text: str
    n: int
    threads: int = 1
    name: str = "boosted"

    @cached_property
    def _booster(self) -> Any:
        return lightgbm.Booster(model_str=self.text)

    def predict(self, values: pd.DataFrame) -> tuple[Floats, Ints]:
        """Return what the trees say, and the same count for each row."""
        x = self.encoding.apply(values)
        log = self._booster.predict(x, num_threads=self.threads) if len(x) else np.zeros(0)
        return log, np.full(len(x), self.n, dtype=np.int64)

    def to_files(self) -> Mapping[str, str]:
        """Return amount.lgb and amount_encoding.json."""
        return {"amount.lgb": self.text, "amount_encoding.json": json.dumps({"n": self.n, **asdict(self.encoding)})}

    @classmethod
    def from_files(cls, files: Mapping[str, str]) -> BoostedAmount:
        """Read what `to_files` wrote."""
        raw = json.loads(files["amount_encoding.json"])
        levels = {name: tuple(found) for name, found in raw["levels"].items()}
        return cls(Encoding(tuple(raw["features"]), levels), files["amount.lgb"], raw["n"])


def fit_boosted_amount(
    values: pd.DataFrame, log: Floats, *, encoding: Encoding, seed: int, threads: int
) -> BoostedAmount:
    """Fit small trees with least absolute error (LightGBM's l1 renews each leaf to the median of its rows)."""
    parameters = {
        "objective": "regression_l1", "learning_rate": 0.05, "num_leaves": int(np.clip(len(log) // 20, 4, 31)),
        "min_data_in_leaf": int(np.clip(len(log) // 20, 5, 20)), "feature_fraction": 0.5, "seed": seed,
        "num_threads": threads, "deterministic": True, "force_row_wise": True, "verbosity": -1,
    }  # fmt: skip
    data = lightgbm.Dataset(
        encoding.apply(values), log, feature_name=[f"f{j}" for j in range(len(encoding.features))],
        categorical_feature=[encoding.features.index(name) for name in encoding.levels], params={"verbosity": -1},
    )  # fmt: skip
    model = lightgbm.train(parameters, data, TREES)
    return BoostedAmount(encoding, model.model_to_string(), len(log), threads)
