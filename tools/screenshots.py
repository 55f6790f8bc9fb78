"""`make screenshots`: a picture of each page into docs/img, from the company of a demo.

The server runs as `takt serve` starts it, the browser is Debian's chromium. Pictures are reduced to a palette, so that
all together stay small.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks.load import free_port, started

ROOT: Final = Path(__file__).resolve().parents[1]
COLOURS: Final = 64
SHARPNESS: Final = 1.5
PHONE: Final = {"width": 390, "height": 844}
DESK: Final = {"width": 1200, "height": 860}
_TAKT: Final = "from serving.server import run; from serving.settings import Settings; run(Settings())"


@dataclass(frozen=True)
class Shot:
    """One picture: its file's name, the page, how it is looked at, and what is done before."""

    name: str
    path: str
    size: dict[str, int]
    scheme: str = "light"
    before: Callable[[Page], object] | None = None


def _tap(page: Page) -> None:
    """Record an answer for the first call; the list goes on to the next."""
    page.get_by_role("button", name="Meeting booked").first.click()
    page.locator(".just").wait_for()


def _picture(page: Page) -> None:
    """Bring the first picture of the page to the top."""
    page.locator("figure.picture").first.scroll_into_view_if_needed()
    page.evaluate("() => document.querySelector('figure.picture').scrollIntoView({block: 'start'})")


def _shots(prospect: str, owner: str) -> list[Shot]:
    """Return what is shown; `prospect` stands on the list of `owner`."""
    mine = f"/?owner={owner}"
    return [
        Shot("calls-phone", mine, PHONE),
        Shot("calls-phone-dark", mine, PHONE, "dark"),
        Shot("calls-desktop", "/", DESK),
        Shot("prospect-phone", f"/prospects/{prospect}", PHONE),
        Shot("prospect-desktop", f"/prospects/{prospect}", DESK),
        Shot("find-phone", "/search?q=no", PHONE),
        Shot("offers-desktop", "/offers", DESK),
        Shot("where-desktop", "/where", DESK),
        Shot("flow-desktop", "/flow", DESK),
        Shot("flow-phone", "/flow", PHONE),
        Shot("experiments-desktop", "/experiments", DESK),
        Shot("team-desktop", "/team", DESK),
        Shot("model-desktop", "/model", DESK),
        Shot("model-phone-dark", "/model", PHONE, "dark", _picture),
        Shot("definitions-desktop", "/definitions", DESK),
        Shot("readiness-desktop", "/readiness", DESK),
        # the last one: it changes the list
        Shot("tapped-phone", mine, PHONE, "light", _tap),
    ]


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=ROOT / ".takt" / "simulated", help="home of a demo")
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "img", help="folder of the pictures")
    asked = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("There is no chromium here; `apt-get install chromium` brings it.")
    if not (asked.home / "store.db").is_file():
        sys.exit(f"{asked.home} holds no published list; type `make demo` first, or name another home with --home.")
    asked.to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        home, port = _copied(asked.home, Path(scratch) / "home"), free_port()
        command = [sys.executable, "-c", _TAKT]
        with started(command, port, {"TAKT_HOME": str(home), "TAKT_PORT": str(port)}):
            taken = _take(_shots(*_first_call(home)), chromium, f"http://127.0.0.1:{port}", asked.to)
    print(f"{len(taken)} pictures in {asked.to}, {sum(one.stat().st_size for one in taken) / 2**20:.2f} MB together.")


def _take(shots: list[Shot], chromium: str, address: str, folder: Path) -> list[Path]:
    taken = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        for shot in shots:
            page = browser.new_page(
                base_url=address, viewport=shot.size, color_scheme=shot.scheme, locale="en-US",
                device_scale_factor=SHARPNESS,
            )  # fmt: skip
            answer = page.goto(shot.path)
            if answer is None or answer.status != 200:
                print(f"{shot.path} was answered with {answer and answer.status}: no picture of it", file=sys.stderr)
            else:
                if shot.before is not None:
                    shot.before(page)
                taken.append(folder / f"{shot.name}.png")
                page.screenshot(path=taken[-1])
                _reduced(taken[-1])
            page.close()
        browser.close()
    return taken


def _reduced(picture: Path) -> None:
    with Image.open(picture) as whole:
        small = whole.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(picture, optimize=True)


def _copied(home: Path, to: Path) -> Path:
    """Return a copy of what the server reads, so that a tap for a picture is not one for the company."""
    to.mkdir()
    store = sqlite3.connect(home / "store.db")
    store.execute("vacuum into ?", (str(to / "store.db"),))
    store.close()
    if (home / "champion").is_dir():
        shutil.copytree(home / "champion", to / "champion")
    return to


def _first_call(home: Path) -> tuple[str, str]:
    store = sqlite3.connect(home / "store.db")
    query = (
        "select prospect_id, owner_id from call_list where owner_id is not null and contact_id is not null"
        " order by run desc, position limit 1"
    )
    found = store.execute(query).fetchone()
    store.close()
    if found is None:
        sys.exit(f"The latest list in {home} has no calls of anybody; there is nothing to show.")
    return str(found[0]), str(found[1])


if __name__ == "__main__":
    main()
