"""`GET /v1/call-list`: whom to call, in which order, and why."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from serving.audited import seen_calls
from serving.deps import RUN_HEADER, RunDep, StoreDep
from serving.errors import BadCursor
from serving.problems import described
from serving.routes.kept import Kept
from serving.schemas import CallListOut, CallOut, RunOut
from serving.store import queries
from serving.store.tables import Run

router = APIRouter(prefix="/v1", tags=["call list"], route_class=Kept)

MOST: Final = 500
Owner = Annotated[str | None, Query(description="Only this salesperson's calls; empty means all.", max_length=200)]
Pool = Annotated[bool, Query(description="Only the calls of the team's pool, which have no owner.")]
Cursor = Annotated[
    str | None, Query(description="`next_cursor` of the page before; it wins over `day`.", max_length=500)
]
Limit = Annotated[int, Query(ge=1, le=MOST, description="Lines a page.")]


@router.get("/call-list", responses=described(400, 404, 422, 503))
def read_call_list(
    store: StoreDep,
    run: RunDep,
    response: Response,
    *,
    owner: Owner = None,
    pool: Pool = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> CallListOut:
    """Return a day's list, best first within each salesperson, in pages that stay with one run."""
    run, after = resume(store, run, cursor)
    response.headers[RUN_HEADER] = run.run_id
    page = queries.call_list(store, run, owner=owner or None, pool=pool, after=after, limit=limit)
    response.headers.update(seen_calls(run.number, (line.call.position for line in page.items)))
    return CallListOut(
        run=RunOut.model_validate(run),
        items=[CallOut.of(line) for line in page.items],
        next_cursor=None if page.after is None else cursor_of(run, page.after),
        left_out=queries.left_out_counts(store, run),
    )


def cursor_of(run: Run, after: int) -> str:
    """Write where to continue; the run belongs to it, so that no page mixes two lists."""
    return base64.urlsafe_b64encode(json.dumps([run.run_id, after]).encode()).decode().rstrip("=")


def resume(store: StoreDep, run: Run, cursor: str | None) -> tuple[Run, int]:
    """Return the run and position of a cursor; without one the given run from its start.

    Raises
    ------
    BadCursor
        The text is not one that `cursor_of` wrote.
    """
    if not cursor:
        return run, 0
    try:
        run_id, after = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return queries.find_run(store, run_id=str(run_id)), int(after)
    except (binascii.Error, ValueError, TypeError) as error:
        raise BadCursor(f"cursor {cursor!r} was not given out by this server; start again without `cursor`.") from error
