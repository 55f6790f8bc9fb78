"""What the model is worth: the evidence, in pictures and numbers."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from serving.routes.conditional import Conditional

router = APIRouter(include_in_schema=False, route_class=Conditional, default_response_class=HTMLResponse)
