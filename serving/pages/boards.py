"""How a page gets its board: read in its declared shape, or a page that says why there is none."""

from __future__ import annotations

import logging
from typing import Any, TypeVar

from fastapi import Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError
from sqlalchemy.orm import Session

from serving.boards.board import Board
from serving.deps import RUN_HEADER
from serving.store import queries
from serving.store.tables import Run

logger = logging.getLogger(__name__)
B = TypeVar("B", bound=Board)


def read(store: Session, run: Run, name: str, shape: type[B]) -> B | None:
    """Return a run's board in its shape; None where the run was published without it, or by another version of Takt.

    A board of another shape is no fault of the reader's: the next daily run publishes it anew, and the log says why.
    """
    content = queries.board(store, run, name)
    try:
        return None if content is None else shape.model_validate(content)
    except ValidationError as other:
        logger.warning("run %s: its board %r has another shape than this version's: %s", run.run_id, name, other)
        return None


def render(request: Request, run: Run, template: str, board: Board | None, context: dict[str, Any]) -> HTMLResponse:
    """Render a board's page; one without a board, or with a refused one, says so and what to do."""
    name = template if board is not None and board.refused is None else "no_board.html"
    response: HTMLResponse = request.app.state.pages.page(request, name, {"run": run, "board": board, **context})
    response.headers[RUN_HEADER] = run.run_id
    return response
