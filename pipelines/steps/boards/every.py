"""Every board of a day, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from features.errors import TaktError
from pipelines.steps.boards import definitions, experiments, flow, model, offers, readiness, team, where
from pipelines.steps.boards.day import Day
from serving.boards.board import Board

BOARDS: Final[Mapping[str, Callable[[Day], Board]]] = {
    "flow": flow.board,
    "experiments": experiments.board,
    "team": team.board,
    "offers": offers.board,
    "where": where.board,
    "model": model.board,
    "definitions": definitions.board,
    "readiness": readiness.board,
}
"""Name in the store, and what makes the board; one line each."""


def boards(day: Day) -> dict[str, dict[str, Any]]:
    """Make all boards; one that cannot be made says why, and does not keep the list from being published."""
    return {name: _made(make, day).model_dump(mode="json") for name, make in BOARDS.items()}


def _made(make: Callable[[Day], Board], day: Day) -> Board:
    try:
        return make(day)
    except TaktError as error:
        return Board(refused=str(error))
