"""From look to look: told once, again when worse, once when over; held, released, never forgotten."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.steps.alerting import (
    Came,
    Kept,
    NothingToRelease,
    advance,
    after_telling,
    holds,
    news,
    pruned,
    release,
    valid,
    words,
)
from serving.boards.watch import Alert, Hold, State, Watch
from tests.pipelines.monitoring.looks import HOUR, MORNING, look, rule

KEPT = Kept(dt.date(2026, 5, 1), "run-1")


def through(*states: State, action: str = "tell") -> tuple[list[tuple[str, str]], Watch]:
    """Take a rule through states, an hour apart, with one channel that takes all; return what it was told."""
    before: Watch | None = None
    told: list[tuple[str, str]] = []
    for k, state in enumerate(states):
        at = MORNING + k * HOUR
        rules = (rule("TW001", state, action=action),)
        alerts = advance(before, rules, at)
        fresh = news(alerts, "mail")
        told += [(one.alert.code, one.state) for one in fresh]
        alerts = pruned(after_telling(alerts, "mail", fresh, Came(True), at), ["mail"])
        freed = () if before is None else valid(before.releases, alerts)
        held = holds(before, alerts, rules, kept=KEPT, releases=freed, at=at)
        before = look(looked_at=at, rules=rules, alerts=alerts, holds=held, releases=freed)
    assert before is not None
    return told, before


@pytest.mark.parametrize(
    ("states", "told"),
    [
        (["good", "good"], []),
        (["warns", "warns", "warns"], ["warns"]),
        (["warns", "alarms", "alarms", "warns", "alarms"], ["warns", "alarms"]),
        (["alarms", "good", "good"], ["alarms", "resolved"]),
        (["alarms", "cannot tell yet", "alarms"], ["alarms"]),
        (["alarms", "good", "alarms"], ["alarms", "resolved", "alarms"]),
        (["cannot tell yet", "good"], []),
    ],
)
def test_an_alert_is_told_once_again_when_worse_and_once_when_over(states: list[State], told: list[str]) -> None:
    assert [state for _, state in through(*states)[0]] == told


@given(st.lists(st.sampled_from(["good", "warns", "alarms", "cannot tell yet"]), min_size=1, max_size=12))
def test_what_a_channel_was_told_last_is_how_it_stands(states: list[State]) -> None:
    told, seen = through(*states)
    standing = [alert.code for alert in seen.standing]
    assert bool(standing) == (bool(told) and told[-1][1] != "resolved")
    assert sum(state == "resolved" for _, state in told) <= states.count("good")
    assert all(one != after for one, after in zip(told, told[1:], strict=False))


def test_what_a_channel_did_not_take_is_told_with_the_next_look_also_that_it_is_over() -> None:
    alerts = advance(None, (rule("TW001", "alarms"),), MORNING)
    alerts = after_telling(alerts, "mail", news(alerts, "mail"), Came(False, "the server is down"), MORNING)
    assert alerts[0].told["mail"].failed == "the server is down"
    assert [one.state for one in news(alerts, "mail")] == ["alarms"]
    alerts = after_telling(alerts, "mail", news(alerts, "mail"), Came(True, "a@b.example: 550"), MORNING)
    assert (news(alerts, "mail"), alerts[0].told["mail"].failed) == ((), "a@b.example: 550")
    over = advance(look(alerts=alerts), (rule("TW001", "good"),), MORNING + HOUR)
    assert pruned(over, ["mail"]) == over
    assert pruned(over, []) == ()
    late = advance(look(alerts=over), (), MORNING + dt.timedelta(days=9))
    assert late == ()


def test_a_rule_that_was_not_looked_at_stays_as_it_was() -> None:
    first = advance(None, (rule("TW001", "alarms"), rule("TW009", "warns")), MORNING)
    assert [a.code for a in advance(look(alerts=first), (rule("TW001", "good"),), MORNING)] == ["TW001", "TW009"]


def test_an_alarm_of_a_rule_that_holds_keeps_the_list_until_it_is_good() -> None:
    assert through("warns", action="hold")[1].holds == ()
    held = through("alarms", "cannot tell yet", action="hold")[1].holds
    assert [(hold.code, hold.day, hold.run_id, hold.since) for hold in held] == [
        ("TW001", KEPT.day, "run-1", MORNING)
    ]  # fmt: skip
    assert words(held) == "The list of 2026-05-01 is held: title of tw001 (TW001): 12 rows, usual 40."
    assert through("alarms", "warns", action="hold")[1].holds == ()
    assert through("alarms", action="tell")[1].holds == ()


def test_nothing_is_held_where_there_is_no_list_to_keep() -> None:
    rules = (rule("TW001", "alarms", action="hold"),)
    assert holds(None, advance(None, rules, MORNING), rules, kept=None, releases=(), at=MORNING) == ()


def test_a_release_lasts_as_long_as_its_alarm_and_says_who_and_why() -> None:
    before = through("alarms", action="hold")[1]
    freed = release(before, "TW001", why="trade fair", by="kim", at=MORNING + HOUR)
    assert freed.holds == ()
    assert (freed.releases[0].why, freed.releases[0].by) == ("trade fair", "kim")
    rules = (rule("TW001", "alarms", action="hold"),)

    def next_holds(seen: Watch, alerts: tuple[Alert, ...]) -> tuple[Hold, ...]:
        free = valid(seen.releases, alerts)
        return holds(seen, alerts, rules, kept=KEPT, releases=free, at=MORNING + 2 * HOUR)

    assert next_holds(freed, advance(freed, rules, MORNING + 2 * HOUR)) == ()
    over = advance(freed, (rule("TW001", "good"),), MORNING + HOUR)
    again = advance(look(alerts=over), rules, MORNING + 2 * HOUR)
    assert valid(freed.releases, again) == ()
    assert [hold.code for hold in next_holds(freed, again)] == ["TW001"]


def test_what_holds_nothing_cannot_be_released() -> None:
    with pytest.raises(NothingToRelease, match="TW002 holds no list; TW001 does"):
        release(through("alarms", action="hold")[1], "TW002", why="x", by="kim", at=MORNING)
    with pytest.raises(NothingToRelease, match="nothing does"):
        release(None, "TW001", why="x", by="kim", at=MORNING)
