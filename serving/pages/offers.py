"""Which offer for which segment: the effect, its interval, its count; and what follows from it for marketing."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from serving.boards.offers import ALL, Offers
from serving.deps import Day, RunDep, StoreDep
from serving.errors import Unknown
from serving.pages import audience as downloads
from serving.pages import boards, proposing
from serving.pages.offer_pictures import effects, shares
from serving.pages.words import Words, preferred_locale
from serving.routes.conditional import Conditional
from serving.store.audience import audience, size
from serving.store.proposals import proposals
from serving.store.tables import Run

router = APIRouter(include_in_schema=False, route_class=Conditional, default_response_class=HTMLResponse)
STRENGTHS: Final = {
    "better": ("effect", "good"), "present": ("no better one", "good"), "unclear": ("not sure yet", "warn"),
    "association": ("association", "warn"), "few": ("too few to say", "quiet"), "nothing": ("nothing known", "quiet"),
    "not offered": ("none to make", "quiet"),
}  # fmt: skip
"""What a recommendation rests on: the word, and its look."""
COUNTED: Final = 20_000
"""Contacts up to which a page counts who is left out of the audience; beyond, the file says it."""
PROPOSALS: Final = 10


@router.get("/offers")
def offers_page(
    request: Request, store: StoreDep, run: RunDep, *, day: Day = None, segment: Annotated[str | None, Query()] = None
) -> HTMLResponse:
    """Show every segment, or one of them with its stages, its audience and experiments to start."""
    board = boards.read(store, run, "offers", Offers)
    context: dict[str, Any] = {"heading": "Offers", "day": day, "segment": None}
    if board is None or board.refused is not None:
        return boards.render(request, run, "offers.html", board, context)
    name = None if segment in (None, "", ALL) else segment
    chosen = board.segment(name or ALL)
    if chosen is None:
        known = ", ".join(s.name for s in board.segments)
        raise Unknown(f"No open prospect and no offer is in a segment {name!r}. There are: {known}.")
    say = Words(preferred_locale(request.headers.get("accept-language", "")))
    drawn = (effects(board, say, segment=name), shares(board, say, segment=name))
    context |= {
        "segment": name, "chosen": chosen, "all": ALL, "strengths": STRENGTHS, "stages": _stages(board, chosen.name),
        "pictures_shown": [p for p in drawn if p is not None],
        "left_out": (left_out := _left_out(store, run, chosen.name)),
        "nobody": left_out is not None and not left_out[downloads.PEOPLE],
        "proposals": proposals(store)[-PROPOSALS:][::-1], "filed": {f.key: f for f in board.filed},
    }  # fmt: skip
    return boards.render(request, run, "offers.html", board, context)


def _stages(board: Offers, segment: str) -> list[str]:
    """Return the stages at which some offer was made in a segment, and may be."""
    useful = {c.stage for c in board.cells if c.segment == segment and c.says != "elsewhere" and c.n > 0}
    return [stage for stage in board.stages if stage in useful]


def _left_out(store: StoreDep, run: Run, segment: str) -> dict[str, int] | None:
    """Return who is in the audience and who is not; None where they are too many to count on a page."""
    if size(store, run, segment) > COUNTED:
        return None
    return downloads.left_out(audience(store, run, segment))


router.include_router(downloads.router)
router.include_router(proposing.router)
