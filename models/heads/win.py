"""The win head: will this prospect be won within H, how sure is that, and how do we know."""

from __future__ import annotations

import numpy.typing as npt
import pandas as pd

from features.catalog import Catalog
from features.errors import SchemaMismatch
from features.facts.definitions import Definitions
from features.matrix import Matrix
from models.heads.learned import Fitted, Question, Versions, fit_head


def fit_win(
    matrix: Matrix,
    label: npt.ArrayLike,
    *,
    catalog: Catalog,
    definitions: Definitions,
    trained_as_of: pd.Timestamp,
    data_version: str,
    capacity: int | None = None,
    seed: int = 7,
    threads: int = 2,
    draws: int = 200,
) -> Fitted:
    """Fit, calibrate and measure the win head; always returns something that can rank, from zero wins on.

    Parameters
    ----------
    matrix : Matrix
        Snapshots of the training grid, columns in the catalogue's order.
    label : array, shape (n_rows,)
        1.0 won within H, 0.0 not, NaN unlabelled.
    trained_as_of : Timestamp
        The moment of training, UTC: nothing recorded later was looked at.
    capacity : int or None
        Calls that the team makes on a day (`models.decision.team.team_capacity`); None: `named_capacity`.
    draws : int
        Bootstrap draws of the intervals in the report.

    Raises
    ------
    SchemaMismatch
        The matrix has other columns than the catalogue.
    """
    _check_columns(matrix, catalog)
    versions = Versions(
        definitions.company, definitions.horizon_days, trained_as_of, definitions.meaning, catalog.hash, data_version
    )
    calls = named_capacity(definitions) if capacity is None else capacity
    question = Question("win", versions, pd.Timedelta(days=definitions.horizon_days), calls)
    return fit_head(
        matrix.values, label, keys=matrix.keys, question=question, seed=seed, threads=threads, draws=draws
    )  # fmt: skip


def named_capacity(definitions: Definitions) -> int:
    """Return the calls a day of all owners who are named, else the default once; at least 1.

    For where no fact is at hand: who owns prospects makes calls too (`models.decision.team.team_capacity`).
    """
    owners = definitions.capacity.owners
    return max(1, sum(owners.values()) if owners else definitions.capacity.default)


def _check_columns(matrix: Matrix, catalog: Catalog) -> None:
    missing = [n for n in catalog.names if n not in matrix.values.columns]
    extra = [n for n in matrix.values.columns if n not in catalog.names]
    if missing or extra:
        raise SchemaMismatch(
            f"the matrix and the catalogue {catalog.hash} differ: missing {missing}, not declared {extra}. "
            "Build the matrix with this catalogue."
        )
