"""A person before the app: one window, and what it loaded."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Response, Route

PHONE = {"width": 390, "height": 844}
NARROW = {"width": 360, "height": 740}
DESK = {"width": 1440, "height": 900}
HEAVY = ("critical", "serious")
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


@lru_cache(maxsize=1)
def _axe() -> str:
    from axe_playwright_python.base import AXE_FILE_PATH

    return str(AXE_FILE_PATH.read_text(encoding="utf-8"))


class Visit:
    """One window; everything that it asks for is counted, what would leave this machine is stopped."""

    def __init__(
        self, browser: Browser, address: str, *, size: dict[str, int] = PHONE, scheme: str = "light",
        script: bool = True, language: str = "en-US",
    ) -> None:  # fmt: skip
        self.address, self.elsewhere, self.complaints = address, [], []  # type: ignore[var-annotated]
        self.weights: dict[str, int] = {}
        self.script = script
        touch = size["width"] < 600
        self.context = browser.new_context(
            base_url=address, viewport=size, color_scheme=scheme, java_script_enabled=script, locale=language,
            has_touch=touch, is_mobile=touch, accept_downloads=True,
        )  # fmt: skip
        self.context.set_default_timeout(30_000)
        self.context.route(lambda url: not url.startswith(address), self._stop)
        self.page: Page = self.context.new_page()
        self.page.on("response", self._weigh)
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def close(self) -> None:
        self.context.close()

    def open(self, path: str) -> Response:
        """Load a page as by typing its address."""
        self.weights.clear()
        response = self.page.goto(path)
        assert response is not None
        return response

    @property
    def path(self) -> str:
        """Where the window is."""
        return urlsplit(self.page.url).path

    def heading(self) -> str:
        return self.page.locator("h1").inner_text()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name)

    def overflow(self) -> list[str]:
        """Return what sticks out of the window on the right; empty when nothing has to be scrolled sideways."""
        self.page.wait_for_load_state("load")  # without its stylesheet every page is too wide
        return self.page.evaluate(
            """() => {
              const wide = document.documentElement.clientWidth;
              const whole = document.documentElement.scrollWidth;
              if (whole <= wide) return [];
              return [`${whole} > ${wide}`, ...[...document.body.querySelectorAll('*')]
                .filter(e => e.getBoundingClientRect().right > wide + 1)
                .slice(0, 5).map(e => e.tagName + '.' + e.className + ' ' + e.textContent.trim().slice(0, 40))];
            }"""
        )  # type: ignore[no-any-return]

    def small_targets(self) -> list[str]:
        """Return buttons, links in rows of their own and fields that a thumb cannot hit (WCAG 2.5.8 asks for 24 px)."""
        return self.page.evaluate(
            """() => [...document.querySelectorAll('button, summary, select, input:not([type=hidden]), a.act, nav a')]
              .filter(e => { const b = e.getBoundingClientRect();
                             return b.width > 0 && b.height > 0 && Math.min(b.width, b.height) < 24 &&
                                    !e.closest('label') && !e.closest('.vh') && !e.closest('p'); })
              .slice(0, 5).map(e => e.tagName + ' ' + e.textContent.trim().slice(0, 40))"""
        )  # type: ignore[no-any-return]

    def findings(self, rules: dict[str, Any] = RULES) -> list[str]:
        """Return what axe-core finds serious or critical; it needs a window with JavaScript."""
        self.page.evaluate(_axe())
        found = self.page.evaluate("rules => axe.run(document, {...rules, resultTypes: ['violations']})", rules)
        return [
            f"{one['impact']} {one['id']}: {node['html'][:160]}"
            for one in found["violations"]
            if one["impact"] in HEAVY
            for node in one["nodes"][:3]
        ]

    def foreign_colours(self) -> list[str]:
        """Return colours in pictures that would not follow the page into the dark."""
        return self.page.evaluate(
            """() => [...new Set([...document.querySelectorAll('figure svg *')]
              .flatMap(e => [e.getAttribute('fill'), e.getAttribute('stroke')])
              .filter(c => c && c !== 'none' && c !== 'transparent' && !c.startsWith('var(')))]"""
        )  # type: ignore[no-any-return]

    def _stop(self, route: Route) -> None:
        self.elsewhere.append(route.request.url)
        route.abort()

    def _weigh(self, response: Response) -> None:
        if response.status != 304:
            size = response.headers.get("content-length")
            self.weights[response.url] = int(size) if size else 0

    def _listen(self, message: ConsoleMessage) -> None:
        # a page that answers 404 on purpose is no complaint of the page's
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(f"{self.page.url}: {message.text}")
