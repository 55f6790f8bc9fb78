"""What the model is worth: the evidence, in pictures and numbers."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.boards.model import Model
from serving.deps import RunDep, StoreDep
from serving.pages.boards import read, render
from serving.pages.model_pictures import pictures
from serving.pages.model_words import at_capacity, figure, own, short
from serving.pages.words import Words, preferred_locale
from serving.routes.conditional import Conditional

router = APIRouter(include_in_schema=False, route_class=Conditional, default_response_class=HTMLResponse)


@router.get("/model")
def model_page(request: Request, store: StoreDep, run: RunDep) -> HTMLResponse:
    """Show what the model found on later days, whether its chances hold, and what its checks said."""
    board = read(store, run, "model", Model)
    context = {"heading": "What the model is worth", "figure": figure, "short": short}
    if board is not None and board.refused is None:
        say = Words(preferred_locale(request.headers.get("accept-language", "")))
        shown = {} if board.evidence is None else pictures(board.evidence, say)
        mine = None if board.evidence is None else own(board.evidence)
        context |= {"said": at_capacity(board, say), "drawn": shown, "own": mine}
    return render(request, run, "model.html", board, context)
