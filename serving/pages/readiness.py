"""What the data are ready for, principle by principle."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.boards.readiness import Readiness
from serving.deps import RunDep, StoreDep
from serving.pages.boards import read, render
from serving.routes.conditional import Conditional

router = APIRouter(include_in_schema=False, route_class=Conditional, default_response_class=HTMLResponse)
FIRST = 5
"""Next actions at the top of the page; all others stand with their principle."""


@router.get("/readiness")
def readiness_page(request: Request, store: StoreDep, run: RunDep) -> HTMLResponse:
    """Show a score per principle, what to do first, and each finding with its evidence."""
    board = read(store, run, "readiness", Readiness)
    context = {"heading": "What the data are ready for", "most": FIRST}
    return render(request, run, "readiness.html", board, context)
