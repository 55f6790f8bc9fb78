"""A champion of full size and requests for it: 300 trees of 31 leaves over the whole catalogue, on a simulated company.

What a small company trains is a small model, and a small model is quick to explain whoever does it; the figures of
serving are those of a large one. Its trees learn from labels that are drawn, not from those of the company.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import lightgbm
import numpy as np
import pandas as pd

from features.catalog import Catalog, catalog
from features.facts.definitions import Definitions
from features.facts.ledger import Facts
from features.matrix import Matrix, build
from features.time.asof import DAY
from features.time.cohort import cohort, snapshots, training_moments
from models.bundle import Bundle
from models.decision.fact_counts import FactCounts
from models.heads.boosted import Boosted
from models.heads.encoding import Encoding
from models.measures.calibration import fit_calibration
from models.measures.likeness import fit_bands
from pipelines.sources.folders import find
from pipelines.sources.mapping import map_source

TREES: Final = 300
LEAVES: Final = 31
TOUCHES: Final = 50
"""Touches of each prospect that is sent, about."""
_PROSPECTS: Final = 600
_ROWS: Final = 12_000
_LEARNT: Final = "2026-07-01"


@dataclass(frozen=True)
class Served:
    """A champion in a folder, and the facts of a company that it can be asked about."""

    bundle: Bundle
    catalog: Catalog
    definitions: Definitions
    facts: Facts
    as_of: pd.Timestamp

    def matrix(self) -> Matrix:
        """Return the rows of everybody who is open, as the daily run has them."""
        return build(self.facts, cohort(self.facts, self.as_of, definitions=self.definitions), self.catalog)

    def body(self, ids: list[str]) -> dict[str, Any]:
        """Return the body of `POST /v1/score` for some prospects: their rows of the contract and nothing else."""
        mine = self.facts.visible(self.as_of).of_prospects(pd.Index(ids))
        tables = {name: _thin(frame) for name, frame in mine.tables().items() if len(frame)}
        for name in ("prospects", "outcomes"):  # those of the same account come along, and were not asked for
            tables[name] = [row for row in tables.get(name, []) if row["prospect_id"] in ids]
        return {"as_of": self.as_of.isoformat(), **tables}

    def rich(self, most: int) -> list[str]:
        """Return open prospects with about `TOUCHES` touches, the nearest to it first."""
        keys = cohort(self.facts, self.as_of, definitions=self.definitions)
        touches = self.facts.touches
        seen = touches[touches["recorded_at"] < self.as_of].groupby("prospect_id").size()
        far = (seen.reindex(keys["prospect_id"], fill_value=0) - TOUCHES).abs()
        return far.sort_values(kind="stable").index[:most].tolist()


def make(scratch: Path, champion: Path) -> Served:
    """Simulate the company, fit the trees and write the folder that the server reads."""
    source, raw = find("simulated"), scratch / "raw"
    source.pull(raw, prospects=_PROSPECTS, seed=11, end=_LEARNT)
    mapped = map_source(source, raw)
    definitions, facts = mapped.definitions, mapped.facts()
    as_of = pd.Timestamp(_LEARNT, tz="UTC").as_unit("us")
    declared = catalog(definitions)
    keys = snapshots(facts, training_moments(facts, as_of, definitions=definitions), definitions=definitions)
    keys = keys.iloc[:: max(1, len(keys) // _ROWS)].reset_index(drop=True)
    matrix = build(facts, keys, declared)
    label = _drawn(matrix)
    bundle = _bundle(matrix, label, definitions=definitions, declared=declared, as_of=as_of)
    bundle.save(champion)
    counts = FactCounts.fit(matrix, label)
    (champion / "facts.json").write_text(counts.to_json(), encoding="utf-8")
    (champion / "definitions.json").write_text(json.dumps(definitions.model_dump(mode="json")), encoding="utf-8")
    return Served(bundle, declared, definitions, facts, as_of)


def _drawn(matrix: Matrix) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Draw labels that depend on many features, so that trees have something to find to the last."""
    draw = np.random.default_rng(7)
    numbers = matrix.values.select_dtypes("number").to_numpy(np.float64)
    numbers = np.nan_to_num(numbers, nan=-1.0)
    scale = numbers.std(axis=0)
    z = (numbers - numbers.mean(axis=0)) / np.where(scale > 0, scale, 1.0)
    score = np.tanh(z) @ draw.normal(size=z.shape[1]) + draw.normal(size=len(z))
    return (score > np.quantile(score, 0.8)).astype(np.float64)


def _bundle(
    matrix: Matrix, label: np.ndarray[Any, np.dtype[np.float64]], *,
    definitions: Definitions, declared: Catalog, as_of: pd.Timestamp,
) -> Bundle:  # fmt: skip
    encoding = Encoding.fit(matrix.values)
    x = encoding.apply(matrix.values)
    categories = [encoding.features.index(name) for name in encoding.levels]
    data = lightgbm.Dataset(x, label, categorical_feature=categories, params={"verbose": -1})
    parameters = {
        "objective": "binary", "learning_rate": 0.05, "num_leaves": LEAVES, "min_data_in_leaf": 20,
        "feature_fraction": 0.5, "verbose": -1, "seed": 7, "num_threads": 2, "deterministic": True,
    }  # fmt: skip
    text = lightgbm.train(parameters, data, TREES).model_to_string()
    # as it comes from the folder: a model without a word of how many threads it has is scored by the server's own
    rung = Boosted(encoding, text)
    margin = rung.margin(matrix.values)
    return Bundle(
        head="win", company=definitions.company, rung=rung, calibration=fit_calibration(margin, label, wins=0),
        horizon_days=definitions.horizon_days, trained_as_of=as_of, definitions_hash=definitions.meaning,
        catalog_hash=declared.hash, data_version="bench", base_rate=float(label.mean()),
        bands=fit_bands(margin, label, prospects=matrix.keys["prospect_id"], seed=7), split={},
    )  # fmt: skip


def _thin(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as JSON has them, without what is missing: as a program would send them."""
    rows = json.loads(frame.to_json(orient="records", date_format="iso", date_unit="us"))
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


__all__ = ["DAY", "LEAVES", "TOUCHES", "TREES", "Served", "make"]
