"""`GET /v1/segments/{segment}/offers`: which offer for a segment, with its effect and count."""

from __future__ import annotations

from fastapi import APIRouter

from serving.routes.conditional import Conditional

router = APIRouter(prefix="/v1", tags=["segments"], route_class=Conditional)
