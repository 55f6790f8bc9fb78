"""One look, whole: what an alarm starts, what is kept between looks, what the store says of the lists."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from models.evidence.watching.rule import Action, Judged, Measure, Rule, State
from models.evidence.watching.watched import Watched
from pipelines.home import Home
from pipelines.settings import PipelineSettings
from pipelines.steps import monitoring_store
from pipelines.steps.alerting_look import RECOMMENDED, last, look, release
from pipelines.steps.monitoring import Moment
from pipelines.steps.monitoring_rules import Monitoring
from serving.boards.watch import Watch
from serving.store import feedback
from serving.store.engine import open_store, reading
from serving.store.publish import publish
from tests.models.evidence.watching.watch_worlds import MONDAY, watched
from tests.serving.conftest import run

DAY = pd.Timedelta(days=1)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    engine = open_store(Home(tmp_path).store)
    publish(engine, run("friday", "2026-05-01T04:00:00+00:00"))
    engine.dispose()
    return Home(tmp_path)


def judged(code: str, state: State, action: Action = Action.RETRAIN) -> Judged:
    def look(_: Watched) -> tuple[Measure, ...]:
        raise AssertionError

    return Judged(Rule(code, f"Title of {code}", action, "when", "do", look), (Measure("m", "seen", state),))


def looked(home: Home, *found: Judged, at: pd.Timestamp = MONDAY, quietly: bool = False, **more: Any) -> Watch:
    wanted = more.pop("wanted", Monitoring())
    settings = PipelineSettings()
    return look(
        home, watched(), Moment(at, at, live=True), found, wanted=wanted, settings=settings, quietly=quietly, **more
    )


def test_one_training_is_started_for_all_alarms_that_ask_for_it_and_not_again_while_they_last(home: Home) -> None:
    started: list[str] = []

    def train() -> str:
        started.append("once")
        return "Version 2 took over."

    alarms = judged("TW006", State.ALARMS), judged("TW008", State.ALARMS), judged("TW007", State.WARNS)
    first = looked(home, *alarms, train=train)
    assert {alert.code: alert.done for alert in first.alerts} == {
        "TW006": "Version 2 took over.", "TW008": "Version 2 took over.", "TW007": "",
    }  # fmt: skip
    looked(home, *alarms, at=MONDAY + DAY, train=train)
    assert started == ["once"]
    looked(home, judged("TW006", State.GOOD), at=MONDAY + 2 * DAY, train=train)
    looked(home, judged("TW006", State.ALARMS), at=MONDAY + 3 * DAY, train=train)
    assert started == ["once", "once"], "it was gone in between"


def test_a_training_that_is_only_recommended_is_said_and_not_started(home: Home) -> None:
    def train() -> str:
        raise AssertionError

    seen = looked(home, judged("TW006", State.ALARMS), train=train, wanted=Monitoring(retrain="recommend"))
    assert seen.alerts[0].done == RECOMMENDED
    assert looked(Home(home.path), judged("TW006", State.ALARMS)).alerts[0].done == RECOMMENDED


def test_a_quiet_look_is_kept_only_where_something_is_held_or_was(home: Home) -> None:
    for state in (State.GOOD, State.WARNS):
        looked(home, judged("TW001", state, Action.HOLD), quietly=True)
    assert last(home, PipelineSettings())[0] is None
    looked(home, judged("TW001", State.ALARMS, Action.HOLD), quietly=True)
    seen, kept = last(home, PipelineSettings())
    assert seen is not None
    assert kept is not None
    assert [(hold.code, hold.day, hold.run_id) for hold in seen.holds] == [("TW001", dt.date(2026, 5, 1), "friday")]
    looked(home, judged("TW001", State.GOOD, Action.HOLD), at=MONDAY + DAY, quietly=True)
    over, _ = last(home, PipelineSettings())
    assert over is not None
    assert (over.alerts, over.holds, over.looked_at) == ((), (), MONDAY + DAY)


def test_rules_that_were_not_looked_at_stay_as_the_last_look_left_them(home: Home) -> None:
    looked(home, judged("TW009", State.WARNS, Action.TELL), judged("TW001", State.GOOD, Action.HOLD))
    seen = looked(home, judged("TW001", State.ALARMS, Action.HOLD), at=MONDAY + DAY, quietly=True)
    assert [(rule.code, rule.state, rule.looked_at) for rule in seen.rules] == [
        ("TW001", "alarms", MONDAY + DAY), ("TW009", "warns", MONDAY),
    ]  # fmt: skip


def test_who_looks_ahead_or_back_changes_nothing(home: Home) -> None:
    kept = looked(home, judged("TW009", State.WARNS))
    for at in (MONDAY - DAY, pd.Timestamp("2999-01-01", tz="UTC")):
        assert looked(home, judged("TW009", State.GOOD), at=at).alerts[0].over is not None
    assert last(home, PipelineSettings())[0] == kept


def test_a_release_is_kept_for_everybody_to_read_and_does_not_move_the_last_look(home: Home) -> None:
    looked(home, judged("TW002", State.ALARMS, Action.HOLD))
    seen = release(home, "TW002", why="trade fair", by="kim", settings=PipelineSettings())
    assert (seen.holds, seen.looked_at) == ((), MONDAY)
    again = looked(home, judged("TW002", State.ALARMS, Action.HOLD), at=MONDAY + DAY)
    assert (again.holds, again.releases[0].by) == ((), "kim")


def test_the_store_tells_the_lists_that_counted_with_their_chances_and_taps(home: Home) -> None:
    engine = open_store(home.store)
    publish(engine, run("monday", "2026-05-04T04:00:00+00:00"))
    chances = run().receipts.assign(receipt_id=[f"again-{i}" for i in range(5)], chance=[0.5, 0.25, 0.125, 0.25, None])
    calls = run().call_list.assign(receipt_id=[f"again-{i}" for i in range(3)])
    publish(engine, run("again", "2026-05-04T04:00:00+00:00", receipts=chances, call_list=calls))
    said = feedback.Said("k", "p1", "no_answer", dt.datetime(2026, 5, 4, 9, tzinfo=dt.UTC), receipt_id="again-0")
    feedback.keep(engine, said)
    noon = MONDAY + pd.Timedelta(hours=7)
    with reading(engine) as store:
        listed, lists = monitoring_store.listed(store, noon), monitoring_store.lists(store, noon)
        spread, tapped = monitoring_store.spread(store, noon), monitoring_store.tapped(store, noon)
        early = monitoring_store.lists(store, MONDAY - DAY), monitoring_store.tapped(store, MONDAY)
    engine.dispose()
    monday = pd.Timestamp("2026-05-04T04:00", tz="UTC")
    assert listed[listed["as_of"] == monday]["chance"].tolist() == [0.5, 0.25, 0.125]
    assert lists[["listed", "expected"]].to_numpy().tolist() == [[3.0, pytest.approx(0.715)], [3.0, 0.875]]
    newest = spread[spread["as_of"] == monday].set_index("chance")["n"]
    assert newest.to_dict() == {0.125: 1.0, 0.25: 2.0, 0.5: 1.0}
    assert tapped.to_dict("records") == [{"prospect_id": "p1", "as_of": monday, "kind": "no_answer"}]
    assert [len(part) for part in early] == [1, 0]


def test_a_store_without_lists_gives_empty_tables_of_the_right_types(tmp_path: Path) -> None:
    engine = open_store(Home(tmp_path).store)
    from serving.store.migrations import upgrade

    upgrade(engine)
    with reading(engine) as store:
        parts = [getattr(monitoring_store, name)(store, MONDAY) for name in ("listed", "lists", "spread", "tapped")]
    engine.dispose()
    assert [len(part) for part in parts] == [0] * 4
    assert all(part["as_of"].dtype == "datetime64[us, UTC]" for part in parts)
