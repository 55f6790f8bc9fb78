"""What `POST /v1/score` answers: the shape, and what is the same for every prospect of a champion."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any, Final

import pandas as pd
from pydantic import BaseModel

from serving.champion import Champion
from serving.schemas import ChanceOut, ReasonOut

SHOWN: Final = tuple(ReasonOut.model_fields)
"""What is told of a reason."""


class ScoredOut(ChanceOut):
    """One requested prospect; `why_not` says in words why there is no chance, where there is none."""

    prospect_id: str
    why_not: str | None = None


class ScoresOut(BaseModel):
    """Scores in the order of the request, and everything they depend on besides the facts sent."""

    as_of: dt.datetime
    horizon_days: int
    bundle_fingerprint: str
    trained_as_of: dt.datetime
    trained_on_data: str
    definitions_hash: str
    catalog_hash: str
    simulated: bool
    base_rate: float | None
    items: list[ScoredOut]


def head(champion: Champion) -> dict[str, Any]:
    """Return what an answer says of the champion."""
    bundle = champion.bundle
    return {
        "horizon_days": bundle.horizon_days,
        "bundle_fingerprint": bundle.fingerprint,
        "trained_as_of": pd.Timestamp(bundle.trained_as_of).to_pydatetime(warn=False),
        "trained_on_data": bundle.data_version,
        "definitions_hash": bundle.definitions_hash,
        "catalog_hash": bundle.catalog_hash,
        "simulated": champion.definitions.simulated,
        "base_rate": None if math.isnan(bundle.base_rate) else bundle.base_rate,
    }


def not_open(prospect_id: str) -> dict[str, Any]:
    """Return what is said of a prospect outside the cohort."""
    nothing = dict.fromkeys(("chance", "low", "high", "like_n", "like_won", "margin", "grade"))
    why = (
        "not open at as_of: recorded later, closed before, withdrawn before, or outside the cohort that the "
        "definitions describe"
    )
    return {"prospect_id": prospect_id, "state": "not_open", "why_not": why, "reasons": [], **nothing}
