"""`/healthz`: the process answers. `/readyz`: it can do its work, or what is missing and what to type."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from features.errors import TaktError
from serving.store import queries
from serving.store.engine import reachable, reading

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """The process runs."""

    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """`ok` for each part that works; otherwise the reason in words."""

    ready: bool
    store: str
    call_list: str
    champion: str


@router.get("/healthz")
def alive() -> Alive:
    """Say that the process answers; nothing else is looked at."""
    return Alive()


@router.get("/readyz", responses={503: {"model": Ready, "description": "Something is missing; see the reasons."}})
def ready(request: Request, response: Response) -> Ready:
    """Look at the store, the published list and the champion."""
    store = reachable(request.app.state.engine)
    parts = {
        "store": store or "ok",
        "call_list": "the store cannot be read" if store else _published(request),
        "champion": _champion(request),
    }
    ok = all(words == "ok" for words in parts.values())
    response.status_code = 200 if ok else 503
    return Ready(ready=ok, **parts)


def _published(request: Request) -> str:
    try:
        with reading(request.app.state.engine) as store:
            queries.find_run(store)
    except TaktError as error:
        return str(error)
    return "ok"


def _champion(request: Request) -> str:
    try:
        request.app.state.champions.current()
    except TaktError as error:
        return str(error)
    return "ok"
