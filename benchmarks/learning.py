"""(c) Training and explained scoring on the simulated company that the demo left in its lake."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from benchmarks.clock import in_turn
from benchmarks.report import Section, seconds
from features.facts.definitions import Definitions
from features.facts.ledger import Facts
from features.matrix import Matrix
from models.bundle import Bundle
from models.decision.fact_counts import FactCounts
from models.decision.reasons import explain
from models.decision.score import score
from models.heads.learned import Fitted
from pipelines.home import Home
from pipelines.steps import moments, pulling, training


def measure(place: Path, *, rounds: int) -> Section:
    """Fit once, then score and explain in turn."""
    home = Home(place)
    facts, note = pulling.known(home)
    words = pulling.words(home)
    fitted, given, fit_took = _fit(facts, words, note.data_version)
    bundle, counts = Bundle.of(fitted), FactCounts.fit(given.matrix, given.label)
    some = given.matrix.where(np.arange(max(0, len(given.matrix) - 2_000), len(given.matrix)))
    one = given.matrix.where(np.array([len(given.matrix) - 1]))

    def explained(matrix: Matrix) -> object:
        return score(bundle, matrix), explain(bundle, matrix, catalog=given.catalog, facts=counts)

    took = in_turn(
        {
            "score": lambda: score(bundle, some),
            "score and explain": lambda: explained(some),
            "one prospect": lambda: explained(one),
        },
        rounds=max(rounds, 3),
    )
    threads, labelled = os.cpu_count() or 1, int((~np.isnan(given.label)).sum())
    rows = [
        (f"fitting the ladder, {threads} threads", f"{labelled:,} labelled snapshots x {some.values.shape[1]}",
         seconds(fit_took), f"{labelled / fit_took:,.0f}"),
        *(
            (name, f"{n:,} snapshots", seconds(took[name].wall), f"{n / took[name].wall:,.0f}")
            for name, n in (("score", len(some)), ("score and explain", len(some)), ("one prospect", 1))
        ),
    ]  # fmt: skip
    said = (
        f"The simulated company of the demo; the rung kept by the ladder is *{bundle.rung.name}*, so scoring and "
        "explaining are those of this rung. Reasons come in plain words, with counts."
    )
    return Section("Training and explained scoring", said, ("step", "size", "time", "rows per second"), rows)


def _fit(facts: Facts, words: Definitions, version: str) -> tuple[Fitted, training.Material, float]:
    as_of = moments.as_of_for(None, facts, words)
    given = training.material(facts.visible(as_of), as_of, definitions=words)
    start = time.perf_counter()
    fitted = training.fit(given, as_of, definitions=words, data_version=version, threads=os.cpu_count() or 1)
    return fitted, given, time.perf_counter() - start
