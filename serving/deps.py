"""What a route may ask for: its signature names it, and the answer is ready or the request has failed clearly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Query, Request, Response
from sqlalchemy.orm import Session

from serving.access.coming_in import admit
from serving.access.viewer import Viewer
from serving.champion import Champion
from serving.store import queries
from serving.store.engine import reading
from serving.store.scope import Scope
from serving.store.tables import Run

RUN_HEADER = "X-Takt-Run"
Day = Annotated[
    dt.date | None,
    Query(description="The list of this day, in the company's time zone; absent, the latest.", examples=["2026-11-24"]),
]  # fmt: skip


ViewerDep = Annotated[Viewer, Depends(admit)]


def scope(viewer: Viewer) -> Scope:
    """Return whose rows somebody sees."""
    return Scope(viewer.rows, contacts=viewer.sees_contacts)


def _store(request: Request, viewer: ViewerDep) -> Iterator[Session]:
    with reading(request.app.state.engine, scope(viewer)) as session:
        yield session


StoreDep = Annotated[Session, Depends(_store)]


def _run(store: StoreDep, response: Response, day: Day = None) -> Run:
    run = queries.find_run(store, day=day)
    response.headers[RUN_HEADER] = run.run_id
    return run


def _champion(request: Request) -> Champion:
    return request.app.state.champions.current()  # type: ignore[no-any-return]


RunDep = Annotated[Run, Depends(_run)]
ChampionDep = Annotated[Champion, Depends(_champion)]
