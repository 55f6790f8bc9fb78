"""A day's work with the app, as the four kinds of people who use it do it."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import Open
from tests.browser.visit import DESK, PHONE, Visit

Taps = Callable[[], list[tuple[str, str, str]]]
WINDOWS = {
    "phone": {"size": PHONE, "scheme": "light"},
    "desk-dark": {"size": DESK, "scheme": "dark"},
    "phone-without-script": {"size": PHONE, "script": False},
}


@pytest.fixture(params=list(WINDOWS))
def person(request: pytest.FixtureRequest, visit: Open) -> Visit:
    """Somebody on a phone, before a large dark screen, or without JavaScript."""
    return visit(**WINDOWS[request.param])


@pytest.fixture
def owner(day_home: Path) -> str:
    """The salesperson with the longest list."""
    query = "select owner_id from call_list where owner_id is not null group by owner_id order by count(*) desc limit 1"
    return str(_asked(day_home, query)[0][0])


@pytest.fixture
def taps(day_home: Path) -> Taps:
    """What was recorded since the test began: prospect, kind, note."""
    (before,) = _asked(day_home, "select coalesce(max(id), 0) from feedback")[0]
    query = f"select prospect_id, kind, coalesce(note, '') from feedback where id > {before} order by id"
    return lambda: [(str(p), str(k), str(n)) for p, k, n in _asked(day_home, query)]


def _asked(home: Path, query: str) -> list[tuple[object, ...]]:
    store = sqlite3.connect(home / "store.db")
    try:
        return store.execute(query).fetchall()
    finally:
        store.close()


def first_name(of: Visit) -> str:
    return of.page.locator("li.call h3").first.inner_text()


def done(of: Visit, expected: int) -> None:
    """Wait until so many calls of the list are done."""
    of.page.locator("#next", has_text=f"{expected} of ").wait_for()


def test_a_salesperson_works_the_list_takes_an_answer_back_and_puts_one_off(
    person: Visit, owner: str, taps: Taps
) -> None:
    person.open(f"/?owner={owner}")
    begun = int(person.page.locator("#next").inner_text().split(" of ")[0])
    name = first_name(person)
    reasons = person.page.locator("li.call.first .reasons li")
    assert person.page.locator("li.call.first .now").inner_text() or reasons.count()
    person.page.locator("li.call.first").get_by_role("button", name="Meeting booked").click()
    done(person, begun + 1)
    assert "Meeting booked".lower() in person.page.locator(".just").inner_text().lower()
    assert first_name(person) != name
    person.page.locator(".just").get_by_role("button", name="Undo").click()
    done(person, begun)
    assert first_name(person) == name
    line = person.page.locator("li.call.first")
    line.locator("details.other > summary").click()
    day = line.locator("input[type=date]").get_attribute("min")
    line.locator("input[type=date]").fill(day or "")
    line.get_by_label("Note").fill("<b>wants</b> the price list first")
    line.get_by_role("button", name="Not now").click()
    done(person, begun + 1)
    kinds = [kind for _, kind, _ in taps()]
    assert kinds == ["meeting_booked", "undo", "not_now"]
    assert len({prospect for prospect, _, _ in taps()}) == 1
    assert taps()[-1][2] == "<b>wants</b> the price list first"
    assert person.page.locator("main q b").count() == 0


def test_an_answer_that_cannot_be_kept_says_why_and_loses_nothing(visit: Open, owner: str, taps: Taps) -> None:
    plain = visit(script=False)
    plain.open(f"/?owner={owner}")
    line = plain.page.locator("li.call.first")
    line.locator("details.other > summary").click()
    line.get_by_role("button", name="Skip today").click()
    assert plain.heading() == "Not recorded"
    assert taps() == []
    assert plain.overflow() == []
    plain.page.get_by_label("The reason").fill("they move house this week")
    plain.page.get_by_role("button", name="Record").click()
    assert plain.path == "/"
    assert [(kind, note) for _, kind, note in taps()] == [("skip", "they move house this week")]


def test_a_tap_in_a_tunnel_waits_and_is_stored_once(visit: Open, owner: str, taps: Taps) -> None:
    train = visit()
    train.open(f"/?owner={owner}")
    begun = int(train.page.locator("#next").inner_text().split(" of ")[0])
    train.context.set_offline(True)
    train.page.locator("li.call.first").get_by_role("button", name="No answer").click()
    train.page.get_by_text("not sent yet").wait_for()
    assert taps() == []
    train.context.set_offline(False)
    done(train, begun + 1)
    train.open(f"/?owner={owner}")
    done(train, begun + 1)
    assert [kind for _, kind, _ in taps()] == ["no_answer"]
    train.complaints.clear()  # the browser itself complains of the missing line


def test_a_salesperson_looks_somebody_up_and_takes_the_list_along(person: Visit, owner: str) -> None:
    person.open("/")
    name = first_name(person)
    person.page.get_by_role("navigation", name="Pages").get_by_role("link", name="Find").click()
    person.page.get_by_label("Name or id").fill(name.split()[0])
    person.button("Find").click()
    person.page.get_by_role("link", name=name).first.click()
    person.page.locator("h1", has_text=name).wait_for()
    text = person.page.locator("main").inner_text()
    for part in ("Why", "What moves the chance", "People", "Receipt"):
        assert part in text
    person.open(f"/?owner={owner}")
    with person.page.expect_download() as coming:
        person.page.locator("a[href*='call-list.csv']").first.click()
    rows = list(csv.reader(io.StringIO(Path(coming.value.path()).read_text(encoding="utf-8-sig"))))
    assert len(rows) > 1
    assert owner in {cell for row in rows[1:] for cell in row}


def test_marketing_reads_what_offers_do_takes_an_audience_and_proposes_an_experiment(
    person: Visit, request: pytest.FixtureRequest
) -> None:
    person.open("/offers")
    assert person.heading().startswith("Offers")
    with person.page.expect_download() as coming:
        person.page.get_by_role("link", name="Download CSV").click()
    assert coming.value.suggested_filename.endswith(".csv")
    person.page.locator("a.try").first.click()
    person.page.get_by_label("Name", exact=True).fill("Not A Name!")
    person.button("Propose it").click()
    assert person.page.get_by_role("alert").is_visible()
    assert not person.script or person.findings() == []
    name = "tried-" + request.node.callspec.id
    person.page.get_by_label("Name", exact=True).fill(name)
    person.page.get_by_label("Owner", exact=True).fill("marketing")
    person.button("Propose it").click()
    person.page.get_by_text("Proposed.").wait_for()
    assert person.overflow() == []
    person.page.get_by_role("link", name="How experiments stand").click()
    assert name in person.page.locator("main").inner_text()
    person.open("/where")
    person.page.get_by_role("link", name="Last touch").click()
    assert "Last touch" in person.page.locator("main").inner_text()


def test_a_manager_finds_the_bottleneck_and_reads_a_picture_as_a_table(person: Visit) -> None:
    person.open("/flow")
    assert "bottleneck" in person.page.locator(".lead").inner_text()
    numbers = person.page.locator("details.picture-numbers").first
    numbers.locator("summary").click()
    assert numbers.locator("tbody tr").count() > 0
    assert numbers.locator("table").is_visible()
    person.page.get_by_role("link", name="by segment").click()
    person.page.locator("a.flow-link").first.click()
    assert person.heading().startswith("Flow: ")
    assert person.overflow() == []
    person.open("/team")
    assert person.heading() == "Team"


def test_a_doubter_sees_the_evidence_the_words_and_the_rule_that_runs(person: Visit) -> None:
    person.open("/model")
    text = person.page.locator("main").inner_text()
    assert "Checks" in text
    assert "Which model was earned" in text
    check = person.page.locator(".all-checks details").first
    check.locator("summary").click()
    assert "Fires when" in check.inner_text()
    person.open("/definitions")
    rule = person.page.locator("details.rule").first
    rule.locator("summary").click()
    assert "select" in rule.inner_text().lower()
    assert person.page.get_by_text("who moves?").first.is_visible()
    person.open("/readiness")
    assert "What to do first" in person.page.locator("main").inner_text()
