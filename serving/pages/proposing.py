"""Start an experiment from a cell of the offers: a form that is filled already, and the proposal that comes of it."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from models.evidence.experiment_card import Card
from serving.access import who
from serving.audited import by
from serving.boards.filed import Filed
from serving.boards.offers import ALL, Offers
from serving.deps import RunDep, StoreDep
from serving.errors import Unknown
from serving.pages import boards
from serving.pages.expecting import expectation
from serving.pages.experiment_form import FIELDS, LABELS, LONGEST, MEASURES, check, prefilled
from serving.pages.pages import address
from serving.pages.words import Words, preferred_locale
from serving.routes.conditional import Conditional
from serving.store.engine import reading
from serving.store.proposals import proposal, proposals, propose
from serving.store.tables import Run

router = APIRouter(include_in_schema=False, route_class=Conditional, default_response_class=HTMLResponse)
HEADING = "Start an experiment"
FORM = "experiment_form.html"
SENT_BEFORE = (
    "This form was sent before with other words, and that proposal stays. Send it again, under another name, to make a "
    "second one."
)


@router.get("/offers/experiment")
def experiment_form(
    request: Request, store: StoreDep, run: RunDep, *, offer: Annotated[str, Query()], segment: str = ALL
) -> HTMLResponse:
    """Show the form, filled for one offer in one segment."""
    board = boards.read(store, run, "offers", Offers)
    if board is None or board.refused is not None:
        return boards.render(request, run, FORM, board, {"heading": HEADING})
    offered = board.offer(offer)
    if offered is None or board.segment(segment) is None:
        known = ", ".join(o.offer_id for o in board.offers) or "none"
        raise Unknown(
            f"No offer {offer!r} for {segment!r} on the board of offers. Offers: {known}; "
            f"segments: {', '.join(s.name for s in board.segments)}."
        )
    typed = prefilled(
        board, segment=segment, offer=offered, day=run.day, owner=who(request) or "", taken=_taken(store)
    )  # fmt: skip
    return _form(request, run, board, typed, key=secrets.token_hex(12))


async def _given(request: Request) -> dict[str, str]:
    form = await request.form()
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


@router.post("/offers/experiment")
def propose_experiment(
    request: Request, store: StoreDep, run: RunDep, given: Annotated[dict[str, str], Depends(_given)]
) -> Response:
    """Keep a proposal, or show the form again with what is to be corrected beside each field."""
    board = boards.read(store, run, "offers", Offers)
    if board is None or board.refused is not None:
        return boards.render(request, run, FORM, board, {"heading": HEADING})
    typed = {name: given.get(name, "") for name in FIELDS}
    key = given.get("key", "")[:64] or secrets.token_hex(12)
    taken = _taken(store, but=key)
    checked = check(typed, board, day=run.day, taken=taken)
    if checked.card is None:
        return _form(request, run, board, typed, key=key, errors=checked.errors, status=422)
    if given.get("do") == "look":
        return _form(request, run, board, typed, key=key, card=checked.card)
    card = checked.card.model_dump(mode="json", exclude_none=True)
    now, name = dt.datetime.now(dt.UTC), who(request) or typed["owner"]
    new = propose(request.app.state.engine, key=key, card=card, at=now, said_by=name, by=by(request))
    # read anew: the snapshot of this request may be older than the one that came first
    if not new and _stored(request, key) != card:
        errors = {"": SENT_BEFORE}
        return _form(request, run, board, typed, key=secrets.token_hex(12), errors=errors, status=409)
    return RedirectResponse(address("/offers/experiment/", key), 303)


@router.get("/offers/experiment/{key}")
def proposed(request: Request, store: StoreDep, run: RunDep, key: str) -> HTMLResponse:
    """Show one proposal and what became of it."""
    found = proposal(store, key)
    board = boards.read(store, run, "offers", Offers)
    filed: dict[str, Filed] = {} if board is None else {f.key: f for f in board.filed}
    card = Card.model_validate(found.card)
    context = {
        "run": run, "heading": f"Experiment {card.name}", "proposal": found, "card": card, "state": filed.get(key),
        "measures": MEASURES, "offer_names": {} if board is None else {o.offer_id: o.name for o in board.offers},
    }  # fmt: skip
    page: HTMLResponse = request.app.state.pages.page(request, "proposal.html", context)
    return page


def _form(
    request: Request, run: Run, board: Offers, typed: dict[str, str], *,
    key: str, errors: dict[str, str] | None = None, card: Card | None = None, status: int = 200,
) -> HTMLResponse:  # fmt: skip
    """Render the form; what to expect is said for a card, or for what stands in the form where it is one."""
    say = Words(preferred_locale(request.headers.get("accept-language", "")))
    shown = card or (check(typed | {"owner": typed["owner"] or "-"}, board, day=run.day, taken=()).card)
    expected = [] if shown is None else expectation(shown, board, segment=typed["segment"], day=run.day, say=say)
    context: dict[str, Any] = {
        "heading": HEADING, "typed": typed, "errors": errors or {}, "key": key, "labels": LABELS, "measures": MEASURES,
        "expected": expected, "longest": LONGEST, "first": (run.day + dt.timedelta(days=1)).isoformat(),
    }  # fmt: skip
    page = boards.render(request, run, FORM, board, context)
    page.status_code = status
    return page


def _taken(store: StoreDep, *, but: str = "") -> set[str]:
    return {str(p.card.get("name", "")) for p in proposals(store) if p.key != but}


def _stored(request: Request, key: str) -> dict[str, Any]:
    with reading(request.app.state.engine) as store:
        return proposal(store, key).card
