"""`GET /v1/flow` and `GET /v1/experiments`: what a manager sees, as data."""

from __future__ import annotations

from fastapi import APIRouter

from serving.routes.conditional import Conditional

router = APIRouter(prefix="/v1", tags=["manage"], route_class=Conditional)
