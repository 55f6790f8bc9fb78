"""The pages a salesperson opens: today's calls, and one prospect."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.deps import RUN_HEADER, Day, RunDep, StoreDep
from serving.errors import NoRun
from serving.routes.call_list import Cursor, Owner, Pool, cursor_of, resume
from serving.routes.conditional import Conditional
from serving.routes.prospects import ProspectId
from serving.store import queries
from serving.store.tables import Run

router = APIRouter(include_in_schema=False, route_class=Conditional, default_response_class=HTMLResponse)
PAGE = 60


@router.get("/")
def call_list_page(
    request: Request,
    store: StoreDep,
    *,
    day: Day = None,
    owner: Owner = None,
    pool: Pool = False,
    cursor: Cursor = None,
) -> HTMLResponse:
    """Show a day's calls, or what to do to get some."""
    try:
        latest = queries.find_run(store)
    except NoRun as nothing:
        return _render(request, "no_run.html", {"detail": str(nothing)})
    asked = latest if day is None else queries.find_run(store, day=day)
    run, after = resume(store, asked, cursor)
    page = queries.call_list(store, run, owner=owner or None, pool=pool, after=after, limit=PAGE)
    context = {
        "run": run,
        "newest": run.number == latest.number,
        # a link without a day leads to the latest list, so that a bookmark never grows old
        "day": day or (run.day if run.day != latest.day else None),
        "page": page,
        "owner": owner or None,
        "pool": pool,
        "next": None if page.after is None else cursor_of(run, page.after),
        "owners": queries.owners(store, run),
        "left_out_counts": queries.left_out_counts(store, run),
        "continued": after > 0,
    }
    return _render(request, "call_list.html", context, run)


@router.get("/prospects/{prospect_id:path}")
def prospect_page(
    request: Request, store: StoreDep, run: RunDep, prospect_id: ProspectId, *, day: Day = None
) -> HTMLResponse:
    """Show one prospect: the chance and its reasons, the people, what happened."""
    detail = queries.detail(store, run, prospect_id)
    return _render(request, "prospect.html", {"run": run, "detail": detail, "day": day}, run)


def _render(request: Request, name: str, context: dict[str, Any], run: Run | None = None) -> HTMLResponse:
    response: HTMLResponse = request.app.state.pages.page(request, name, context)
    if run is not None:
        response.headers[RUN_HEADER] = run.run_id
    return response
