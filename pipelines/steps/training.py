"""From facts to a promoted bundle: snapshots, labels, matrix, ladder, figures, registry."""

from __future__ import annotations

import json
import re
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
from models.bundle import Bundle
from models.decision.fact_counts import FactCounts
from models.evidence import figures
from models.evidence.promotion import Verdict, challenge
from models.heads.learned import Fitted
from models.heads.win import fit_win
from models.registry import Registry, Version
from pipelines.home import Home
from pipelines.progress import stage
from pipelines.settings import PipelineSettings

SEED = 7


@dataclass(frozen=True)
class Material:
    """What a training is made of: the matrix of all snapshots and their labels."""

    matrix: Matrix
    label: npt.NDArray[np.float64]
    catalog: Catalog


@dataclass(frozen=True)
class Trained:
    """What came of a training."""

    version: Version
    bundle: Bundle
    verdict: Verdict


def material(
    facts: Facts, as_of: pd.Timestamp, *, definitions: Definitions, extra: Iterable[Declaration] = ()
) -> Material:
    """Build the matrix and the labels of the training grid from what is known at `as_of`.

    Parameters
    ----------
    extra : iterable of Declaration
        Features to try, beside those of the catalogue.

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
        told.found = f"{len(keys):,} snapshots, {int(np.nansum(label)):,} followed by a win"
    if keys.empty:
        raise NotEnoughHistory(f"nobody was open on any day before {as_of.date()}; there is nothing to learn from.")
    with stage(f"computing {len(declared.names)} features") as told:
        matrix = build(facts, keys, declared)
        told.found = f"{matrix.values.shape[0]:,} x {matrix.values.shape[1]}"
    return Material(matrix, label, declared)


def fit(given: Material, as_of: pd.Timestamp, *, definitions: Definitions, data_version: str, threads: int) -> Fitted:
    """Climb the ladder of the win head."""
    with stage("fitting the ladder") as told:
        fitted = fit_win(
            given.matrix, given.label, catalog=given.catalog, definitions=definitions, trained_as_of=as_of,
            data_version=data_version, seed=SEED, threads=threads,
        )  # fmt: skip
        told.found = f"kept {fitted.kept.rung.name}"
    return fitted


def register(
    fitted: Fitted, given: Material, home: Home, *, definitions: Definitions, settings: PipelineSettings
) -> Version:
    """Log the training in MLflow and register its bundle as the challenger."""
    bundle = Bundle.of(fitted)
    facts = FactCounts.fit(given.matrix, given.label)
    beside = {
        "facts.json": facts.to_json(),
        "definitions.json": json.dumps(definitions.model_dump(mode="json"), sort_keys=True, indent=1),
    }
    params = {"source": definitions.company, "seed": SEED, "snapshots": len(given.matrix)}
    with stage("registering with MLflow") as told:
        version = registry(home, settings).log_training(
            bundle, params=params, figures=_figures(fitted, given, simulated=definitions.simulated), beside=beside
        )
        told.found = f"{version.name} version {version.number}"
    return version


def promote(version: Version, fitted: Fitted, given: Material, home: Home, *, settings: PipelineSettings) -> Trained:
    """Let the challenger face the champion; publish the champion's bundle where the server reads it."""
    book = registry(home, settings)
    champion = book.champion()
    with stage("challenger against champion") as told:
        if champion is not None:
            book.fetch(champion, home.champion)
        held = Bundle.load(home.champion) if champion is not None else None
        bundle = Bundle.of(fitted)
        tested = np.zeros(len(given.label), dtype=np.bool_) if fitted.split is None else fitted.split.test
        verdict = challenge(bundle, held, given.matrix.where(tested), given.label[tested], seed=SEED)
        if verdict.promote:
            book.promote(version)
            book.fetch(version, home.champion)
        told.found = verdict.why
    return Trained(version, bundle, verdict)


def registry(home: Home, settings: PipelineSettings) -> Registry:
    """Open the registry of a home, named like its folder: on a server by URL, or in SQLite in the home."""
    name = re.sub(r"[^\w.-]+", "-", home.path.absolute().name).strip("-.") or "takt"
    if settings.mlflow_url:
        return Registry(settings.mlflow_url, None, name)
    return Registry.in_folder(home.path, name)


def _figures(fitted: Fitted, given: Material, *, simulated: bool) -> dict[str, bytes]:
    if fitted.split is None:
        return {}
    rows = fitted.split.test
    label, values = given.label[rows], given.matrix.values[rows]
    margin = fitted.kept.rung.margin(values)
    chance = fitted.kept.chance(margin)
    drawn = {"ladder": figures.ladder(fitted.ladder, simulated=simulated)}
    if label.any():
        drawn["gains"] = figures.gains(label, margin, simulated=simulated)
    if not np.isnan(chance).all():
        prospects = given.matrix.keys["prospect_id"][rows]
        drawn["calibration"] = figures.calibration(label, chance, prospects=prospects, simulated=simulated)
    return drawn
