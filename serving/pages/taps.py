"""One tap says what came of a call; another takes it back.

A tap that cannot be kept is answered by a page that says why, shows what was typed, and offers the way on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel

from features.errors import TaktError
from serving.access import who
from serving.audited import by
from serving.deps import StoreDep
from serving.errors import AlreadySaid, BadFeedback, NoRun, NothingToUndo, Unknown
from serving.pages.next_line import after, moved_to, start_of
from serving.pages.tap_form import tap_forms
from serving.problems import status_of
from serving.routes.conditional import Conditional
from serving.store import queries
from serving.store.engine import reading
from serving.store.feedback import KINDS, NEEDS_DAY, NEEDS_NOTE, SNOOZE, UNDO, keep
from serving.store.remark import Remark, accepted
from serving.store.tables import Prospect, Run

router = APIRouter(include_in_schema=False, route_class=Conditional, default_response_class=HTMLResponse)
TOMORROW: Final = "tomorrow"
"""A tap of its own: put off until the day after the list's."""


class Tap(BaseModel):
    """The fields of a tap's form, as text; `owner`, `pool` and `day` are the list it was tapped on."""

    key: str = ""
    run: str = ""
    prospect: str = ""
    kind: str = ""
    note: str = ""
    until: str = ""
    undoes: str = ""
    owner: str = ""
    pool: str = ""
    day: str = ""


@router.post("/taps")
def record(request: Request, store: StoreDep, tap: Annotated[Tap, Form()]) -> Response:
    """Store what was tapped and lead to the next line."""
    run: Run | None = None
    try:
        run = queries.find_run(store, run_id=tap.run or None)
        row = accepted(store, run, _remark(request, run, tap), at=dt.datetime.now(dt.UTC))
        kept = keep(request.app.state.engine, row, by(request))
    except (BadFeedback, Unknown, NoRun, AlreadySaid, NothingToUndo) as error:
        return _not_recorded(request, tap, error=error, run=run)
    moved = moved_to(store, run, tap.prospect)
    if moved is not None and kept.kind != UNDO:
        context = {"run": run, "tap": tap, "kept": kept, "moved": moved, "kinds": KINDS, "back": start_of(tap)}
        return _page(request, "tap_moved.html", context, status=200)
    return RedirectResponse(after(store, run, tap, undone=kept.kind == UNDO), 303)


@router.get("/taps")
def no_taps() -> Response:
    """Lead a reload of an answered tap back to the list."""
    return RedirectResponse("/", 303)


def _remark(request: Request, run: Run, tap: Tap) -> Remark:
    kind, until = tap.kind, None
    if kind == TOMORROW:
        kind, until = SNOOZE, run.day + dt.timedelta(days=1)
    elif kind in NEEDS_DAY and tap.until:
        until = _day(tap.until)
    return Remark(
        key=tap.key, prospect_id=tap.prospect, kind=kind, note=tap.note, until=until, undoes=tap.undoes,
        said_by=who(request) or tap.owner,
    )  # fmt: skip


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise BadFeedback(f"{text[:40]!r} is not a day; expected one such as 2026-12-24.", "until") from error


def _not_recorded(request: Request, tap: Tap, *, error: TaktError, run: Run | None) -> Response:
    """Say why nothing was recorded; with a form to go on where there is a way."""
    tap = Tap(**{name: text.replace("\x00", "\ufffd") for name, text in tap})
    context: dict[str, Any] = {"run": run, "tap": tap, "error": error, "kinds": KINDS, "back": start_of(tap)}
    context |= {"needs_day": NEEDS_DAY, "needs_note": NEEDS_NOTE}
    lost = isinstance(error, Unknown) or (isinstance(error, BadFeedback) and error.field == "prospect_id")
    # looked at anew: the request may have begun before what it clashes with was said
    with reading(request.app.state.engine, by(request).scope) as store:
        prospect = None if lost else store.get(Prospect, tap.prospect)
        if run is not None and prospect is not None:
            form = tap_forms(store, run, [tap.prospect])[tap.prospect]
            context |= {"prospect": prospect, "first": form.first, "last": form.last, **_way_on(tap, error, form.key)}
        return _page(request, "tap.html", context, status=status_of(error))


def _way_on(tap: Tap, error: TaktError, key: str) -> Mapping[str, Any]:
    """Return what the form of the page says: the same once more, corrected or in the place of what stands."""
    clash = error if isinstance(error, AlreadySaid) else None
    said = None if clash is None else clash.said
    if tap.kind == UNDO or isinstance(error, NothingToUndo) or tap.kind not in (*KINDS, TOMORROW):
        return {"said": said}
    instead = said.key if clash is not None and said is not None and said.kind != UNDO and not clash.undone else ""
    fresh = said is not None or (isinstance(error, BadFeedback) and error.field == "key")
    return {"said": said, "form_key": key if fresh else tap.key, "undoes": instead or tap.undoes, "again": True}


def _page(request: Request, name: str, context: dict[str, Any], *, status: int) -> HTMLResponse:
    page: HTMLResponse = request.app.state.pages.page(request, name, context, status=status)
    page.headers["Cache-Control"] = "no-store"
    return page
