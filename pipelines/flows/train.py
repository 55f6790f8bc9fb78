"""`train`: from the lake to a challenger, and to a champion if it deserves it."""

from __future__ import annotations

from typing import Any

import pandas as pd
from prefect import flow, task

from features.facts.definitions import Definitions
from models.companions import Companions
from models.evidence.card import card, markdown
from models.evidence.checks.run import Results
from models.heads.learned import Fitted
from models.registry import Version
from pipelines.cluster import running
from pipelines.flows import common
from pipelines.home import Home
from pipelines.settings import PipelineSettings
from pipelines.steps import beside, checking, moments, promoting, pulling, training


@task(name="snapshots-and-features", **common.ONCE)
def material(home: Home, day: str | None, definitions: Definitions) -> tuple[training.Material, pd.Timestamp, str]:
    """Build the training matrix from what was known on the day."""
    facts, note = pulling.known(home)
    as_of = moments.as_of_for(day, facts, definitions)
    how = running.builder(home.lake, note.versions, as_of)
    given = training.material(facts.visible(as_of), as_of, definitions=definitions, builder=how)
    return given, as_of, note.data_version


@task(name="fit", **common.ONCE)
def fit(given: training.Material, as_of: pd.Timestamp, data_version: str, definitions: Definitions) -> Fitted:
    """Climb the ladder."""
    threads = PipelineSettings().threads
    return training.fit(given, as_of, definitions=definitions, data_version=data_version, threads=threads)


@task(name="fit-beside", **common.ONCE)
def fit_beside(
    given: training.Material, as_of: pd.Timestamp, data_version: str, definitions: Definitions
) -> Companions:
    """Fit the heads beside the win head."""
    threads = PipelineSettings().threads
    return beside.fit_beside(given, as_of, definitions=definitions, data_version=data_version, threads=threads)


@task(name="check", **common.ONCE)
def check(fitted: Fitted, given: training.Material, as_of: pd.Timestamp, home: Home) -> Results:
    """Run the quality checks."""
    settings, definitions = PipelineSettings(), pulling.words(home)
    champion = promoting.held(home, settings)
    return checking.check(fitted, given, champion, as_of=as_of, definitions=definitions, threads=settings.threads)


@task(name="register", **common.TRY_AGAIN)
def register(candidate: promoting.Candidate, home: Home) -> Version:
    """Log to MLflow."""
    return promoting.register(candidate, home, definitions=pulling.words(home), settings=PipelineSettings())


@task(name="promote", **common.TRY_AGAIN)
def promote(version: Version, candidate: promoting.Candidate, home: Home) -> promoting.Trained:
    """Let the challenger face the champion."""
    return promoting.promote(version, candidate, home, definitions=pulling.words(home), settings=PipelineSettings())


def train_in(home: Home, day: str | None) -> promoting.Trained:
    """Run the tasks, alone in this home, and leave the model card and the checks on the run's page."""
    definitions = pulling.words(home)
    with common.one_at_a_time(home, "train"):
        given, as_of, data_version = material(home, day, definitions)
        fitted = fit(given, as_of, data_version, definitions)
        heads = fit_beside(given, as_of, data_version, definitions)
        candidate = promoting.Candidate(fitted, given, heads.to_files(), check(fitted, given, as_of, home))
        trained = promote(register(candidate, home), candidate, home)
    common.text_artifact("model-card", markdown(card(trained.bundle, simulated=definitions.simulated)), "Model card")
    common.table_artifact("checks", trained.checks.table(), "Quality checks")
    common.text_artifact("verdict", f"Version {trained.version.number}: {trained.verdict.why}.", "Champion or not")
    return trained


@flow(name="train", task_runner=running.task_runner())
def train(home: str | None = None, source: str | None = None, day: str | None = None) -> dict[str, Any]:
    """Train the win head on what was known on a day (YYYY-MM-DD, default the latest) and promote it if it is better."""
    place = common.home_of(home, source)
    with common.recorded(place, "train"):
        trained = train_in(place, day)
    return {"version": trained.version.number, "promoted": trained.verdict.promote, "why": trained.verdict.why}
