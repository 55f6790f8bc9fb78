"""The audience of a segment as a file: whom to write to, with which offer, and nobody who refused."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import Response

from serving.audited import seen_prospects
from serving.boards.offers import ALL, Offers
from serving.deps import RunDep, StoreDep
from serving.errors import Unknown
from serving.exports import tables
from serving.pages import boards
from serving.routes.conditional import Conditional
from serving.store.audience import Audience, audience, known_segment
from serving.store.tables import Run

router = APIRouter(include_in_schema=False, route_class=Conditional)

COLUMNS: Final = (
    "prospect_id", "company", "segment", "stage", "salesperson", "contact_id", "person", "role", "email", "phone",
    "consent", "offer_id", "offer", "why",
)  # fmt: skip
PEOPLE: Final = "people in the file"
CONSENT: Final = "no refusal on record"
"""All that is known: the contract holds refusals, and no consent that was given."""
SegmentName = Annotated[str, Query(description="Name of a segment of open prospects, or `all segments`.")]
OfferId = Annotated[str | None, Query(description="Only those to whom this offer is suggested.")]


@router.get("/offers/audience.csv")
def audience_csv(store: StoreDep, run: RunDep, *, segment: SegmentName = ALL, offer: OfferId = None) -> Response:
    """Download the audience as CSV; who was left out is counted in the headers."""
    found, names = _found(store, run, segment, offer)
    return _file(tables.csv_bytes(COLUMNS, _rows(found, names)), run, segment, found, ending="csv")


@router.get("/offers/audience.xlsx")
def audience_xlsx(store: StoreDep, run: RunDep, *, segment: SegmentName = ALL, offer: OfferId = None) -> Response:
    """Download the audience as a workbook; its second sheet says who was left out."""
    found, names = _found(store, run, segment, offer)
    sheets: list[tables.Sheet] = [
        ("audience", COLUMNS, _rows(found, names)),
        ("left out", ("what", "how many"), list(left_out(found).items())),
    ]
    return _file(tables.xlsx_bytes(sheets), run, segment, found, ending="xlsx")


def left_out(found: Audience) -> dict[str, int]:
    """Return what was counted, in words."""
    return {
        "open prospects": found.prospects,
        PEOPLE: len(found.people),
        "of them without an e-mail address": found.without_email,
        "people left out because they asked not to be contacted": found.refused,
        "entries left out because the person or the address is there already": found.twice,
        "prospects without anybody on record": found.nobody,
    }


def _found(store: StoreDep, run: Run, segment: str, offer: str | None) -> tuple[Audience, dict[str, str]]:
    name = known_segment(store, run, segment)
    board = boards.read(store, run, "offers", Offers)
    names = {o.offer_id: o.name for o in board.offers} if board is not None else {}
    if offer and names and offer not in names:
        raise Unknown(f"No offer {offer!r} is on record. There are: {', '.join(sorted(names))}.")
    return audience(store, run, name, offer_id=offer or None), names


def _rows(found: Audience, names: dict[str, str]) -> list[tuple[str | None, ...]]:
    return [
        (
            p.prospect_id, p.name, p.segment, p.stage, p.owner_id, c.contact_id, c.name, c.role, c.email, c.phone,
            CONSENT, p.offer_id, names.get(p.offer_id or "", p.offer_id), p.offer_words,
        )
        for p, c in found.people
    ]  # fmt: skip


def _file(content: bytes, run: Run, segment: str, found: Audience, *, ending: str) -> Response:
    name = tables.file_name("audience", segment, run.day.isoformat(), ending=ending)
    return Response(
        content,
        media_type=tables.CSV_TYPE if ending == "csv" else tables.XLSX_TYPE,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Takt-People": str(len(found.people)),
            "X-Takt-Refused": str(found.refused),
            "X-Takt-Twice": str(found.twice),
            **seen_prospects(run.number, (p.prospect_id for p, _ in found.people)),
        },
    )
