"""The page to sign in: it leads back to where one was going, and sends a post again that met an expired session."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from serving.access import end_session
from serving.access.gate import Gate
from serving.access.sessions import Signed
from serving.errors import TooMany
from serving.pages.pages import address

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
OURS: Final = "sign-in-"
"""Names of our own fields begin with it, those of the post that waits do not."""


@router.get("/sign-in")
def sign_in_page(request: Request, *, onward: Annotated[str, Query(alias="next")] = "/") -> Response:
    """Ask for the password or the secret, or say who is signed in."""
    gate: Gate = request.app.state.gate
    if not gate.guarded(slow=True):
        return RedirectResponse(safe(onward), 303)
    return _page(request, {"onward": safe(onward), "name": _signed_in(gate, request)})


@router.post("/sign-in")
async def sign_in(
    request: Request,
    *,
    secret: Annotated[str, Form(alias="sign-in-secret")] = "",
    name: Annotated[str, Form(alias="sign-in-name")] = "",
    onward: Annotated[str, Form(alias="sign-in-next")] = "/",
    then: Annotated[str, Form(alias="sign-in-then")] = "",
) -> Response:
    """Begin a session; a waiting post goes on its way with everything that was typed."""
    gate: Gate = request.app.state.gate
    if not await run_in_threadpool(gate.guarded, slow=True):
        return RedirectResponse(safe(onward), 303)
    wait, signed = 0, None
    try:
        signed = await gate.sign_in(request, name=name, password=secret)
    except TooMany as error:
        wait = error.seconds
    if signed is None:
        return await _once_more(request, onward=onward, then=then, name=name, wait=wait)
    return enter(request, signed, onward=onward, then=then)


def enter(request: Request, signed: Signed, *, onward: str, then: str = "") -> Response:
    """Begin a session and lead on."""
    # 307: the browser sends the same form once more, now with its session
    answer = RedirectResponse(safe(then), 307) if then else RedirectResponse(safe(onward), 303)
    sessions = request.app.state.gate.sessions
    sessions.begin(request, answer, signed)
    return answer


@router.post("/sign-out")
def sign_out() -> Response:
    """End the session, and let the browser forget the pages it kept."""
    answer = RedirectResponse("/sign-in", 303, headers={"Clear-Site-Data": '"cache"'})
    end_session(answer)
    return answer


async def ask(request: Request, _needed: Exception) -> Response:
    """Answer a person without a session: a link leads here and back, a form keeps what was typed."""
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method in ("GET", "HEAD"):
        return RedirectResponse(address("/sign-in", next=path), 303)
    return _page(request, {"onward": "/", "then": path, "waiting": await _fields(request)}, status=401)


def safe(path: str) -> str:
    """Return a path of this server, the list where it is none: a link must not lead to another site."""
    # browsers read a backslash as a slash, and leave tabs and line ends away
    local = path.startswith("/") and not path.startswith(("//", "/sign-")) and "\\" not in path
    return path if local and path.isprintable() else "/"


async def _once_more(request: Request, *, onward: str, then: str, name: str, wait: int) -> Response:
    context = {"onward": safe(onward), "then": safe(then) if then else "", "waiting": await _fields(request)}
    page = _page(request, {**context, "wrong": True, "given": name, "wait": wait}, status=429 if wait else 401)
    if wait:
        page.headers["Retry-After"] = str(wait)
    return page


def _signed_in(gate: Gate, request: Request) -> str | None:
    signed = gate.sessions.read(request)
    if signed is None or signed.user_id is None:
        return None if signed is None else signed.name
    viewer = gate.accounts.user(signed.user_id, signed.version, slow=True)
    return None if viewer is None else viewer.name


async def _fields(request: Request) -> list[tuple[str, str]]:
    form = await request.form()
    return [(k, v) for k, v in form.multi_items() if isinstance(v, str) and not k.startswith(OURS)]


def _page(request: Request, context: dict[str, Any], *, status: int = 200) -> HTMLResponse:
    settings = request.app.state.settings
    offered = {"secret": bool(settings.secret.get_secret_value())}
    page: HTMLResponse = request.app.state.pages.page(request, "sign_in.html", {**offered, **context}, status=status)
    page.headers["Cache-Control"] = "no-store"
    return page
