"""A held list before the eyes of a person: the banner above every page, and the page that says what to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from models.evidence.watching.run import RULES
from pipelines.steps.monitoring_store import newest_run
from serving.boards.watch import Alert, Hold, Measure, Release, Rule, Told, Watch
from serving.store.engine import open_store, reading, writing
from serving.store.looks import keep_look
from serving.store.tables import Look
from tests.browser.conftest import Open
from tests.browser.visit import COLOURS, DESK, NARROW

AT = dt.datetime(2026, 7, 1, 3, tzinfo=dt.UTC)
SAYS = "touches: 1,160 rows in the last 7 days, usual 2,468 (1,987 to 2,990)"
STATES = {"TW002": "alarms", "TW005": "warns", "TW008": "cannot tell yet"}


@pytest.fixture(scope="module", autouse=True)
def held(day_home: Path) -> Iterator[None]:
    """A look that holds the list; taken away again, for other tests look at the same pages."""
    engine = open_store(f"sqlite:///{day_home / 'store.db'}")
    with reading(engine) as store:
        run = newest_run(store)
    assert run is not None
    rules = tuple(
        Rule(
            code=rule.code, title=rule.title, state=STATES.get(rule.code, "good"), action=rule.action.value,  # type: ignore[arg-type]
            when=rule.when, do=rule.do, looked_at=AT,
            measures=tuple(
                Measure(name=name, says=SAYS, state=STATES.get(rule.code, "good"), detail=detail)  # type: ignore[arg-type]
                for name, detail in (("touches", ""), ("calls", "401: " + "token" * 40 if rule.code == "TW005" else ""))
            ),
        )
        for rule in RULES
    )  # fmt: skip
    alert = Alert(
        code="TW002", title="Rows are missing", state="alarms", since=AT, says=SAYS, do=RULES[1].do, action="hold",
        told={"mail": Told(state="alarms", at=AT), "webhook": Told(failed="the webhook answered 500")},
    )  # fmt: skip
    hold = Hold(code="TW002", title="Rows are missing", since=AT, says=SAYS, day=run.day, run_id=run.run_id)
    freed = Release(code="TW001", since=AT, at=AT, why="the CRM is moved this week", by="kim")
    look = Watch(
        looked_at=AT, day=run.day, live=True, rules=rules, alerts=(alert,), holds=(hold,), releases=(freed,)
    )  # fmt: skip
    keep_look(engine, look)
    yield
    with writing(engine) as connection:
        connection.execute(delete(Look))
    engine.dispose()


@pytest.mark.parametrize("path", ["/watch", "/", "/flow"])
def test_a_held_list_is_said_on_every_screen_in_both_colours_and_on_paper(path: str, visit: Open) -> None:
    narrow = visit(size=NARROW)
    assert narrow.open(path).status == 200
    banner = narrow.page.get_by_role("complementary", name="About this list")
    assert "The list is held. It is that of Wednesday, July 1, 2026" in banner.inner_text()
    assert narrow.overflow() == []
    assert narrow.small_targets() == []
    assert narrow.findings() == []
    narrow.page.emulate_media(color_scheme="dark")
    assert narrow.findings(COLOURS) == []
    narrow.page.emulate_media(color_scheme="light", media="print")
    assert banner.is_visible()
    narrow.page.emulate_media(media="screen")
    narrow.page.set_viewport_size(DESK)
    assert narrow.overflow() == []


def test_the_banner_leads_to_what_to_do_without_script(visit: Open) -> None:
    plain = visit(script=False)
    plain.open("/")
    plain.page.get_by_role("link", name="What to do").tap()
    plain.page.wait_for_url("**/watch")
    assert 'takt monitor --release TW002 --why "..."' in plain.page.locator("main").inner_text()
    quiet = plain.page.locator("main details:not([open]) > summary").first
    quiet.tap()
    assert "A working day is a declared one" in plain.page.locator("main").inner_text()
