"""The one stylesheet, put together from its parts once; browsers keep it, for its address names its content."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

router = APIRouter(include_in_schema=False)


@router.get("/static/takt.css")
def stylesheet(request: Request) -> Response:
    """Return the stylesheet."""
    forever = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(request.app.state.pages.style, media_type="text/css", headers=forever)
