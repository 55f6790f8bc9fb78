"""May this model be believed: the quality checks of a training, with everything they may look at."""

from __future__ import annotations

import pandas as pd

from features.facts.definitions import Definitions
from features.matrix import build
from features.time.cohort import cohort
from models.bundle import Bundle
from models.evidence.checks.given import Given
from models.evidence.checks.run import Results, run_checks
from models.heads.learned import Fitted
from pipelines.progress import stage
from pipelines.steps.training import SEED, Material


def check(
    fitted: Fitted, given: Material, champion: Bundle | None, *, as_of: pd.Timestamp, definitions: Definitions,
    threads: int,
) -> Results:  # fmt: skip
    """Run every check on a training, as of its moment."""
    with stage("checking the model") as told:
        keys = cohort(given.facts, as_of, definitions=definitions)
        looked_at = Given(
            bundle=Bundle.of(fitted.measured),
            matrix=given.matrix,
            label=given.label,
            capacity=given.capacity,
            definitions_hash=definitions.meaning,
            catalog_hash=given.catalog.hash,
            split=fitted.split,
            champion=champion,
            today=build(given.facts, keys, given.catalog) if len(keys) else None,
            facts=given.facts,
            rebuild=lambda facts, keys: build(facts, keys, given.catalog),
            times_recorded=definitions.recorded_at == "column",
            seed=SEED,
            threads=threads,
        )
        found = run_checks(looked_at)
        fired = [f.code + (" (blocking)" if f.blocking else "") for f in found.findings]
        told.found = f"{len(found.quiet)} quiet, {len(found.not_applicable)} not applicable" + (
            f", fired: {', '.join(fired)}" if fired else ", none fired"
        )
    return found
