"""The forward test of a source, straight from its files: nothing is stored and nothing is published."""

from __future__ import annotations

from pathlib import Path

from models.evidence.backtest import Evaluation, evaluate
from pipelines.home import Home
from pipelines.progress import stage
from pipelines.sources.folders import find
from pipelines.steps import moments, pulling, training


def evaluate_source(source: str, data: Path | None, home: Home, *, threads: int) -> Evaluation:
    """Map a source and measure every rung of the ladder on later data.

    Raises
    ------
    NotEnoughHistory
        The history is too short for a forward test.
    """
    folder = find(source)
    mapped = pulling.map_and_check(folder, pulling.pull(folder, data, home))
    facts = mapped.facts()
    as_of = moments.as_of_for(None, facts, mapped.definitions)
    given = training.material(facts.visible(as_of), as_of, definitions=mapped.definitions)
    with stage("fitting every rung and measuring it on later data") as told:
        found = evaluate(
            given.matrix, given.label, catalog=given.catalog, definitions=mapped.definitions,
            capacity=given.capacity, seed=training.SEED, threads=threads,
        )  # fmt: skip
        told.found = found.verdict
    return found
