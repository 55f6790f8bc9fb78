"""The words, the rule that runs, and who would move if one changed."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.boards.definitions import Definitions
from serving.deps import RunDep, StoreDep
from serving.pages.boards import read, render
from serving.routes.conditional import Conditional

router = APIRouter(include_in_schema=False, route_class=Conditional, default_response_class=HTMLResponse)


@router.get("/definitions")
def definitions_page(request: Request, store: StoreDep, run: RunDep) -> HTMLResponse:
    """Show each word with its rule and whom it holds for, the numbers, and a proposal against them."""
    board = read(store, run, "definitions", Definitions)
    return render(request, run, "definitions.html", board, {"heading": "What the words mean"})
