"""`GET /v1/definitions` and `GET /v1/model`: what the words of a list mean, and what its model is worth."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from serving.deps import RunDep, StoreDep
from serving.problems import described
from serving.routes.conditional import Conditional
from serving.store import queries

router = APIRouter(prefix="/v1", tags=["about"], route_class=Conditional)


class DefinitionsOut(BaseModel):
    """The operational definitions under which a list was made."""

    definitions_hash: str
    definitions: dict[str, Any]


class ModelOut(BaseModel):
    """The card of the model that made a list: what it predicts, its figures with intervals, its warnings.

    `evidence` is what its training measured on later days, as the page of the model shows it; null where none was kept.
    """

    model_version: str
    bundle_fingerprint: str
    base_rate: float | None
    card: dict[str, Any]
    evidence: dict[str, Any] | None


@router.get("/definitions", responses=described(404, 422, 503))
def read_definitions(run: RunDep) -> DefinitionsOut:
    """Return the definitions of a day's list."""
    return DefinitionsOut(definitions_hash=run.definitions_hash, definitions=run.definitions)


@router.get("/model", responses=described(404, 422, 503))
def read_model(store: StoreDep, run: RunDep) -> ModelOut:
    """Return the model card of a day's list."""
    return ModelOut(
        model_version=run.model_version,
        bundle_fingerprint=run.bundle_fingerprint,
        base_rate=run.base_rate,
        card=queries.model_card(store, run),
        evidence=(queries.board(store, run, "model") or {}).get("evidence"),
    )
