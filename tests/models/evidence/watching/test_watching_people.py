"""The rules that look at the team: taps, calls on the list, and whether there is a list."""

from __future__ import annotations

from typing import Any

import pandas as pd

from models.evidence.watching.rule import State
from models.evidence.watching.watched import Limits, Watched
from tests.models.evidence.watching.watch_worlds import DAY, MONDAY, facts, judged, steady, touches, watched

DAYS = pd.bdate_range(end="2026-05-01", periods=12, tz="UTC").as_unit("us")
IDS = [f"p{n}" for n in range(10)]


def listed(days: pd.DatetimeIndex = DAYS) -> pd.DataFrame:
    """Ten calls on each day, always of the same ten prospects."""
    rows = [(who, day, 0.2, "b") for day in days for who in IDS]
    frame = pd.DataFrame(rows, columns=["prospect_id", "as_of", "chance", "bundle"])
    return frame.astype({"as_of": "datetime64[us, UTC]"})


def lists(days: pd.DatetimeIndex = DAYS) -> pd.DataFrame:
    return pd.DataFrame({"as_of": days, "bundle": "b", "listed": 10.0, "expected": 2.0})


def tapped(of_ten: int, kind: str = "no_answer") -> pd.DataFrame:
    rows = listed()
    return rows[rows["prospect_id"].isin(IDS[:of_ten])][["prospect_id", "as_of"]].assign(kind=kind)


def given(*, called: list[str] | None = None, **changes: Any) -> Watched:
    """Twelve lists; in the source these were called on each day of them."""
    calls = pd.concat(
        touches(dict.fromkeys(DAYS, 1), prefix=f"c{who}").assign(prospect_id=who) for who in called or ["p1"]
    )
    known = facts(touches(steady()).assign(direction="inbound"), calls, prospects=prospects())
    return watched(known, **({"listed": listed(), "lists": lists()} | changes))


def prospects() -> pd.DataFrame:
    head = pd.Timestamp("2025-01-01", tz="UTC")
    return pd.DataFrame({"prospect_id": [*IDS, *(f"q{n}" for n in range(10))], "created_at": head, "recorded_at": head})


class TestTaps:
    def test_most_calls_with_a_tap_are_quiet_and_few_warn(self) -> None:
        assert judged("TW009", given(tapped=tapped(9))).state is State.GOOD
        found = judged("TW009", given(tapped=tapped(2)))
        assert found.state is State.WARNS
        assert found.says.startswith("20 of 100 calls listed on the last 10 lists have a tap: 20%")

    def test_what_is_asked_for_can_be_set(self) -> None:
        assert judged("TW009", given(tapped=tapped(2), limits=Limits(least_coverage=0.1))).state is State.GOOD

    def test_half_of_what_was_usual_warns_although_it_is_enough(self) -> None:
        days = pd.bdate_range(end="2026-05-01", periods=25, tz="UTC").as_unit("us")
        taps = listed(days)
        taps = taps[taps["as_of"].isin(days[:15]) | taps["prospect_id"].isin(IDS[:3])]
        told = {"listed": listed(days), "tapped": taps[["prospect_id", "as_of"]].assign(kind="no_answer")}
        found = judged("TW009", given(**told, limits=Limits(least_coverage=0.2)))
        assert found.state is State.WARNS
        assert "100% before" in found.says

    def test_not_applicable_where_nobody_works_the_lists_or_too_few_are_over(self) -> None:
        assert "nobody is expected to work" in judged("TW009", given(live=False)).says
        young = judged("TW009", given(listed=listed(DAYS[-1:])))
        assert young.state is State.UNKNOWN
        assert "10 calls on lists whose day is over, 20 needed" in young.says


class TestAdherence:
    def test_a_team_that_calls_its_lists_is_quiet(self) -> None:
        assert judged("TW010", given(called=IDS)).state is State.GOOD

    def test_a_list_that_is_not_called_warns_and_a_tap_that_is_no_call_does_not_help(self) -> None:
        found = judged("TW010", given(called=["p1"], tapped=tapped(10, kind="skip")))
        assert [m.state for m in found.measures] == [State.WARNS, State.UNKNOWN]
        assert "10 of 100 prospects listed on the last 10 lists were spoken or written to on that day" in found.says

    def test_a_tapped_call_counts_before_the_source_has_it_and_once_with_it(self) -> None:
        found = judged("TW010", given(called=IDS, tapped=tapped(10)))
        assert (found.measures[0].value, found.measures[1].n) == (1.0, 100)

    def test_calls_to_others_than_those_listed_warn(self) -> None:
        found = judged("TW010", given(called=["p1", "p2", *(f"q{n}" for n in range(10))], tapped=tapped(10)))
        assert [m.state for m in found.measures] == [State.GOOD, State.GOOD]
        alone = judged("TW010", given(called=["p1", "p2", *(f"q{n}" for n in range(10))]))
        assert alone.measures[1].state is State.WARNS
        assert alone.measures[1].value == 20 / 120

    def test_not_applicable_where_nobody_works_the_lists(self) -> None:
        assert judged("TW010", given(live=False)).state is State.UNKNOWN


class TestListAge:
    def test_a_list_of_friday_is_fresh_on_monday_and_a_day_without_one_warns_and_two_alarm(self) -> None:
        seen = [judged("TW011", given(looked_at=MONDAY + k * DAY)).state for k in (0, 1, 2)]
        assert seen == [State.GOOD, State.WARNS, State.ALARMS]

    def test_not_applicable_to_a_file_that_ended_nor_before_the_first_list(self) -> None:
        assert "no list of today is expected" in judged("TW011", given(live=False)).says
        assert "no list has been published yet" in judged("TW011", watched()).says
