"""From facts to a fitted win head: snapshots, labels, matrix, ladder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.algebra.declaration import Declaration
from features.catalog import Catalog, catalog
from features.errors import NotEnoughHistory
from features.facts.definitions import Definitions
from features.facts.ledger import Facts
from features.matrix import Matrix, build
from features.time.cohort import snapshots, training_moments
from features.time.labels import observed_until, won_within
from models.decision.team import team_capacity
from models.heads.learned import Fitted
from models.heads.refitted import refitted
from models.heads.win import fit_win
from pipelines.cluster.shards import Builder
from pipelines.progress import stage

SEED = 7


@dataclass(frozen=True)
class Material:
    """What a training is made of: the matrix of all snapshots, their labels, and the facts that were visible.

    `capacity` is what the team calls on a day, as then known: at this depth lists are judged.
    """

    matrix: Matrix
    label: npt.NDArray[np.float64]
    catalog: Catalog
    facts: Facts
    capacity: int


def material(
    facts: Facts, as_of: pd.Timestamp, *, definitions: Definitions, extra: Iterable[Declaration] = (),
    builder: Builder = build,
) -> Material:  # fmt: skip
    """Build the matrix and the labels of the training grid from what is known at `as_of`.

    Parameters
    ----------
    extra : iterable of Declaration
        Features to try, beside those of the catalogue.
    builder : callable
        How the matrix is built: in this process, or in shards (`pipelines.cluster`); to the same bits.

    Raises
    ------
    NotEnoughHistory
        There is no snapshot at all.
    """
    declared = catalog(definitions, extra)
    with stage("cohorts and labels") as told:
        keys = snapshots(facts, training_moments(facts, as_of, definitions=definitions), definitions=definitions)
        until = observed_until(facts, as_of, definitions=definitions)
        label = won_within(facts, keys, days=definitions.horizon_days, observed_until=until).to_numpy()
        told.found, told.rows = f"{len(keys):,} snapshots, {int(np.nansum(label)):,} followed by a win", len(keys)
    if keys.empty:
        raise NotEnoughHistory(f"nobody was open on any day before {as_of.date()}; there is nothing to learn from.")
    with stage(f"computing {len(declared.names)} features") as told:
        matrix = builder(facts, keys, declared)
        told.found, told.rows = f"{matrix.values.shape[0]:,} x {matrix.values.shape[1]}", len(matrix)
    capacity = team_capacity(facts, as_of, definitions=definitions)
    return Material(matrix, label, declared, facts, capacity)


def fit(given: Material, as_of: pd.Timestamp, *, definitions: Definitions, data_version: str, threads: int) -> Fitted:
    """Climb the ladder of the win head, measure where it led, and fit that once more on everything labelled."""
    with stage("fitting the ladder") as told:
        fitted = fit_win(
            given.matrix, given.label, catalog=given.catalog, definitions=definitions, trained_as_of=as_of,
            data_version=data_version, capacity=given.capacity, seed=SEED, threads=threads,
        )  # fmt: skip
        told.found = f"kept {fitted.kept.rung.name}"
    with stage("fitting it once more on all that is labelled, to serve") as told:
        fitted = refitted(
            fitted, given.matrix.values, given.label, keys=given.matrix.keys, seed=SEED, threads=threads
        )  # fmt: skip
        told.found = "done" if fitted.served is not None else "nothing more to learn from"
    return fitted
