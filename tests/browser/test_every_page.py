"""What is true of every page, in the real browser."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from tests.browser.conftest import Open
from tests.browser.visit import COLOURS, DESK, NARROW

PAGES = (
    "/", "/?owner=S01", "/search", "/search?q=a", "/search?q=zzzz", "/prospects/{listed}", "/prospects/{left}",
    "/offers", "/where", "/flow", "/experiments", "/team", "/model", "/definitions", "/readiness", "/watch",
)  # fmt: skip
NOT_FOUND = ("/prospects/nobody", "/?day=1999-01-01", "/no-such-page")
MOST_BYTES = 100 * 1024


@pytest.fixture(scope="module")
def ids(day_home: Path) -> dict[str, str]:
    """Ids of a prospect on the list and of one left out."""
    store = sqlite3.connect(day_home / "store.db")
    try:
        (listed,) = store.execute("select prospect_id from call_list order by position limit 1").fetchone()
        (left,) = store.execute("select prospect_id from left_out order by prospect_id limit 1").fetchone()
    finally:
        store.close()
    return {"listed": listed, "left": left}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_light_and_accessible_on_every_screen(path: str, visit: Open, ids: dict[str, str]) -> None:
    narrow = visit(size=NARROW)
    assert narrow.open(path.format(**ids)).status == 200
    assert narrow.page.locator("h1").count() == 1
    assert narrow.page.title().endswith("Takt")
    assert narrow.overflow() == []
    assert narrow.small_targets() == []
    assert narrow.foreign_colours() == []
    assert sum(narrow.weights.values()) <= MOST_BYTES, narrow.weights
    assert narrow.findings() == []
    narrow.page.emulate_media(color_scheme="dark")
    assert narrow.findings(COLOURS) == []
    narrow.page.emulate_media(color_scheme="light", media="print")
    assert narrow.page.locator("nav.rooms").is_hidden()
    narrow.page.emulate_media(media="screen")
    narrow.page.set_viewport_size(DESK)
    assert narrow.overflow() == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_says_the_same_without_script(path: str, visit: Open, ids: dict[str, str]) -> None:
    plain = visit(script=False)
    assert plain.open(path.format(**ids)).status == 200
    assert plain.page.locator("main").inner_text().strip()
    assert plain.overflow() == []


def test_a_page_that_is_not_there_says_so_and_leads_back(visit: Open) -> None:
    lost = visit()
    for path in NOT_FOUND:
        assert lost.open(path).status == 404
        assert lost.page.locator("h1").count() == 1
        assert lost.findings() == []
        assert lost.page.get_by_role("link", name="To today's calls").count() == 1


def test_the_way_to_every_page_fits_a_phone_and_is_open_on_a_wide_screen(visit: Open) -> None:
    phone = visit(script=False)
    phone.open("/flow")
    rooms = phone.page.get_by_role("navigation", name="Pages")
    assert rooms.bounding_box()["height"] < 60
    more = rooms.locator("summary")
    assert more.inner_text().endswith("Flow")
    more.tap()
    rooms.get_by_role("link", name="Team").tap()
    phone.page.wait_for_url("**/team")
    wide = visit(size=DESK)
    wide.open("/flow")
    shown = wide.page.get_by_role("navigation", name="Pages").get_by_role("link")
    assert [link.is_visible() for link in shown.all()] == [True] * 11
    assert wide.page.locator("nav.rooms [aria-current=page]").inner_text() == "Flow"


def test_the_keyboard_reaches_the_content_first_and_sees_where_it_is(visit: Open) -> None:
    desk = visit(size=DESK)
    desk.open("/")
    desk.page.keyboard.press("Tab")
    skip = desk.page.get_by_role("link", name="Skip to content")
    assert skip.evaluate("e => e === document.activeElement && e.getBoundingClientRect().top >= 0")
    for _ in range(12):
        desk.page.keyboard.press("Tab")
        seen = desk.page.evaluate(
            "() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.outlineWidth]; }"
        )
        assert seen[0] != "none"
        assert seen[1] != "0px"


@pytest.mark.parametrize(
    ("language", "number", "day"),
    [("de-DE", r"\d{1,3}\.\d{3}\s?€", "Juli 2026"), ("en-US", r"€\d{1,3},\d{3}", "July 1, 2026"),
     ("fr-FR", r"\d{1,3}\s\d{3}\s€", "juillet 2026")],
)  # fmt: skip
def test_money_and_days_are_written_as_the_reader_writes_them(
    language: str, number: str, day: str, visit: Open, ids: dict[str, str]
) -> None:
    reader = visit(size=DESK, language=language)
    reader.open("/")
    assert day in reader.heading()
    reader.open(f"/prospects/{ids['listed']}")
    text = reader.page.locator("main").inner_text()
    assert re.search(number, text), text[:2000]


def test_a_page_read_again_is_not_sent_again_and_a_bookmark_stays_fresh(visit: Open) -> None:
    reader = visit()
    tag = reader.open("/offers").headers["etag"]
    again = reader.context.request.get("/offers", headers={"If-None-Match": tag})
    assert again.status == 304
    assert "Accept-Language" in again.headers["vary"]
    other = reader.context.request.get("/offers", headers={"If-None-Match": tag, "Accept-Language": "de"})
    assert other.status == 200
