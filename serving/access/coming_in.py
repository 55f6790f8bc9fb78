"""Who may come in, and what they may do: asked before every route, in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi import HTTPException, Request
from starlette.concurrency import run_in_threadpool

from serving.access.viewer import Scope, Viewer
from serving.errors import NotAllowed, TooMany

if TYPE_CHECKING:
    from serving.access.gate import Gate

CHALLENGE: Final = 'Basic realm="Takt", charset="UTF-8"'
SAFE: Final = ("GET", "HEAD", "OPTIONS")
MANAGED: Final = ("/v1/audit", "/audit")
WRITES: Final[tuple[tuple[str, Scope], ...]] = (
    ("/v1/feedback", "feedback"),
    ("/taps", "feedback"),
    ("/v1/score", "score"),
    ("/experiments", "publish"),
    ("/offers/experiment", "publish"),
)
"""What a change at these addresses needs; every other one needs `manage`."""


class SignInNeeded(Exception):  # noqa: N818 - nothing is wrong: a person has to say who they are
    """A person in a browser without a session; answered by the page to sign in."""


async def admit(request: Request) -> Viewer:
    """Return who is asking, and may; asked a second time for the same request, it costs nothing.

    Raises
    ------
    SignInNeeded
        A browser that asks for a page; it is led to the page to sign in.
    HTTPException
        401 for programs, with the challenge.
    NotAllowed
        The role, or the token, has not the scope that this route needs.
    TooMany
        Too much was tried, or scored, in this time.
    """
    known: Viewer | None = getattr(request.state, "viewer", None)
    if known is not None:
        return known
    # imported late: the gate knows the store, and the store's tables know the roles of this room
    from serving.access.accounts import AskStore

    gate: Gate = request.app.state.gate
    try:
        viewer = gate.find(request, slow=False)
    except AskStore:
        viewer = await run_in_threadpool(gate.find, request, slow=True)
    if viewer is None:
        raise _refusal(request)
    _may(viewer, request, gate)
    request.state.viewer = viewer
    return viewer


def allowed(request: Request) -> Viewer:
    """Return who is asking, and may; for code that is in no loop of events. See `admit`."""
    known: Viewer | None = getattr(request.state, "viewer", None)
    if known is not None:
        return known
    gate: Gate = request.app.state.gate
    viewer = gate.find(request, slow=True)
    if viewer is None:
        raise _refusal(request)
    _may(viewer, request, gate)
    request.state.viewer = viewer
    return viewer


def who(request: Request) -> str | None:
    """Return the name of whoever came in; None where nobody said one."""
    viewer: Viewer | None = getattr(request.state, "viewer", None)
    return None if viewer is None else viewer.name.strip() or None


def scope_of(method: str, path: str) -> Scope:
    """Return what a request needs; what nobody thought of needs the most."""
    if _below(path, MANAGED):
        return "manage"
    if method in SAFE:
        return "read"
    return next((scope for start, scope in WRITES if _below(path, (start,))), "manage")


def _below(path: str, starts: tuple[str, ...]) -> bool:
    return any(path == start or path.startswith(f"{start}/") for start in starts)


def _may(viewer: Viewer, request: Request, gate: Gate) -> None:
    scope = scope_of(request.method, request.url.path)
    if not viewer.may(scope):
        raise NotAllowed(
            f"{viewer.name or viewer.how!r} ({viewer.role.value}) may {' '.join(sorted(viewer.scopes))}, and this "
            f"needs {scope}. Ask whoever runs Takt for it"
        )
    if scope == "score" and viewer.how != "open":
        seconds = gate.scores.take(f"{viewer.how} {viewer.name}")
        if seconds:
            raise TooMany(f"more was scored than one may in this time; come back in {seconds} s", seconds)


def _refusal(request: Request) -> Exception:
    program = request.url.path.startswith("/v1") or "text/html" not in request.headers.get("accept", "")
    if not program and not request.headers.get("authorization", ""):
        return SignInNeeded()
    return HTTPException(
        401, "the secret or token is missing, wrong, revoked or expired; send `Authorization: Bearer` with TAKT_SECRET "
        "or with a token (`takt token create`)",
        headers={"WWW-Authenticate": CHALLENGE},
    )  # fmt: skip
