"""`GET /v1/segments/{segment}/offers`: which offer for a segment, with its effect and count."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict

from serving.boards.offers import Cell, Offered, Offers
from serving.deps import RunDep, StoreDep
from serving.errors import Unknown
from serving.pages import boards
from serving.problems import described
from serving.routes.conditional import Conditional

router = APIRouter(prefix="/v1", tags=["segments"], route_class=Conditional)
SegmentName = Annotated[
    str,
    Path(
        description="A segment of open prospects, `all segments`, or `no segment`.", examples=["small"], max_length=500
    ),
]
_SHARES: Final = {"share": 0.214, "share_low": 0.102, "share_high": 0.395}
EXAMPLE: Final[dict[str, Any]] = {
    "day": "2026-11-24", "segment": "small", "open": 47, "recommended": "O3", "strength": "better",
    "said": "service bundle: +6 points (2 to 10) over list price, from 340 draws.", "control": "O0",
    "note": "2626 offers made; effects from 1115 draws with a logged chance, against offer O0.",
    "offers": [{
        "offer": {
            "offer_id": "O3", "name": "service bundle", "description": None, "valid_from": None, "valid_to": None,
            "segments": [], "stages": ["qualified"],
        },
        "basis": "uplift", "says": "figure", "n": 340, "accepted": 73, "effect": 0.06, "low": 0.02, "high": 0.10,
        **_SHARES, "stages": [{
            "segment": "small", "stage": "qualified", "offer_id": "O3", "basis": "uplift", "says": "few", "n": 12,
            "accepted": 3, "effect": None, "low": None, "high": None, "share": None, "share_low": None,
            "share_high": None,
        }],
    }],
}  # fmt: skip


class SegmentOffer(BaseModel):
    """One offer in the segment, over all stages and by stage; figures are shares, missing where too few were made.

    `effect` exists for offers that chance chose only (`basis` "uplift"); "association" is no effect.
    """

    offer: Offered
    basis: str
    says: str
    n: int
    accepted: int
    effect: float | None
    low: float | None
    high: float | None
    share: float | None
    share_low: float | None
    share_high: float | None
    stages: list[Cell]


class SegmentOffersOut(BaseModel):
    """What is known of every offer in a segment, and what is recommended."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    day: str
    segment: str
    open: int
    recommended: str | None
    strength: str
    said: str
    control: str | None
    note: str
    offers: list[SegmentOffer]


@router.get("/segments/{segment:path}/offers", responses=described(404, 422, 503))
def read_segment_offers(store: StoreDep, run: RunDep, segment: SegmentName) -> SegmentOffersOut:
    """Return what each offer does in a segment, on a day's board."""
    board = boards.read(store, run, "offers", Offers)
    if board is None or board.refused is not None:
        why = "was published without offers; run `takt daily`" if board is None else f"has no offers: {board.refused}"
        raise Unknown(f"The run for {run.day} {why}.")
    found = board.segment(segment)
    if found is None:
        raise Unknown(f"No segment {segment!r}. There are: {', '.join(s.name for s in board.segments)}.")
    return SegmentOffersOut(
        day=run.day.isoformat(), segment=found.name, open=found.open, recommended=found.recommended,
        strength=found.strength, said=found.said, control=board.control, note=board.note,
        offers=[_offer(board, found.name, offer) for offer in board.offers],
    )  # fmt: skip


def _offer(board: Offers, segment: str, offer: Offered) -> SegmentOffer:
    cells = [c for c in board.cells if (c.segment, c.offer_id) == (segment, offer.offer_id)]
    whole = next(c for c in cells if c.stage is None)
    figures = whole.model_dump(exclude={"segment", "stage", "offer_id"})
    return SegmentOffer(offer=offer, stages=[c for c in cells if c.stage is not None], **figures)
