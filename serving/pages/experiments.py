"""The page of experiments: plan, do, check and act of each, and what became of those proposed on a page."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.boards.experiments import ExperimentsBoard
from serving.deps import RunDep, StoreDep
from serving.pages.boards import read, render
from serving.pages.experiment_pictures import effects
from serving.pages.experiment_words import DECISIONS, MEASURES, STATES, ExperimentWords
from serving.pages.words import Words, preferred_locale
from serving.routes.conditional import Conditional
from serving.store.proposals import proposals

router = APIRouter(include_in_schema=False, route_class=Conditional, default_response_class=HTMLResponse)
NAME: Final = "experiments"
"""Of the board in the store."""


@router.get("/experiments")
def experiments_page(request: Request, store: StoreDep, run: RunDep) -> HTMLResponse:
    """Show how every experiment stands, or how to start one."""
    board = read(store, run, NAME, ExperimentsBoard)
    done = {} if board is None else {proposal.key: proposal for proposal in board.proposals}
    words = ExperimentWords(Words(preferred_locale(request.headers.get("accept-language", ""))))
    context = {
        "heading": "Experiments",
        "words": words,
        "asked": [p for p in proposals(store) if p.key not in done],
        "refused": [p for p in done.values() if not p.filed],
        "pictures_of": {} if board is None else {one.name: effects(one, words) for one in board.experiments},
        "states": STATES,
        "decisions": DECISIONS,
        "measures": MEASURES,
    }
    return render(request, run, "experiments.html", board, context)
