"""What each fact adds to a score: SHAP values in log-odds, by feature and summed by concept.

The values come from the fitted rung itself (`contributions`), so they are exact for what is served: per row they
sum to the margin, the log-odds before calibration (which keeps every direction). Features that speak of one thing
(meetings in 7, 30, 90 days) share a concept; their values are summed, because a SHAP value divides one effect among
correlated features (Lundberg et al., 2020, "From local explanations to global understanding with explainable AI
for trees").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.catalog import Catalog
from features.matrix import Matrix
from models.bundle import Bundle
from models.decision.errors import DecisionError

BASE: Final = "(base value)"
"""Column of the value that every row starts from; the brackets keep it apart from feature names."""
TOLERANCE: Final = 1e-6
"""Allowed difference between sum and margin, relative to the margin (absolute below 1)."""


@dataclass(frozen=True)
class ByConcept:
    """Contributions summed by concept; both tables have one row per snapshot, one column per concept.

    Attributes
    ----------
    effect : DataFrame, shape (n_rows, n_concepts), float64
        Sum of the contributions of the concept's features, log-odds.
    feature : DataFrame, shape (n_rows, n_concepts), str
        The feature that carries most of it: the largest contribution in the direction of the sum.
    """

    effect: pd.DataFrame
    feature: pd.DataFrame


def contributions(bundle: Bundle, matrix: Matrix) -> pd.DataFrame:
    """Answer what each feature adds to each row's margin.

    Returns
    -------
    DataFrame, shape (n_rows, n_features + 1), float64
        Log-odds, rows as in the matrix, columns the bundle's features and `BASE`; never missing.

    Raises
    ------
    DecisionError
        A row's contributions do not sum to its margin within `TOLERANCE`.
    SchemaMismatch
        The matrix has other columns than the bundle was fitted on.
    """
    parts = bundle.rung.contributions(matrix.values)
    _check_sum(parts.sum(axis=1), bundle.rung.margin(matrix.values), matrix.keys)
    return pd.DataFrame(parts, columns=[*bundle.features, BASE])


def by_concept(parts: pd.DataFrame, catalog: Catalog) -> ByConcept:
    """Sum contributions by the concept of each feature; concepts in the order of their first feature."""
    names = [c for c in parts.columns if c != BASE]
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(catalog.of(name).concept, []).append(name)
    effect, feature = {}, {}
    for concept, members in groups.items():
        values = parts[members].to_numpy()
        effect[concept] = values.sum(axis=1)
        carrier = np.argmax(values * np.sign(effect[concept])[:, None], axis=1)
        feature[concept] = np.asarray(members, dtype=object)[carrier]
    return ByConcept(pd.DataFrame(effect, index=parts.index), pd.DataFrame(feature, index=parts.index, dtype="str"))


def _check_sum(total: npt.NDArray[np.float64], margin: npt.NDArray[np.float64], keys: pd.DataFrame) -> None:
    near = np.abs(total - margin) <= TOLERANCE * np.maximum(1.0, np.abs(margin))
    # an infinite margin allows any difference, and a NaN is near nothing
    off = ~(near & np.isfinite(margin))
    if off.any():
        row = int(np.argmax(off))
        raise DecisionError(
            f"row {row} (prospect {keys['prospect_id'].iloc[row]}): contributions sum to {total[row]:.9g}, "
            f"the margin is {margin[row]:.9g}; {int(off.sum())} of {len(off)} rows differ by more than "
            f"{TOLERANCE:g}. The bundle's files do not belong together: train again."
        )
