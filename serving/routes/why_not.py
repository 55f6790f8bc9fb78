"""`GET /v1/why-not/{id}`: why a prospect is not on the list of a day, or where it stands."""

from __future__ import annotations

from fastapi import APIRouter

from serving.routes.conditional import Conditional

router = APIRouter(prefix="/v1", tags=["why not"], route_class=Conditional)
