"""The page to sign in: it leads back to where one was going, and sends a post again that met an expired session."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from serving.access import begin_session, end_session, is_secret, session
from serving.pages.pages import address

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
OURS: Final = "sign-in-"
"""Names of our own fields begin with it, those of the post that waits do not."""


@router.get("/sign-in")
def sign_in_page(request: Request, *, onward: Annotated[str, Query(alias="next")] = "/") -> Response:
    """Ask for the secret, or say who is signed in."""
    if not request.app.state.settings.secret.get_secret_value():
        return RedirectResponse(safe(onward), 303)
    return _page(request, {"onward": safe(onward), "name": session(request)})


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
    if not request.app.state.settings.secret.get_secret_value():
        return RedirectResponse(safe(onward), 303)
    if not is_secret(request, secret.strip()):
        context = {"onward": safe(onward), "then": safe(then) if then else "", "waiting": await _fields(request)}
        return _page(request, {**context, "wrong": True, "given": name}, status=401)
    # 307: the browser sends the same form once more, now with its session
    answer = RedirectResponse(safe(then), 307) if then else RedirectResponse(safe(onward), 303)
    begin_session(request, answer, name)
    return answer


@router.post("/sign-out")
def sign_out() -> Response:
    """End the session."""
    answer = RedirectResponse("/sign-in", 303)
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


async def _fields(request: Request) -> list[tuple[str, str]]:
    form = await request.form()
    return [(k, v) for k, v in form.multi_items() if isinstance(v, str) and not k.startswith(OURS)]


def _page(request: Request, context: dict[str, object], *, status: int = 200) -> HTMLResponse:
    page: HTMLResponse = request.app.state.pages.page(request, "sign_in.html", context, status=status)
    page.headers["Cache-Control"] = "no-store"
    return page
