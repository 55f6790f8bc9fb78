"""`GET /v1/flow` and `GET /v1/experiments`: what a manager sees, as data."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from serving.boards.board import Board
from serving.boards.experiments import Experiment, ExperimentsBoard
from serving.boards.filed import Filed
from serving.boards.flow import By, FlowBoard, Group, find
from serving.deps import RunDep, StoreDep
from serving.errors import Unknown
from serving.pages.boards import read
from serving.problems import described
from serving.routes.conditional import Conditional
from serving.routes.manage_examples import EXPERIMENTS, FLOW
from serving.store.tables import Run

B = TypeVar("B", bound=Board)
router = APIRouter(prefix="/v1", tags=["manage"], route_class=Conditional)
SplitBy = Annotated[By | None, Query(description="The groups of this column; absent, everybody.", examples=["segment"])]
OneGroup = Annotated[
    str | None, Query(description="Only this group of `by`.", max_length=200, examples=["small"])
]  # fmt: skip


class FlowOut(BaseModel):
    """The flow of a day: throughput, work in progress, ageing, lead time, first-pass yield, takt time, bottleneck.

    `refused` says why there are no groups.
    """

    run_id: str
    day: dt.date
    by: By | None
    groups: tuple[Group, ...]
    left_out: tuple[str, ...] = Field(description="What is in no figure, in words.")
    refused: str | None


class ExperimentsOut(BaseModel):
    """Every experiment as it stood on a day; `proposals` are those that somebody asked for on a page."""

    run_id: str
    day: dt.date
    experiments: tuple[Experiment, ...]
    proposals: tuple[Filed, ...]
    refused: str | None


def _example(content: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {"application/json": {"example": content}}}}


ANSWERS: Final = described(404, 422, 503)


@router.get("/flow", responses=ANSWERS | _example(FLOW))
def read_flow(store: StoreDep, run: RunDep, *, by: SplitBy = None, group: OneGroup = None) -> FlowOut:
    """Return the flow of everybody, of the groups of a column, or of one of them."""
    board = _published(read(store, run, "flow", FlowBoard), run)
    groups: tuple[Group, ...] = ()
    if board.all is not None:
        one = find(board, by=by, group=group)
        split = None if by is None or group is not None else board.split(by)
        groups = (one,) if split is None else split.groups
    return FlowOut(run_id=run.run_id, day=run.day, by=by, groups=groups, left_out=board.left_out, refused=board.refused)


@router.get("/experiments", responses=ANSWERS | _example(EXPERIMENTS))
def read_experiments(store: StoreDep, run: RunDep) -> ExperimentsOut:
    """Return every experiment with its arms, its effect with an always-valid interval, and what follows."""
    board = _published(read(store, run, "experiments", ExperimentsBoard), run)
    return ExperimentsOut(
        run_id=run.run_id,
        day=run.day,
        experiments=board.experiments,
        proposals=board.proposals,
        refused=board.refused,
    )


def _published(board: B | None, run: Run) -> B:
    if board is None:
        raise Unknown(f"The list of {run.day} was published without this board; type `takt daily`.")
    return board
