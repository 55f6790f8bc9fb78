"""What the watch saw: what alarms and since when, whether the list is held, and every figure that was taken."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.boards.watch import Measure, Watch
from serving.deps import RUN_HEADER, RunDep, StoreDep
from serving.pages.words import Words
from serving.routes.conditional import Conditional
from serving.store import looks

router = APIRouter(include_in_schema=False, route_class=Conditional, default_response_class=HTMLResponse)
CHANNELS: Final = {"mail": "by e-mail", "webhook": "by the webhook"}


@router.get("/watch")
def watch_page(request: Request, store: StoreDep, run: RunDep) -> HTMLResponse:
    """Show the last look."""
    seen = looks.last_look(store)
    context = {"run": run, "seen": seen, "counts": counts(seen), "figure": figure, "channels": CHANNELS}
    response: HTMLResponse = request.app.state.pages.page(request, "watch.html", context)
    response.headers[RUN_HEADER] = run.run_id
    return response


def counts(seen: Watch | None) -> dict[str, int]:
    """Count the rules by state, the worst first."""
    states = ("alarms", "warns", "good", "cannot tell yet")
    return {} if seen is None else {state: sum(rule.state == state for rule in seen.rules) for state in states}


def figure(measure: Measure, name: str, say: Words) -> str:
    """Write one figure of a measure in its unit; "not known" without one."""
    value: float | None = getattr(measure, name)
    if value is None:
        return "not known"
    if measure.unit == "%":
        return say.number(round(100 * value, 1)) + " %"
    return say.number(round(value, 0 if abs(value) >= 100 else 2))
