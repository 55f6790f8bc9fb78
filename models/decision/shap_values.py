"""What each fact adds to a score: SHAP values in log-odds, by feature and summed by concept.

The values come from the fitted rung itself (`contributions`), so they are exact for what is served: per row they
sum to the margin, the log-odds before calibration (which keeps every direction). Features that speak of one thing
(meetings in 7, 30, 90 days) share a concept; their values are summed, because a SHAP value divides one effect among
correlated features (Lundberg et al., 2020, "From local explanations to global understanding with explainable AI
for trees").
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numba
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
    check_sum(parts, bundle.rung.margin(matrix.values), matrix.keys["prospect_id"])
    return pd.DataFrame(parts, columns=[*bundle.features, BASE])


def by_concept(parts: pd.DataFrame, catalog: Catalog) -> ByConcept:
    """Sum contributions by the concept of each feature; concepts in the order of their first feature."""
    names = [c for c in parts.columns if c != BASE]
    concepts = Concepts.of(names, catalog)
    effect, carrier = concepts.sums(parts[names].to_numpy())
    return ByConcept(
        pd.DataFrame(effect, index=parts.index, columns=list(concepts.names)),
        pd.DataFrame(np.asarray(names, dtype=object)[carrier], parts.index, list(concepts.names), dtype="str"),
    )


@dataclass(frozen=True)
class Concepts:
    """What features speak of: the concepts in the order of their first feature, and that of each feature."""

    names: tuple[str, ...]
    of_feature: npt.NDArray[np.int64]

    @classmethod
    def of(cls, features: Iterable[str], catalog: Catalog) -> Concepts:
        """Look the features up."""
        said = [catalog.of(name).concept for name in features]
        names = tuple(dict.fromkeys(said))
        place = {name: i for i, name in enumerate(names)}
        return cls(names, np.array([place[name] for name in said], dtype=np.int64))

    def sums(self, parts: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """Sum contributions by concept.

        Parameters
        ----------
        parts : float64 array, shape (n_rows, at least n_features)

        Returns
        -------
        effect : float64 array, shape (n_rows, n_concepts)
        carrier : int64 array, shape (n_rows, n_concepts)
            The position of the feature that carries most of it.
        """
        effect = np.zeros((len(parts), len(self.names)))
        carrier = np.zeros((len(parts), len(self.names)), dtype=np.int64)
        _sum(np.ascontiguousarray(parts), self.of_feature, effect, carrier)
        return effect, carrier


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _sum(parts: Any, concept: Any, effect: Any, carrier: Any) -> None:
    """Add from left to right, so that a row's sums do not depend on how many rows there are."""
    best = np.empty(effect.shape[1])
    for r in range(len(parts)):
        for f in range(len(concept)):
            effect[r, concept[f]] += parts[r, f]
        best[:] = -np.inf
        for f in range(len(concept)):
            c = concept[f]
            size = parts[r, f] * np.sign(effect[r, c])
            if size > best[c]:
                best[c], carrier[r, c] = size, f


def check_sum(parts: npt.NDArray[np.float64], margin: npt.NDArray[np.float64], whose: Iterable[str]) -> None:
    """Refuse contributions that do not sum to their row's margin; see `contributions`.

    Parameters
    ----------
    parts : shape (n_rows, n_features + 1)
    margin : shape (n_rows,)
    whose : iterable of str, length n_rows
        The prospect of each row, for the message.
    """
    total = parts.sum(axis=1)
    near = np.abs(total - margin) <= TOLERANCE * np.maximum(1.0, np.abs(margin))
    # an infinite margin allows any difference, and a NaN is near nothing
    off = ~(near & np.isfinite(margin))
    if off.any():
        row = int(np.argmax(off))
        raise DecisionError(
            f"row {row} (prospect {list(whose)[row]}): contributions sum to {total[row]:.9g}, "
            f"the margin is {margin[row]:.9g}; {int(off.sum())} of {len(off)} rows differ by more than "
            f"{TOLERANCE:g}. The bundle's files do not belong together: train again."
        )
