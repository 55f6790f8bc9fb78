"""The highest rung: gradient boosted trees (LightGBM), kept as LightGBM's own text.

Trees are as large as the evidence allows: a leaf must hold about `WINNERS_IN_LEAF` winning prospects' share
of the rows. No class weights: they would spoil the chances. How many trees is decided on the later part of
the training period, after a gap of H, or on prospects left out where the period is too short for that; then
all rows are used.

LightGBM is imported where it is used: a server starts without it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from models.heads.encoding import Encoding, Given
from models.heads.training import Training
from models.heads.tree_shap import TreeShap
from models.measures.ranking import Floats
from models.measures.splits import Mask

MOST_TREES: Final = 600
PATIENCE: Final = 40
WINNERS_IN_LEAF: Final = 4
LATER_SHARE: Final = 0.25
LEAST_WINS: Final = 15
"""Winning prospects that both sides of the early-stopping split need to be split by time."""
FEW_ROWS: Final = 64
QUADRATURE: Final = "quadrature 1"
"""How a model is explained from now on; another number where the bits would be others."""
PRED_CONTRIB: Final = "pred_contrib"
"""How models without a word about it were explained: by LightGBM. Their receipts are replayed by it (docs/adr/0014)."""


@dataclass(frozen=True)
class Boosted:
    """A LightGBM model; `text` is what LightGBM wrote and reads back to the same bits."""

    encoding: Encoding
    text: str
    threads: int = 2
    explained_by: str = QUADRATURE
    name: str = "boosted"

    @cached_property
    def _booster(self) -> Any:
        import lightgbm

        return lightgbm.Booster(model_str=self.text)

    @cached_property
    def _shap(self) -> TreeShap:
        return TreeShap.of(self.text)

    def margin(self, values: Given) -> Floats:
        """Return the raw score, shape (n_rows,)."""
        return self._predict(values, raw_score=True)

    def contributions(self, values: Given) -> Floats:
        """Return path-dependent TreeSHAP values (Lundberg et al., 2020); a row's depend on that row alone."""
        if self.explained_by == PRED_CONTRIB:
            return self._predict(values, pred_contrib=True)
        return self._shap.values(self.encoding.apply(values), threads=self.threads)

    def _predict(self, values: Given, **how: bool) -> Floats:
        x = self.encoding.apply(values)
        if not len(x):
            return np.zeros((0, x.shape[1] + 1) if "pred_contrib" in how else 0)
        # waking a thread costs more than a few rows; the bits are those of any number of threads
        threads = min(self.threads, 1 + len(x) // FEW_ROWS)
        out: Floats = self._booster.predict(x, num_threads=threads, **how)
        return out

    def to_files(self) -> Mapping[str, str]:
        """Return model.lgb, and shap.json where it is not LightGBM that explains."""
        if self.explained_by == PRED_CONTRIB:
            return {"model.lgb": self.text}
        return {"model.lgb": self.text, "shap.json": json.dumps({"explained_by": self.explained_by})}

    @classmethod
    def from_files(cls, files: Mapping[str, str], encoding: Encoding) -> Boosted:
        """Read what `to_files` wrote.

        Raises
        ------
        ValueError
            A later version of Takt wrote it, which explains in another way.
        """
        how = json.loads(files["shap.json"])["explained_by"] if "shap.json" in files else PRED_CONTRIB
        if how not in (QUADRATURE, PRED_CONTRIB):
            raise ValueError(f"shap.json: explained by {how!r}; this version of Takt explains by {QUADRATURE!r}")
        return cls(encoding, files["model.lgb"], explained_by=how)


def fit_boosted(training: Training) -> Boosted:
    """Decide the number of trees on held-out rows, then fit on all; wins and others must both occur."""
    import lightgbm

    early, later = _stopping(training)
    fit = _dataset(training, early)
    watch = lightgbm.early_stopping(PATIENCE, verbose=False)
    tried = lightgbm.train(
        _parameters(training, early), fit, MOST_TREES,
        valid_sets=[_dataset(training, later, reference=fit)], callbacks=[watch],
    )  # fmt: skip
    everything = np.ones(len(training.label), dtype=np.bool_)
    trees = max(1, tried.best_iteration)
    model = lightgbm.train(_parameters(training, everything), _dataset(training, everything), trees)
    return Boosted(training.encoding, model.model_to_string(), threads=training.threads)


def _parameters(training: Training, rows: Mask) -> dict[str, Any]:
    part = training.take(rows)
    return {
        "objective": "binary",
        "learning_rate": 0.05,
        "num_leaves": int(np.clip(part.wins // (2 * WINNERS_IN_LEAF), 4, 31)),
        "min_data_in_leaf": int(np.clip(WINNERS_IN_LEAF * len(part.label) / max(part.wins, 1), 20, 2000)),
        "feature_fraction": 0.5,
        "lambda_l2": 10.0,
        "cat_smooth": 20.0,
        "seed": training.seed,
        "num_threads": training.threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }


def _dataset(training: Training, rows: Mask, *, reference: Any = None) -> Any:
    import lightgbm

    encoding = training.encoding
    return lightgbm.Dataset(
        training.x[rows], training.label[rows], reference=reference,
        feature_name=[f"f{j}" for j in range(len(encoding.features))],
        categorical_feature=[encoding.features.index(name) for name in encoding.levels],
        params={"verbosity": -1},
    )  # fmt: skip


def _stopping(training: Training) -> tuple[Mask, Mask]:
    """Choose the rows that stop the boosting: the latest days, H after the others; else every fourth prospect."""
    moment = np.quantile(training.as_of, 1 - LATER_SHARE, method="nearest")
    early, later = training.as_of + training.horizon <= moment, training.as_of >= moment
    if min(training.take(early).wins, training.take(later).wins) >= LEAST_WINS:
        return early, later
    fold = training.folds(4)
    return fold != 0, fold == 0
