"""`POST /v1/score`: prospects with their facts in, chances with reasons out.

The same kernel, bundle and wording as in the daily run, so a row scored here equals the row in the list.
"""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from features.facts.ledger import Facts
from features.matrix import build
from features.time.cohort import cohort
from models.decision.reasons import explain
from models.decision.receipt import Receipt, Versions, receipts
from models.decision.score import score
from serving.champion import Champion, Champions
from serving.problems import described
from serving.routes.score_out import ScoredOut, ScoresOut, head, not_open
from serving.routes.score_quick import quick
from serving.routes.score_request import ScoreRequest, described_body

router = APIRouter(prefix="/v1", tags=["score"])

AT_ONCE: Final = 64 * 1024
"""Bytes of a body that is answered where it was read; a larger one would keep other requests waiting."""
MOST_QUICK: Final = 4 * 1024 * 1024
"""Bytes of a body that is read without tables; of many rows tables are quicker."""


@router.post(
    "/score", response_model=ScoresOut, responses=described(409, 422, 503), openapi_extra=described_body(ScoreRequest)
)
async def score_prospects(request: Request) -> Response:
    """Score prospects with the champion, as of a moment; nothing is stored and nothing is trained."""
    body = await request.body()
    if not _is_json(request):
        raise _refused([{"type": "json_type", "loc": (), "msg": "Send the body as application/json"}])
    champions: Champions = request.app.state.champions
    champion = champions.ready()
    if champion is None:
        champion = await run_in_threadpool(champions.current)
    if len(body) <= AT_ONCE:
        answer = quick(champion).answer(body)
    else:
        answer = await run_in_threadpool(quick(champion).answer, body) if len(body) <= MOST_QUICK else None
    if answer is None:
        answer = await run_in_threadpool(_by_tables, body, champion)
    return Response(answer, media_type="application/json")


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _refused(found: list[Any]) -> RequestValidationError:
    return RequestValidationError([{**error, "loc": ("body", *error["loc"])} for error in found])


def _by_tables(body: bytes, champion: Champion) -> bytes:
    """Answer any body: rows become tables, each checked as those of every source are."""
    try:
        asked = ScoreRequest.model_validate_json(body)
    except ValidationError as error:
        raise _refused(error.errors(include_url=False)) from error
    as_of = asked.moment()
    facts = asked.facts(champion.definitions)
    scored = _scores(facts, as_of, champion)
    everybody = facts.ever("prospects")["prospect_id"].drop_duplicates()
    items = [scored.get(who) or ScoredOut.model_validate(not_open(who)) for who in everybody]
    answer = ScoresOut(as_of=as_of.to_pydatetime(warn=False), items=items, **head(champion))
    return answer.model_dump_json().encode()


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
