"""The rendering of pages: one Jinja environment, escaping everything, and the headers every page carries."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from serving.pages import words
from serving.pages.words import Words, preferred_locale
from serving.problem import Problem

ROOT: Final = Path(__file__).parent
STATIC: Final = ROOT / "static"
STYLE: Final = ROOT / "style"


def address(path: str, name: str = "", **query: object) -> str:
    """Return a link within the server: `name` is one segment whatever it holds, missing query values are left out."""
    given = {key: value for key, value in query.items() if value is not None}
    return path + quote(name, safe="") + (f"?{urlencode(given)}" if given else "")


class Pages:
    """Renders templates; built once per application."""

    def __init__(self) -> None:
        self._templates = Jinja2Templates(ROOT / "templates")
        parts = (path.read_text(encoding="utf-8") for path in sorted(STYLE.glob("*.css")))
        self.style = re.sub(r"/\*.*?\*/\s*", "", "".join(parts), flags=re.DOTALL)
        style = hashlib.sha256(self.style.encode()).hexdigest()[:12]
        environment = self._templates.env
        environment.trim_blocks = environment.lstrip_blocks = True
        environment.globals.update(
            style=style,
            address=address,
            channels=words.CHANNELS,
            grades=words.GRADES,
            left_out=words.LEFT_OUT,
            no_chance=words.NO_CHANCE,
        )
        for written in (words.person, words.happened, words.dial, words.mail, words.bar):
            environment.filters[written.__name__] = written

    def page(self, request: Request, name: str, context: dict[str, Any], *, status: int = 200) -> HTMLResponse:
        """Render one template for one reader."""
        say = Words(preferred_locale(request.headers.get("accept-language", "")))
        response = self._templates.TemplateResponse(request, name, {"say": say, **context}, status_code=status)
        response.headers["Vary"] = "Accept-Language"
        return response

    def problem(self, request: Request, problem: Problem) -> HTMLResponse:
        """Render a problem as a page, for people."""
        return self.page(request, "problem.html", {"problem": problem}, status=problem.status)
