"""The pages a salesperson opens: today's calls, and one prospect."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.audited import seen_calls
from serving.deps import RUN_HEADER, Day, RunDep, StoreDep
from serving.errors import NoRun
from serving.pages.kept_pages import KeptPage
from serving.pages.next_line import PAGE
from serving.pages.prospect_story import story
from serving.pages.tap_form import tap_forms
from serving.pages.why_now import why_now
from serving.routes.call_list import Cursor, Owner, Pool, cursor_of, resume
from serving.routes.conditional import Conditional
from serving.routes.prospects import ProspectId
from serving.store import queries, workday
from serving.store.feedback import KINDS, Said
from serving.store.tables import Run

router = APIRouter(include_in_schema=False, route_class=Conditional, default_response_class=HTMLResponse)
calls = APIRouter(include_in_schema=False, route_class=KeptPage, default_response_class=HTMLResponse)


@calls.get("/")
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
    language, banner = request.headers.get("accept-language"), request.state.banner
    whose = request.state.viewer.rows, request.state.viewer.sees_contacts
    key = (queries.version(store), run.number, request.url.query, language, banner, whose)

    def rendered() -> HTMLResponse:
        return _list(request, store, run, latest=latest, after=after, owner=owner, pool=pool, day=day)

    page: HTMLResponse = request.app.state.kept_pages.page(key, rendered)
    return page


def _list(
    request: Request, store: StoreDep, run: Run, *, latest: Run, after: int, owner: str | None, pool: bool,
    day: dt.date | None,
) -> HTMLResponse:  # fmt: skip
    owner = None if pool else owner or None
    # a link without a day leads to the latest list, so that a bookmark never grows old
    shown = day or (run.day if run.day != latest.day else None)
    said = workday.done(store, run)
    page = queries.call_list(store, run, owner=owner, pool=pool, after=after, limit=PAGE, without=said)
    context: dict[str, Any] = {
        "run": run,
        "newest": run.number == latest.number,
        "day": shown,
        "page": page,
        "owner": owner,
        "pool": pool,
        "next": None if page.after is None else cursor_of(run, page.after),
        "owners": queries.owners(store, run),
        "left_out_counts": queries.left_out_counts(store, run),
        "continued": after > 0,
        **_work(store, run, said, page, owner=owner, pool=pool, day=shown),
    }
    answer = _render(request, "call_list.html", context, run)
    lines = (*page.items, *(line for line, _ in context["done"]))
    answer.headers.update(seen_calls(run.number, (line.call.position for line in lines)))
    return answer


@router.get("/prospects/{prospect_id:path}")
def prospect_page(
    request: Request, store: StoreDep, run: RunDep, prospect_id: ProspectId, *, day: Day = None
) -> HTMLResponse:
    """Show one prospect: the chance and its reasons, the people, what happened."""
    detail = queries.detail(store, run, prospect_id)
    owner = detail.call.owner_id if detail.call else None
    pool = detail.call is not None and owner is None
    context = {
        "run": run,
        "detail": detail,
        "day": day,
        "tap": tap_forms(store, run, [prospect_id], owner=owner, pool=pool, day=day)[prospect_id],
        "said": workday.done(store, run, [prospect_id]).get(prospect_id),
        "kinds": KINDS,
        **story(request, store, run, detail),
    }
    return _render(request, "prospect.html", context, run)


def _work(
    store: StoreDep, run: Run, said: Mapping[str, Said], page: queries.Page, *, owner: str | None, pool: bool,
    day: dt.date | None,
) -> dict[str, Any]:  # fmt: skip
    """Return what is done of the list shown, the latest first, and the forms by which the rest gets done."""
    lines = queries.lines_of(store, run, said)
    of_list = {who: line for who, line in lines.items() if line.call.owner_id == owner or not (owner or pool)}
    finished = [(of_list[who], what) for who, what in reversed(list(said.items())) if who in of_list]
    shown = [line.call.prospect_id for line in page.items] + [line.call.prospect_id for line, _ in finished]
    return {
        "done": finished,
        "forms": tap_forms(store, run, shown, owner=owner, pool=pool, day=day),
        "why_now": {line.call.prospect_id: why_now(line) for line in page.items},
        "kinds": KINDS,
    }


def _render(request: Request, name: str, context: dict[str, Any], run: Run | None = None) -> HTMLResponse:
    response: HTMLResponse = request.app.state.pages.page(request, name, context)
    if run is not None:
        response.headers[RUN_HEADER] = run.run_id
    return response


router.include_router(calls)
