"""Fit the heads beside the win head, from the same facts and the same matrix."""

from __future__ import annotations

from typing import Any

import pandas as pd

from features.facts.definitions import Definitions
from models.companions import Companions
from models.heads.amount import fit_amount
from models.heads.hours import fit_hours
from models.heads.offer import fit_offer
from models.heads.person import fit_reply
from models.heads.timing import fit_timing
from pipelines.progress import stage
from pipelines.steps.training import SEED, Material


def fit_beside(
    given: Material, as_of: pd.Timestamp, *, definitions: Definitions, data_version: str, threads: int
) -> Companions:
    """Fit amount, timing, hours, reply and offer; each works from no case on and says how far it got."""
    asked: dict[str, Any] = {"definitions": definitions, "trained_as_of": as_of}
    learned = asked | {"data_version": data_version, "seed": SEED, "threads": threads}
    with stage("fitting what a win is worth, when, whom, where and with which offer") as told:
        heads = Companions(
            amount=fit_amount(given.matrix, given.facts, catalog=given.catalog, **learned),
            hours=fit_hours(given.facts, **asked),
            offer=fit_offer(given.facts, given.matrix, catalog=given.catalog, **learned),
            reply=fit_reply(given.facts, capacity=given.capacity, **learned),
            timing=fit_timing(given.matrix, given.facts, catalog=given.catalog, **learned),
        )
        told.found = f"{len(heads.to_files())} files"
    return heads
