"""The page of the watch, and the banner above every page while the list is held or old."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from serving.boards.watch import Alert, Hold, Measure, Release, Rule, Told, Watch
from serving.pages import banner as banners
from serving.pages.banner import Banner, banner
from serving.store.looks import keep_look
from serving.store.tables import Run

AT = dt.datetime(2026, 11, 24, 4, tzinfo=dt.UTC)
TUESDAY = dt.date(2026, 11, 24)
HOLD = Hold(code="TW002", title="Rows are missing", since=AT, says="touches: 1,234 rows, usual <b>2,468</b>",
            day=TUESDAY, run_id="run-1")  # fmt: skip
ALERT = Alert(
    code="TW002", title="Rows are missing", state="alarms", since=AT, says=HOLD.says, do="Look at what stopped.",
    action="hold", told={"mail": Told(state="alarms", at=AT), "webhook": Told(failed="the webhook answered 500")},
)  # fmt: skip


def rule(code: str, state: Any, **more: Any) -> Rule:
    measures = (Measure(name="a", says=f"seen {code}", state=state, **more),)
    return Rule(code=code, title=f"Title {code}", state=state, action="hold", when=f"When {code}.", do="do",
                looked_at=AT, measures=measures)  # fmt: skip


def look(**more: Any) -> Watch:
    return Watch(**({"looked_at": AT, "day": TUESDAY, "live": True} | more))


HELD = look(
    rules=(rule("TW002", "alarms"), rule("TW005", "warns", detail="401 <from> the CRM"), rule("TW001", "good"),
           rule("TW008", "cannot tell yet")),
    alerts=(ALERT,), holds=(HOLD,),
    releases=(Release(code="TW001", since=AT, at=AT, why="we <moved>", by="kim"),),
)  # fmt: skip


@pytest.fixture
def shown(client, engine, published):
    def show(seen: Watch | None = None, path: str = "/watch", **headers: str) -> str:
        if seen is not None:
            keep_look(engine, seen)
        told = client.get(path, headers=headers)
        assert told.status_code == 200
        return re.sub(r"\s+", " ", told.text)

    return show


@pytest.fixture
def on(monkeypatch):
    """Let it be another day."""

    return lambda day: monkeypatch.setattr(banners, "now", lambda: moment(day))


def test_without_a_look_the_page_says_how_to_look(shown):
    assert "takt monitor" in shown()
    assert "banner" not in shown(path="/")


def test_a_held_list_is_said_with_its_age_its_reason_and_how_to_release_it(shown, on):
    on(27)
    html = shown(HELD)
    assert "1 of 4 rules alarms, 1 warns, 1 cannot be told yet." in html
    assert 'takt monitor --release TW002 --why "..."' in html
    assert "usual &lt;b&gt;2,468&lt;/b&gt;" in html
    assert "<b>What to do:</b> Look at what stopped." in html
    assert "Told by e-mail on Nov 24, 2026" in html
    assert "<b>Failed by the webhook:</b>" in html
    assert "401 &lt;from&gt; the CRM" in html
    assert "by <bdi>kim</bdi>" in html
    assert "we &lt;moved&gt;" in html
    assert html.count("<details open>") == 2, "what alarms and warns is open"


@pytest.mark.parametrize("path", ["/", "/watch", "/search", "/prospects/p1"])
def test_every_page_has_the_banner_while_the_list_is_held(shown, on, path):
    on(27)
    html = shown(HELD, path)
    assert "<b>The list is held.</b> It is that of Tuesday, November 24, 2026, 3 days old." in html
    assert ('href="/watch">What to do</a>' in html) == (path != "/watch")


def test_the_age_of_a_held_list_grows_on_a_page_that_is_kept(shown, on):
    on(25)
    assert "1 day old" in shown(HELD, "/")
    on(26)
    assert "2 days old" in shown(path="/")
    assert "1.234" in shown(path="/", **{"accept-language": "de-DE"})


def test_the_banner_goes_with_the_hold_and_with_a_newer_list(shown, engine, make_run, on):
    from serving.store.publish import publish

    on(25)
    assert "The list is held" in shown(HELD, "/")
    publish(engine, make_run("run-2", "2026-11-25T06:00:00+00:00"))
    assert "The list is held" not in shown(path="/")


def run_of(day: dt.date) -> Run:
    return Run(day=day, run_id="run-1", timezone="Europe/Berlin")


def moment(day: int) -> dt.datetime:
    return dt.datetime(2026, 11, day, 9, tzinfo=dt.UTC)


def test_a_list_is_old_when_two_working_days_passed_without_a_newer_one():
    week = look(working_days=(1, 2, 3, 4, 5))
    friday = run_of(dt.date(2026, 11, 20))
    assert banner(week, friday, moment(23)) is None
    assert banner(week, friday, moment(24)) is None
    assert banner(week, friday, moment(25)) == Banner("old", friday.day, 5, ())
    closed = look(working_days=(1, 2, 3, 4, 5), holidays=(dt.date(2026, 11, 23),))
    assert banner(closed, friday, moment(25)) is None
    ended = look(live=False)
    assert banner(ended, friday, moment(30)) is None, "a file that ended is not late"
    assert banner(None, friday, moment(30)) is None
    assert banner(week, None, moment(30)) is None


def test_an_alarm_that_holds_nothing_is_one_line(shown, on):
    on(24)
    html = shown(HELD.model_copy(update={"holds": ()}), "/")
    assert "<b>An alarm stands:</b> rows are missing." in html
    quiet = banner(look(alerts=(ALERT.model_copy(update={"over": AT}),)), run_of(TUESDAY), moment(24))
    assert quiet is None
