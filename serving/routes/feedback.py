"""`POST /v1/feedback`: what came of a call, stored once however often it is sent."""

from __future__ import annotations

from fastapi import APIRouter

from serving.routes.conditional import Conditional

router = APIRouter(prefix="/v1", tags=["feedback"], route_class=Conditional)
