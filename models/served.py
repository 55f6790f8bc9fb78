"""The script MLflow stores and runs to serve a bundle (models from code): features in, scores out, no pickle.

Not imported by Takt itself; `models.registry` hands its path to MLflow. Input: one row per snapshot, one column per
feature of the bundle, numbers as float64 and categories as text, missing allowed. Output: the score's columns
without the keys, in the order given.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc import PythonModel

from features.matrix import Matrix
from models.bundle import Bundle
from models.decision.score import score


class ServedBundle(PythonModel):  # type: ignore[misc]
    """A bundle behind MLflow's predict."""

    def load_context(self, context: Any) -> None:
        """Read the bundle's text and JSON from the model's artifacts."""
        self.bundle = Bundle.load(Path(context.artifacts["bundle"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:  # noqa: ARG002
        """Score each row; see the module's text for the columns."""
        values = _typed(model_input, self.bundle)
        # a score depends on the features alone; the keys only carry names through
        keys = pd.DataFrame({"prospect_id": values.index.astype("str"), "as_of": self.bundle.trained_as_of})
        return score(self.bundle, Matrix(keys, values)).drop(columns=["prospect_id", "as_of"])


def _typed(rows: pd.DataFrame, bundle: Bundle) -> pd.DataFrame:
    """Give the columns the types of a matrix: float32, or category where the bundle says so."""
    rows = rows.reset_index(drop=True)
    return pd.DataFrame(
        {
            name: rows[name].astype("str").astype("category") if name in bundle.levels else rows[name].astype("float32")
            for name in bundle.features
        }
    )


mlflow.models.set_model(ServedBundle())
