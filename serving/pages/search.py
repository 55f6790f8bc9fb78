"""Why is this one not on my list? A search over everybody that a run ever described."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from serving.audited import seen_prospects
from serving.deps import RUN_HEADER, Day, RunDep, StoreDep
from serving.pages.words import Words, preferred_locale
from serving.routes.conditional import Conditional
from serving.store import places

router = APIRouter(include_in_schema=False, route_class=Conditional, default_response_class=HTMLResponse)
LONGEST = 200
Text = Annotated[str, Query(alias="q", max_length=LONGEST)]


@router.get("/search")
def search_page(request: Request, store: StoreDep, run: RunDep, text: Text = "", *, day: Day = None) -> HTMLResponse:
    """Show who has this name or id, each with its place on the list or the reason it has none."""
    found = places.find(store, run, text)
    say = Words(preferred_locale(request.headers.get("accept-language", "")))
    answers = [(p, places.sentence(p, run, day=lambda d: say.short_day(d, run))) for p in found.places]
    context = {"run": run, "day": day, "text": text, "answers": answers, "more": found.more, "longest": LONGEST}
    response: HTMLResponse = request.app.state.pages.page(request, "search.html", context)
    response.headers[RUN_HEADER] = run.run_id
    response.headers.update(seen_prospects(run.number, (p.prospect.prospect_id for p in found.places)))
    return response
