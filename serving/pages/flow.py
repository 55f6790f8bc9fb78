"""The flow board: where prospects wait, how fast they go through, and whether there are calls enough for the beat."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from serving.boards.flow import By, FlowBoard, find
from serving.deps import Day, RunDep, StoreDep
from serving.pages.boards import read, render
from serving.pages.flow_pictures import pictures
from serving.pages.flow_words import STATES, FlowWords
from serving.pages.words import Words, preferred_locale
from serving.routes.conditional import Conditional

router = APIRouter(include_in_schema=False, route_class=Conditional, default_response_class=HTMLResponse)
NAME: Final = "flow"
"""Of the board in the store."""
SplitBy = Annotated[By | None, Query(description="Show the groups of this column.")]
OneGroup = Annotated[str | None, Query(description="Show this group alone.", max_length=200)]


@router.get("/flow")
def flow_page(
    request: Request, store: StoreDep, run: RunDep, *, by: SplitBy = None, group: OneGroup = None, day: Day = None
) -> HTMLResponse:
    """Show the flow of everybody, the groups of a column side by side, or one of them.

    Raises
    ------
    Unknown
        There is no such split or group on this day's board.
    """
    board = read(store, run, NAME, FlowBoard)
    chosen = None if board is None or board.all is None else find(board, by=by, group=group)
    words = FlowWords(Words(preferred_locale(request.headers.get("accept-language", ""))), board)
    context = {
        "heading": "Flow",
        "by": by,
        "split": None if board is None or by is None else board.split(by),
        "group": chosen,
        "one": group is not None,
        "day": day,
        "words": words,
        "states": STATES,
        "pictures_of": None if chosen is None or chosen.few else pictures(chosen, words),
    }
    return render(request, run, "flow.html", board, context)
