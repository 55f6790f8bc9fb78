"""From a fitted head to a champion: registry, challenger against champion, the way back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.facts.definitions import Definitions
from models.bundle import Bundle
from models.decision.fact_counts import FactCounts
from models.evidence import figures
from models.evidence.checks.run import Results
from models.evidence.promotion import Verdict, challenge
from models.evidence.training_evidence import FILE, to_json, training_evidence
from models.heads.learned import Fitted, recency_only
from models.registry import Registry, Version
from pipelines.home import Home
from pipelines.progress import stage
from pipelines.settings import PipelineSettings
from pipelines.steps import verdicts
from pipelines.steps.training import SEED, Material


@dataclass(frozen=True)
class Trained:
    """What came of a training: the version that was tried, the bundle, the verdict, and what the checks said."""

    version: Version
    bundle: Bundle
    verdict: Verdict
    checks: Results


@dataclass(frozen=True)
class Candidate:
    """A fitted head with everything that is registered with it.

    Attributes
    ----------
    beside : mapping of file name to text
        The other heads, kept in the bundle's folder.
    refused : Fitted or None
        What the ladder had kept, where a check kept it from serving and `fitted` is in its place.
    """

    fitted: Fitted
    given: Material
    beside: Mapping[str, str]
    checks: Results
    refused: Fitted | None = None


def held(home: Home, settings: PipelineSettings) -> Bundle | None:
    """Return the champion, copied to where the server reads it; None before the first one."""
    book = registry(home, settings)
    champion = book.champion()
    return None if champion is None else Bundle.load(book.fetch(champion, home.champion))


def register(
    candidate: Candidate, home: Home, *, definitions: Definitions, settings: PipelineSettings
) -> Version:  # fmt: skip
    """Log the training in MLflow and register its bundle as the challenger."""
    fitted, given = candidate.fitted, candidate.given
    beside = {
        **candidate.beside,
        "facts.json": FactCounts.fit(given.matrix, given.label).to_json(),
        "definitions.json": json.dumps(definitions.model_dump(mode="json"), sort_keys=True, indent=1),
        "checks.json": json.dumps(_plain(candidate.checks.table()), indent=1, ensure_ascii=False),
        FILE: _evidence(candidate),
    }
    params = {"source": definitions.company, "seed": SEED, "snapshots": len(given.matrix)}
    with stage("registering with MLflow") as told:
        version = registry(home, settings).log_training(
            Bundle.of(fitted), params=params, figures=_figures(fitted, given, simulated=definitions.simulated),
            tables={"checks": candidate.checks.table()}, beside=beside,
        )  # fmt: skip
        told.found = f"{version.name} version {version.number}"
    return version


def promote(
    version: Version, candidate: Candidate, home: Home, *, definitions: Definitions, settings: PipelineSettings
) -> Trained:
    """Let the challenger face the champion; publish the champion's bundle where the server reads it.

    Where neither may serve, the order by recency is registered and becomes champion.
    """
    fitted, given = candidate.fitted, candidate.given
    champion, book = held(home, settings), registry(home, settings)
    with stage("challenger against champion") as told:
        bundle = Bundle.of(fitted)
        tested = np.zeros(len(given.label), dtype=np.bool_) if fitted.split is None else fitted.split.test
        verdict = challenge(
            Bundle.of(fitted.measured), champion, given.matrix.where(tested), given.label[tested],
            capacity=given.capacity, findings=candidate.checks.findings, seed=SEED,
            serves=bundle.fingerprint,
        )  # fmt: skip
        told.found = verdict.why
    if verdict.fallback:
        lowest = recency_only(
            fitted, given.matrix.values, given.label, keys=given.matrix.keys, why=verdict.why, seed=SEED
        )
        bundle = Bundle.of(lowest)
        if champion is None or champion.fingerprint != bundle.fingerprint:
            plain = Candidate(lowest, given, candidate.beside, candidate.checks, refused=fitted)
            version = register(plain, home, definitions=definitions, settings=settings)
    if verdict.promote or verdict.fallback:
        book.promote(version)
        book.fetch(version, home.champion)
    verdicts.note(home, verdicts.Note.of(version, bundle, verdict))
    return Trained(version, bundle, verdict, candidate.checks)


def roll_back(home: Home, settings: PipelineSettings) -> Version:
    """Make the previous champion the champion again, here and where the server reads it.

    Raises
    ------
    RegistryError
        There was no champion before the present one.
    """
    book = registry(home, settings)
    version = book.rollback()
    book.fetch(version, home.champion)
    return version


def registry(home: Home, settings: PipelineSettings) -> Registry:
    """Open the registry of a home, named like its folder: on a server by URL, or in SQLite in the home."""
    name = re.sub(r"[^\w.-]+", "-", home.path.absolute().name).strip("-.") or "takt"
    if settings.mlflow_url:
        return Registry(settings.mlflow_url, None, name)
    return Registry.in_folder(home.path, name)


def _evidence(candidate: Candidate) -> str:
    with stage("measuring the model on later days") as told:
        found = training_evidence(
            candidate.fitted, candidate.given.matrix, candidate.given.label, capacity=candidate.given.capacity,
            seed=SEED, refused=candidate.refused,
        )  # fmt: skip
        told.found = found["unmeasured"] or f"{len(found['periods'])} periods"
    return to_json(found)


def _plain(table: pd.DataFrame) -> list[dict[str, str]]:
    return [{str(name): str(value) for name, value in row.items()} for row in table.to_dict("records")]


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
