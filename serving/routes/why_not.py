"""`GET /v1/why-not/{id}`: why a prospect is not on the list of a day, or where it stands."""

from __future__ import annotations

import datetime as dt
from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from serving.deps import RunDep, StoreDep
from serving.problems import described
from serving.routes.conditional import Conditional
from serving.routes.prospects import ProspectId
from serving.store import places

router = APIRouter(prefix="/v1", tags=["why not"], route_class=Conditional)

_EXAMPLE: Final[dict[str, JsonValue]] = {
    "prospect_id": "p-1042",
    "name": "Hartwell Optics",
    "day": "2026-11-24",
    "run_id": "2faf267d8997a961c982",
    "listed": False,
    "rank": None,
    "owner_id": "mira",
    "reason": "too_soon",
    "until": "2026-11-26",
    "sentence": "Hartwell Optics is not on the list for 2026-11-24: called on 2026-11-23, the next call may be made 2 "
    "days later (too_soon). It may be listed again from 2026-11-26.",
}


class WhyNotOut(BaseModel):
    """Where a prospect stands on a day's list, or why it does not; both are null where the run did not look at it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    prospect_id: str
    name: str | None
    day: dt.date
    run_id: str
    listed: bool
    rank: int | None = Field(description="Its number on its owner's list.")
    owner_id: str | None = Field(description="Whose list it is on; for one left out, whose prospect it is.")
    reason: str | None = Field(description="Code of the reason it was left out.")
    until: dt.date | None = Field(description="The first day on which it may be listed again, where that is known.")
    sentence: str = Field(description="The answer for a person; `takt why-not` prints the same.")


@router.get("/why-not/{prospect_id:path}", responses=described(404, 422, 503))
def read_why_not(store: StoreDep, run: RunDep, prospect_id: ProspectId) -> WhyNotOut:
    """Return the reason, the day it may come back, and the same as a sentence."""
    found = places.place(store, run, prospect_id)
    call, left = found.call, found.left_out
    return WhyNotOut(
        prospect_id=prospect_id,
        name=found.prospect.name,
        day=run.day,
        run_id=run.run_id,
        listed=call is not None,
        rank=None if call is None else call.rank,
        owner_id=found.prospect.owner_id if call is None else call.owner_id,
        reason=None if left is None else left.reason,
        until=None if left is None else left.until,
        sentence=places.sentence(found, run),
    )
