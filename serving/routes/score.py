"""`POST /v1/score`: prospects with their facts in, chances with reasons out.

The same kernel, bundle and wording as in the daily run, so a row scored here equals the row in the list.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pandas as pd
from fastapi import APIRouter
from pydantic import BaseModel

from features.facts.ledger import Facts
from features.matrix import build
from features.time.cohort import cohort
from models.decision.reasons import explain
from models.decision.receipt import Receipt, Versions, receipts
from models.decision.score import score
from serving.champion import Champion
from serving.deps import ChampionDep
from serving.problems import described
from serving.routes.score_request import ScoreRequest
from serving.schemas import ChanceOut

router = APIRouter(prefix="/v1", tags=["score"])


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


@router.post("/score", responses=described(409, 422, 503))
def score_prospects(body: ScoreRequest, champion: ChampionDep) -> ScoresOut:
    """Score prospects with the champion, as of a moment; nothing is stored and nothing is trained."""
    bundle, as_of = champion.bundle, body.moment()
    facts = body.facts(champion.definitions)
    scored = _scores(facts, as_of, champion)
    return ScoresOut(
        as_of=as_of.to_pydatetime(warn=False),
        horizon_days=bundle.horizon_days,
        bundle_fingerprint=bundle.fingerprint,
        trained_as_of=pd.Timestamp(bundle.trained_as_of).to_pydatetime(warn=False),
        trained_on_data=bundle.data_version,
        definitions_hash=bundle.definitions_hash,
        catalog_hash=bundle.catalog_hash,
        simulated=champion.definitions.simulated,
        base_rate=None if math.isnan(bundle.base_rate) else bundle.base_rate,
        items=[scored.get(who) or _not_open(who) for who in facts.ever("prospects")["prospect_id"].drop_duplicates()],
    )


def _scores(facts: Facts, as_of: pd.Timestamp, champion: Champion) -> dict[str, ScoredOut]:
    """Score who is open at `as_of`; the others are not in the result."""
    bundle = champion.bundle
    keys = cohort(facts, as_of, definitions=champion.definitions)
    if keys.empty:
        return {}
    matrix = build(facts, keys, champion.catalog)
    scores = score(bundle, matrix)
    reasons = explain(bundle, matrix, catalog=champion.catalog, facts=champion.facts)
    versions = Versions.of(bundle, model="champion", data="request")
    written = receipts(scores, reasons, versions=versions, base_rate=bundle.base_rate)
    return {r.prospect_id: _scored(r, why) for r, why in zip(written, scores["reason"], strict=True)}


def _scored(receipt: Receipt, why_not: str) -> ScoredOut:
    reasons = [reason.to_dict() for reason in receipt.reasons]
    return ScoredOut.model_validate({**receipt.content(), "reasons": reasons, "why_not": why_not or None})


def _not_open(prospect_id: str) -> ScoredOut:
    nothing: dict[str, Any] = dict.fromkeys(("chance", "low", "high", "like_n", "like_won", "margin", "grade"))
    why = (
        "not open at as_of: recorded later, closed before, withdrawn before, or outside the cohort that the "
        "definitions describe"
    )
    return ScoredOut(prospect_id=prospect_id, state="not_open", why_not=why, reasons=[], **nothing)
