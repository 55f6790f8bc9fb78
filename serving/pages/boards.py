"""How a page gets its board: read in its declared shape, or a page that says why there is none."""

from __future__ import annotations

from typing import Any, TypeVar

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from serving.boards.board import Board
from serving.deps import RUN_HEADER
from serving.store import queries
from serving.store.tables import Run

B = TypeVar("B", bound=Board)


def read(store: Session, run: Run, name: str, shape: type[B]) -> B | None:
    """Return a run's board in its shape; None where the run was published without it."""
    content = queries.board(store, run, name)
    return None if content is None else shape.model_validate(content)


def render(request: Request, run: Run, template: str, board: Board | None, context: dict[str, Any]) -> HTMLResponse:
    """Render a board's page; one without a board, or with a refused one, says so and what to do."""
    name = template if board is not None and board.refused is None else "no_board.html"
    response: HTMLResponse = request.app.state.pages.page(request, name, {"run": run, "board": board, **context})
    response.headers[RUN_HEADER] = run.run_id
    return response
