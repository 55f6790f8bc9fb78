"""`GET /v1/prospects/{id}`: everything known of one prospect, seen from one run."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from serving.deps import RunDep, StoreDep
from serving.problems import described
from serving.routes.conditional import Conditional
from serving.schemas import DetailOut
from serving.store import queries

router = APIRouter(prefix="/v1", tags=["prospects"], route_class=Conditional)
# an id may hold a slash: `:path`
ProspectId = Annotated[str, Path(description="prospect_id of the contract.", examples=["p-1042"])]


@router.get("/prospects/{prospect_id:path}", responses=described(404, 422, 503))
def read_prospect(store: StoreDep, run: RunDep, prospect_id: ProspectId) -> DetailOut:
    """Return the receipt, the people, what happened, and why it is on the list or not."""
    return DetailOut.of(run, queries.detail(store, run, prospect_id))
