"""The rules that look at the data: too old, missing, too many, set aside, pulls that break."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evidence.watching.rule import State
from models.evidence.watching.volume import Usual
from tests.models.evidence.watching.watch_worlds import (
    DAY,
    MONDAY,
    facts,
    judged,
    pulls,
    steady,
    touches,
    watched,
    working_days,
)


def states(code: str, **changes: Any) -> dict[str, State]:
    return {m.name: m.state for m in judged(code, watched(**changes)).measures}


class TestTooOld:
    def test_a_weekend_without_rows_is_quiet(self) -> None:
        found = judged("TW001", watched())
        assert found.state is State.GOOD
        assert found.measures[0].says.startswith("all tables together: last row on 1 May 2026, 0 working days ago")

    def test_a_feed_that_stopped_alarms_after_one_silent_working_day_where_no_day_ever_was_silent(self) -> None:
        found = judged("TW001", watched(looked_at=MONDAY + DAY))
        assert found.state is State.ALARMS
        assert (found.measures[0].value, found.measures[0].high) == (1.0, 0.0)

    def test_a_declared_holiday_is_no_silence(self) -> None:
        words = watched().definitions.model_copy(update={"holidays": (MONDAY.date(),)})
        assert judged("TW001", watched(looked_at=MONDAY + DAY, definitions=words)).state is State.GOOD

    def test_one_table_that_stopped_warns_and_alarms_when_it_stays_away(self) -> None:
        won = facts(touches(steady()), outcomes=outcomes(working_days(50, last="2026-04-24")))
        assert states("TW001", known=won)["outcomes"] is State.ALARMS
        short = facts(touches(steady()), outcomes=outcomes(working_days(50, last="2026-04-30")))
        assert states("TW001", known=short)["outcomes"] is State.WARNS

    def test_a_rare_table_only_warns_however_long_it_is_silent(self) -> None:
        rare = outcomes(working_days(60, last="2026-04-01")[::3])
        assert states("TW001", known=facts(touches(steady(80)), outcomes=rare))["outcomes"] is State.WARNS

    def test_what_people_tapped_is_no_sign_of_life_of_the_source(self) -> None:
        own = touches({MONDAY.normalize(): 3}, prefix="tap:")
        assert judged("TW001", watched(facts(touches(steady()), own), looked_at=MONDAY + DAY)).state is State.ALARMS

    def test_not_applicable_to_a_file_that_ended_nor_to_a_table_of_a_few_days(self) -> None:
        dead = judged("TW001", watched(live=False))
        assert dead.state is State.UNKNOWN
        assert "was not fresh when it was last pulled" in dead.says
        young = judged("TW001", watched(facts(touches(steady(days=5)))))
        assert young.state is State.UNKNOWN
        assert "rows on only" in young.says


def outcomes(days: pd.DatetimeIndex) -> pd.DataFrame:
    when = pd.Series(days + pd.Timedelta(hours=9)).astype("datetime64[us, UTC]")
    return pd.DataFrame({"prospect_id": "p1", "occurred_at": when, "recorded_at": when, "result": "lost"})


class TestVolume:
    def test_a_usual_day_is_quiet_on_both_sides(self) -> None:
        assert {judged(code, watched()).state for code in ("TW002", "TW003")} == {State.GOOD}

    def test_half_a_feed_alarms(self) -> None:
        found = judged("TW002", watched(facts(touches(steady(per_day=120, d2026_05_01=60)))))
        assert found.state is State.ALARMS
        assert "touches: 60 rows on 1 May 2026, usual 120" in found.says

    def test_a_doubled_feed_alarms_on_its_own_rule_only(self) -> None:
        known = facts(touches(steady(d2026_05_01=80)))
        assert judged("TW003", watched(known)).state is State.ALARMS
        assert judged("TW002", watched(known)).state is State.GOOD

    def test_half_of_a_small_feed_shows_in_the_week(self) -> None:
        week = {f"d2026_0{m}_{d:02}": 5 for m, d in ((4, 27), (4, 28), (4, 29), (4, 30), (5, 1))}
        found = judged("TW002", watched(facts(touches(steady(per_day=12, **week)))))
        assert found.state is State.ALARMS
        assert "in the last 7 days" in found.says

    def test_a_kind_that_is_gone_is_told_by_name_and_stops_no_list(self) -> None:
        mails = touches(dict.fromkeys(working_days(60)[:-5], 12), kind="email", prefix="m")
        found = judged("TW002", watched(facts(touches(steady(per_day=120)), mails)))
        assert found.state is State.WARNS
        assert "touches: email: 0 rows" in found.says

    def test_one_day_of_import_does_not_move_what_is_usual(self) -> None:
        known = facts(touches(steady(d2026_04_24=4000)))
        assert judged("TW002", watched(known)).state is State.GOOD

    def test_weekdays_are_compared_with_their_own(self) -> None:
        mondays = {day: 100 if day.weekday() == 0 else 20 for day in working_days(60)}
        assert judged("TW002", watched(facts(touches(mondays)))).state is State.GOOD

    def test_a_day_that_is_not_over_as_far_as_is_known_is_not_counted(self) -> None:
        half = facts(touches(steady(per_day=120, d2026_05_01=20)))
        noon = pd.Timestamp("2026-05-01T12:00", tz="UTC")
        assert judged("TW002", watched(half, complete_until=noon)).state is State.GOOD

    def test_not_applicable_before_nine_weeks_are_known(self) -> None:
        found = judged("TW002", watched(facts(touches(steady(days=30)))))
        assert found.state is State.UNKNOWN
        assert "no table reaches back 9 weeks" in found.says

    @given(st.integers(0, 400), st.floats(1, 200), st.floats(1, 8))
    def test_fewer_and_more_are_the_two_tails_of_one_law(self, count: int, median: float, dispersion: float) -> None:
        one = Usual("a day", count, median, dispersion)
        both = one.fewer + one.more
        assert both == pytest.approx(1 + float(one.law.pmf(count)), abs=1e-9)
        assert float(one.law.mean()) == pytest.approx(median)
        assert float(one.law.var()) == pytest.approx(median * max(dispersion, 1))


class TestPulls:
    GOOD = (("2026-05-01T04:00", True, 1000, 1), ("2026-05-02T04:00", True, 1000, 1))

    def test_the_usual_share_set_aside_is_quiet_and_a_larger_one_warns_or_alarms(self) -> None:
        def found(bad: int) -> State:
            tries = pulls(*self.GOOD, ("2026-05-04T04:00", True, 100_000, bad))
            return judged("TW004", watched(pulls=tries)).state

        assert [found(bad) for bad in (100, 300, 600)] == [State.GOOD, State.WARNS, State.ALARMS]

    def test_one_first_bad_row_is_no_landslide(self) -> None:
        clean = pulls(("2026-05-02T04:00", True, 100, 0), ("2026-05-04T04:00", True, 100, 1))
        assert judged("TW004", watched(pulls=clean)).state is State.GOOD

    def test_a_failed_pull_warns_and_alarms_when_none_went_through_for_twelve_hours(self) -> None:
        early = pulls(*self.GOOD, ("2026-05-04T03:00", True, 1000, 1), ("2026-05-04T04:00", False, 0, 0))
        assert judged("TW005", watched(pulls=early)).state is State.WARNS
        late = pulls(*self.GOOD, ("2026-05-04T03:00", False, 0, 0), ("2026-05-04T04:00", False, 0, 0))
        found = judged("TW005", watched(pulls=late, last_pull_failed="401 from the CRM of Mr Smith"))
        assert found.state is State.ALARMS
        assert found.says == "the last 2 pulls failed; the last good one was 49.0 hours ago"
        assert "Smith" in found.measures[0].detail

    def test_a_good_pull_is_quiet_and_a_first_one_that_fails_is_told(self) -> None:
        assert judged("TW005", watched(pulls=pulls(*self.GOOD))).state is State.GOOD
        only = judged("TW005", watched(pulls=pulls(("2026-05-04T04:00", False, 0, 0))))
        assert (only.state, only.says) == (State.WARNS, "the last pull failed; none ever went through")

    def test_not_applicable_before_the_first_noted_pull(self) -> None:
        for code in ("TW004", "TW005"):
            found = judged(code, watched())
            assert found.state is State.UNKNOWN
            assert "no pull has been noted yet" in found.says
