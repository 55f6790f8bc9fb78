"""The win head: will this prospect be won within H, how sure is that, and how do we know.

What is measured is what is served. The rung is fitted on the training period, calibrated on the period
after it and measured on the test period after that, and exactly this model is kept; it is *not* refitted on
the later periods, because a refitted model is one that nobody has measured. The price is the age of what it
learned from (two horizons and the test period); `Fitted.note` says the dates, and `rolling_origin` shows
what that age costs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.catalog import Catalog
from features.errors import NotEnoughHistory, SchemaMismatch
from features.facts.definitions import Definitions
from features.matrix import Matrix
from models.heads.encoding import Encoding
from models.heads.held_out import REPORT_COLUMNS, HeldOut, first_looks
from models.heads.ladder import Calibrated, Climbed, climb
from models.heads.recency import fit_recency
from models.heads.training import Training
from models.measures.likeness import Bands, fit_bands
from models.measures.splits import ForwardSplit, Mask, forward_split


@dataclass(frozen=True)
class Versions:
    """Of what a model was made."""

    company: str
    horizon_days: int
    trained_as_of: pd.Timestamp
    definitions_hash: str
    catalog_hash: str
    data_version: str


@dataclass(frozen=True)
class Fitted:
    """A fitted head with everything that was measured about it; `Bundle.of` keeps it.

    Attributes
    ----------
    kept : Calibrated
        The rung that is served, and its calibration (None: an order without chances).
    base_rate : float
        Share of the training and calibration snapshots that won; NaN where none is labelled.
    bands : Bands
        Held-out prospects by margin: of those scored alike, how many won.
    ladder : DataFrame
        One row per rung: what it gained over the one below, and whether the step was taken.
    report : DataFrame
        model, metric, value, low, high, reason on the test part, for the base rate, each fitted rung, and
        `takt`.
    split : ForwardSplit or None
        None where history was too short for a test; `note` says so.
    """

    head: str
    kept: Calibrated
    base_rate: float
    bands: Bands
    versions: Versions
    ladder: pd.DataFrame
    report: pd.DataFrame
    split: ForwardSplit | None
    note: str


def fit_win(
    matrix: Matrix,
    label: npt.ArrayLike,
    *,
    catalog: Catalog,
    definitions: Definitions,
    trained_as_of: pd.Timestamp,
    data_version: str,
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
    draws : int
        Bootstrap draws of the intervals in the report.

    Raises
    ------
    SchemaMismatch
        The matrix has other columns than the catalogue.
    """
    _check_columns(matrix, catalog)
    values = np.asarray(label, dtype=np.float64)
    versions = Versions(
        definitions.company, definitions.horizon_days, trained_as_of, definitions.hash, catalog.hash, data_version
    )
    horizon = pd.Timedelta(days=definitions.horizon_days)
    try:
        split = forward_split(matrix.keys, values, horizon=horizon)
    except NotEnoughHistory as error:
        return _unmeasured(matrix, versions, horizon, why=str(error))
    training = Training.of(
        matrix.values, values, keys=matrix.keys, encoding=Encoding.fit(matrix.values[split.train]),
        horizon=horizon, seed=seed, threads=threads,
    )  # fmt: skip
    climbed = climb(training, matrix.keys, split)
    test = HeldOut(
        training.take(split.test), matrix.keys[split.test], first_looks(matrix.keys)[split.test],
        team_capacity(definitions), draws,
    )  # fmt: skip
    base_rate = float(values[split.train | split.calibrate].mean())
    return Fitted(
        "win", climbed.kept, base_rate, _bands(climbed.kept, training, matrix.keys, split), versions,
        climbed.table, test.report(climbed, base_rate), split, _note(climbed, split),
    )  # fmt: skip


def team_capacity(definitions: Definitions) -> int:
    """Return the calls that the whole team makes on a day: of all named owners, else the default once; at least 1."""
    owners = definitions.capacity.owners
    return max(1, sum(owners.values()) if owners else definitions.capacity.default)


def _bands(kept: Calibrated, training: Training, keys: pd.DataFrame, split: ForwardSplit) -> Bands:
    """Count on rows the rung was not fitted on: the test, and the calibration part where it is a part of its own."""
    held: Mask = split.test if split.shares_calibration else split.test | split.calibrate
    part = training.take(held)
    margin = kept.rung.margin(part.values)
    return fit_bands(margin, part.label, prospects=keys["prospect_id"][held], seed=training.seed)


def _unmeasured(matrix: Matrix, versions: Versions, horizon: pd.Timedelta, *, why: str) -> Fitted:
    """Order by recency, without a chance and without a figure."""
    encoding = Encoding.fit(matrix.values)
    nothing = np.zeros(len(matrix.values))
    training = Training.of(matrix.values, nothing, keys=matrix.keys, encoding=encoding, horizon=horizon)
    kept = Calibrated(fit_recency(training), None)
    return Fitted(
        "win", kept, float("nan"), Bands(), versions,
        pd.DataFrame([{"rung": "recency", "wins": 0, "taken": True, "why": why}]),
        pd.DataFrame(columns=REPORT_COLUMNS), None, f"Order by recency, nothing measured: {why}",
    )  # fmt: skip


def _note(climbed: Climbed, split: ForwardSplit) -> str:
    steps = [f"{row.rung}: {row.why}" for row in climbed.table.itertuples()]
    parts = [f"{part}: {words}" for part, words in split.words.items()]
    return "; ".join([f"rung {climbed.name}", *steps, *parts]) + "."


def _check_columns(matrix: Matrix, catalog: Catalog) -> None:
    missing = [n for n in catalog.names if n not in matrix.values.columns]
    extra = [n for n in matrix.values.columns if n not in catalog.names]
    if missing or extra:
        raise SchemaMismatch(
            f"the matrix and the catalogue {catalog.hash} differ: missing {missing}, not declared {extra}. "
            "Build the matrix with this catalogue."
        )
