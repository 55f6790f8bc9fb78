"""`POST /v1/feedback`: what came of a call, stored once however often it is sent."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from serving.access import who
from serving.audited import by
from serving.deps import RUN_HEADER, StoreDep
from serving.errors import BadFeedback
from serving.problems import described
from serving.routes.conditional import Conditional
from serving.store import queries
from serving.store.feedback import KINDS, LONGEST_NOTE, keep
from serving.store.remark import Remark, accepted

router = APIRouter(prefix="/v1", tags=["feedback"], route_class=Conditional)

EXAMPLES: Final[dict[str, Any]] = {
    "nobody there": {"value": {"prospect_id": "p-1042", "kind": "no_answer", "key": "2026-11-24/p-1042/1"}},
    "not now": {
        "value": {
            "prospect_id": "p-1042", "kind": "not_now", "until": "2027-03-12", "note": "budget opens in March",
            "key": "2026-11-24/p-1042/2",
        }
    },
    "taken back": {
        "value": {
            "prospect_id": "p-1042", "kind": "undo", "undoes": "2026-11-24/p-1042/1", "key": "2026-11-24/p-1042/3",
        }
    },
}  # fmt: skip


class FeedbackIn(BaseModel):
    """What is said about a prospect of a published run."""

    model_config = ConfigDict(extra="forbid")

    prospect_id: str = Field(description="prospect_id of the contract.")
    kind: str = Field(description=f"One of {', '.join(KINDS)}.")
    key: str | None = Field(default=None, description="Chosen by the caller, another for each thing said.")
    note: str | None = Field(default=None, description=f"At most {LONGEST_NOTE} characters.")
    until: dt.date | None = Field(default=None, description="not_now, snooze: the first day to call again.")
    undoes: str | None = Field(default=None, description="Key of what is taken back by this, or stands no longer.")
    run_id: str | None = Field(default=None, description="The run it is said about; absent, the latest.")
    contact_id: str | None = Field(default=None, description="Absent, whom the list suggested.")
    channel: str | None = Field(default=None, description="Absent, the channel that the list suggested.")
    said_by: str | None = None


class FeedbackOut(BaseModel):
    """What is stored under the key; `stored` is false where the same was stored before."""

    model_config = ConfigDict(from_attributes=True)

    key: str
    prospect_id: str
    kind: str
    at: dt.datetime
    note: str | None
    until: dt.date | None
    undoes: str | None
    contact_id: str | None
    channel: str | None
    said_by: str | None
    receipt_id: str | None
    stored: bool


def _speaker(request: Request, claimed: str | None) -> str | None:
    """Return who says it: a salesperson speaks for nobody else."""
    name = who(request)
    return name if name and not request.state.viewer.sees_all else claimed or name


@router.post(
    "/feedback",
    status_code=201,
    responses={200: {"model": FeedbackOut, "description": "It was stored before."}, **described(404, 409, 413, 422)},
)
def say_something(
    request: Request,
    response: Response,
    store: StoreDep,
    body: Annotated[FeedbackIn, Body(openapi_examples=EXAMPLES)],
    *,
    idempotency_key: Annotated[str | None, Header(description="In place of `key`.")] = None,
) -> FeedbackOut:
    """Store what came of a call, or take it back; the same key with other content is refused."""
    if body.key and idempotency_key and body.key != idempotency_key:
        raise BadFeedback("`key` and the header Idempotency-Key differ; send one of them.", "key")
    run = queries.find_run(store, run_id=body.run_id)
    given = body.model_dump(exclude={"run_id"}) | {
        "key": body.key or idempotency_key or "",
        "said_by": _speaker(request, body.said_by),
    }
    row = accepted(store, run, Remark(**given), at=dt.datetime.now(dt.UTC))
    kept = keep(request.app.state.engine, row, by(request))
    response.status_code = 201 if kept is row else 200
    response.headers[RUN_HEADER] = run.run_id
    return FeedbackOut.model_validate({**vars(kept), "stored": kept is row})
