"""The flow of prospects through the stages: small literal boards, laws, and a brute-force oracle."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.facts.ledger import Facts
from features.flow import NOT_FILLED, NoFlow, flow
from features.flow_measures import ALL_STAGES, weekly
from features.flow_stages import journeys
from features.flow_takt import Window
from tests.features.literal import day, facts
from tests.features.worlds import START, definitions, worlds

STAGES = ("new", "qualified", "proposal")
WORDS = definitions(stages=list(STAGES))
FOUR = {
    "prospects": """
        prospect_id created_at segment owner_id
        a           01-01      small   ann
        b           01-02      small   ann
        c           01-03      large   bob
        d           01-12      -       bob
    """,
    "touches": """
        touch_id prospect_id kind  direction stage     occurred_at
        t1       a           stage inbound   qualified 01-05
        t2       a           stage inbound   proposal  01-08
        t3       b           stage inbound   qualified 01-04
        t4       b           stage inbound   new       01-06
        t5       b           stage inbound   qualified 01-07
        t6       c           stage inbound   proposal  01-09
        t7       a           call  outbound  -         01-06
        t8       a           call  outbound  -         01-07
        t9       c           call  outbound  -         01-10
    """,
    "outcomes": """
        prospect_id occurred_at result
        a           01-11       won
        c           01-13       lost
    """,
}
BOARD = facts(**FOUR)


def row(table: pd.DataFrame, **where: object) -> pd.Series:
    for column, value in where.items():
        table = table[table[column] == value]
    assert len(table) == 1, table
    return table.iloc[0]


def stays(found: pd.DataFrame, who: str) -> list[tuple[str, str]]:
    return list(found.loc[found["prospect_id"] == who, ["stage", "exit"]].itertuples(index=False, name=None))


def test_a_prospect_stands_at_the_first_stage_from_its_creation_and_leaves_the_last_with_its_outcome():
    found = journeys(BOARD, stages=STAGES, as_of=day("01-15"))
    assert stays(found.visits, "a") == [("new", "onward"), ("qualified", "onward"), ("proposal", "won")]
    assert stays(found.visits, "b") == [
        ("new", "onward"), ("qualified", "back"), ("new", "onward"), ("qualified", "here"),
    ]  # fmt: skip
    assert stays(found.visits, "c") == [("new", "onward"), ("proposal", "lost")]
    assert stays(found.visits, "d") == [("new", "here")]


def test_what_was_recorded_later_does_not_change_an_earlier_board():
    known = facts(
        prospects="prospect_id created_at\n c 01-03",
        touches="""
            touch_id prospect_id kind  direction stage    occurred_at recorded_at
            t6       c           stage inbound   proposal 01-09       01-14
        """,
        outcomes="prospect_id occurred_at recorded_at result\n c 01-13 01-15 lost",
    )
    for as_of, seen in (("01-14", [("new", "here")]), ("01-15", [("new", "onward"), ("proposal", "here")])):
        assert stays(journeys(known, stages=STAGES, as_of=day(as_of)).visits, "c") == seen
    assert stays(journeys(known, stages=STAGES, as_of=day("01-16")).visits, "c")[-1] == ("proposal", "lost")


def test_a_stage_that_the_log_never_names_is_entered_by_any_touch_that_does_but_the_first_is_not():
    known = facts(
        prospects="prospect_id created_at\n a 01-01",
        touches="""
            touch_id prospect_id kind     direction stage     occurred_at
            t1       a           stage    inbound   qualified 01-02
            t2       a           proposal outbound  proposal  01-03
            t3       a           call     outbound  new       01-04
            t4       a           call     outbound  qualified 01-05
        """,
    )
    found = journeys(known, stages=STAGES, as_of=day("01-15"))
    assert stays(found.visits, "a") == [("new", "onward"), ("qualified", "onward"), ("proposal", "here")]


def test_moves_after_the_outcome_and_at_unknown_stages_are_left_out_and_counted():
    known = facts(
        prospects="prospect_id created_at\n a 01-01",
        touches="""
            touch_id prospect_id kind  direction stage     occurred_at
            t1       a           stage inbound   qualified 01-02
            t2       a           stage inbound   proposal  01-09
            t3       a           stage inbound   parked    01-03
        """,
        outcomes="prospect_id occurred_at result\n a 01-08 won",
    )
    said = flow(known, WORDS, day("01-15")).words
    assert said[0] == "Left out: touches at stages that definitions.yaml does not list: parked (1)."
    assert said[1] == "Left out: 1 moves at or after the outcome of their prospect."


def test_nobody_works_a_prospect_beyond_its_age():
    found = journeys(BOARD, stages=STAGES, as_of=day("01-15"), max_age_days=10)
    assert stays(found.visits, "b")[-1] == ("qualified", "aged")
    assert found.people.set_index("prospect_id")["end"].to_dict() == {"a": "won", "b": "aged", "c": "lost", "d": "open"}


def test_a_week_counts_what_came_what_left_and_who_waits():
    weeks = flow(BOARD, WORDS, day("01-15")).weekly
    last = row(weeks, stage="qualified", week=day("01-08"))
    assert last[["arrived", "onward", "back", "throughput", "wip_before", "wip"]].tolist() == [0, 1, 0, 1, 2, 1]
    assert last["mean_wip"] == pytest.approx(1.0)  # b the whole week; a left with its first instant
    first = row(weeks, stage="qualified", week=day("01-01"))
    assert first[["arrived", "back", "wip"]].tolist() == [3, 1, 2]
    assert first["mean_wip"] == pytest.approx((3 + 2 + 1) / 7)  # a from the 5th, b from the 4th to the 6th and again
    assert row(weeks, stage=ALL_STAGES, week=day("01-08"))[["arrived", "won", "lost", "wip"]].tolist() == [1, 1, 1, 2]


def test_those_who_wait_are_compared_with_those_who_left():
    ages = flow(BOARD, WORDS, day("01-15")).ageing
    waits = row(ages, stage="qualified")
    assert waits[["waiting", "days_p50", "days_longest", "days_total", "left"]].tolist() == [1, 8.0, 8.0, 8.0, 2]
    assert (waits["left_p50"], waits["overdue"]) == (2.5, 1.0)
    assert row(ages, stage="proposal")[["days_p50", "overdue"]].isna().all()


def test_lead_time_is_from_creation_to_the_outcome():
    times = flow(BOARD, WORDS, day("01-15")).lead_time
    assert row(times, result="won")[["n", "median", "p85"]].tolist() == [1, 10.0, 10.0]
    before = flow(BOARD, WORDS, day("01-10"))
    assert row(before.lead_time, result="won")["n"] == 0
    assert "No win is known yet, so no lead time (3 are open)." in before.words


def test_first_pass_is_the_share_that_goes_on_at_the_first_stay():
    passed = flow(BOARD, WORDS, day("01-15")).first_pass
    assert row(passed, stage="qualified")[["entered", "passed", "back", "share"]].tolist() == [2, 1, 1, 0.5]
    assert row(passed, stage="new")[["entered", "undecided", "passed"]].tolist() == [4, 1, 3]
    assert row(passed, stage="proposal")[["passed", "lost"]].tolist() == [1, 1]


def test_takt_is_working_time_over_demand_against_the_calls_there_are():
    words = definitions(
        stages=list(STAGES), working_days=[1, 2, 3, 4, 5], holidays=["2026-01-06"],
        capacity={"default": 9, "owners": {"ann": 2, "bob": 3}},
    )  # fmt: skip
    beats = flow(BOARD, words, day("01-15"), days=14).takt.iloc[0]
    assert (beats["working_days"], beats["arrived"], beats["won"]) == (9, 4, 1)
    assert (beats["days_per_arrival"], beats["days_per_win"]) == (2.25, 9.0)
    assert beats["calls_per_ended"] == 1.5  # two calls to a, one to c, both ended
    assert (beats["capacity_per_day"], beats["load"]) == (5.0, pytest.approx(4 / 9 * 1.5 / 5))
    by = flow(BOARD, words, day("01-15"), by="owner_id").takt.set_index("group")["capacity_per_day"]
    assert by.to_dict() == {"ann": 2.0, "bob": 3.0}
    assert flow(BOARD, words, day("01-15"), by="segment").takt["capacity_per_day"].isna().all()


def test_without_a_working_day_or_a_call_to_make_there_is_no_takt_and_no_made_up_figure():
    closed = definitions(stages=list(STAGES), working_days=[], capacity={"default": 0})
    found = flow(BOARD, closed, day("01-15"))
    assert "There was no working day in the last 14 days, so no takt time." in found.words
    assert found.takt.loc[0, ["needed_per_day", "load"]].isna().all()
    idle = flow(BOARD, definitions(stages=list(STAGES), capacity={"default": 0}), day("01-15"))
    assert idle.takt.loc[0, "capacity_per_day"] == 0
    assert pd.isna(idle.takt.loc[0, "load"])


@pytest.mark.parametrize(("start", "days"), [("01-05", 5), ("01-05T00:01", 4), ("01-03", 5), ("01-10", 0)])
def test_a_working_day_counts_where_it_begins(start, days):
    words = definitions(working_days=[1, 2, 3, 4, 5])
    end = day("01-12") if days else day("01-11")
    assert Window.of(day(start), end, words).working_days == days
    assert dt.date(2026, 1, 5).isoweekday() == 1


def test_the_bottleneck_is_where_those_who_wait_have_waited_the_most_days_together():
    found = flow(BOARD, WORDS, day("01-15"))
    assert row(found.bottleneck, is_bottleneck=True)["stage"] == "qualified"
    assert found.words[0] == (
        "The bottleneck is qualified: 1 wait there, together 8 days (73% of all waiting). "
        "In the last 14 days 3 arrived and 2 left. It is filling up."
    )
    done = facts(**{**FOUR, "outcomes": FOUR["outcomes"] + "b 01-13 won\n d 01-13 lost"})
    ended = flow(done, WORDS, day("01-15"))
    assert not ended.bottleneck["is_bottleneck"].any()
    assert ended.words[0] == "Nobody waits at any stage, so there is no bottleneck."


def test_a_missing_segment_is_a_group_of_its_own():
    found = flow(BOARD, WORDS, day("01-15"), by="segment")
    assert sorted(found.lead_time["group"].unique()) == [NOT_FILLED, "large", "small"]
    assert row(found.ageing, group=NOT_FILLED)["waiting"] == 1


@pytest.mark.parametrize(
    ("words", "as_of", "by", "message"),
    [
        (definitions(), "01-15", None, "names no stages; list them"),
        (WORDS, "01-01", None, "no prospect was known before"),
        (WORDS, "01-02", None, "no move to new, qualified, proposal was known"),
        (WORDS, "01-15", "weather", "'weather' is not a column"),
    ],
)
def test_where_there_is_no_flow_it_says_why(words, as_of, by, message):
    with pytest.raises(NoFlow, match=message):
        flow(BOARD, words, day(as_of), by=by)


def test_prospects_before_the_cohort_are_left_out_with_their_siblings_of_the_account():
    known = facts(
        accounts="account_id recorded_at\n x 01-01",
        prospects="prospect_id account_id created_at\n old x 01-01\n young x 01-05",
        touches="touch_id prospect_id kind direction stage occurred_at\n t1 young stage inbound qualified 01-07",
    )
    found = flow(known, definitions(stages=list(STAGES), cohort_from="2026-01-03"), day("01-15"))
    assert found.weekly.loc[found.weekly["stage"] == ALL_STAGES, "arrived"].sum() == 1


def _board(world: Facts, as_of: pd.Timestamp) -> tuple[pd.DataFrame, pd.DatetimeIndex]:
    found = journeys(world, stages=STAGES, as_of=as_of)
    edges = pd.date_range(START - pd.Timedelta(days=7), as_of + pd.Timedelta(days=7), freq="7D").as_unit("us")
    return found.visits.assign(group="all"), edges


@settings(deadline=None, max_examples=8)
@given(worlds(), st.integers(1, 150))
def test_work_in_progress_is_what_a_person_would_count(world, days):
    as_of = START + pd.Timedelta(days=days)
    visits, edges = _board(world, as_of)
    if visits.empty:
        return
    table = weekly(visits, edges)
    for line in table.itertuples():
        there = [
            v for v in visits.itertuples()
            if v.stage == line.stage and v.entered_at < line.until and not v.left_at < line.until
        ]  # fmt: skip
        assert line.wip == len(there)
    inside = ["onward", "back", "won", "lost", "aged"]
    assert (table["wip"] == table["wip_before"] + table["arrived"] - table[inside].sum(axis=1)).all()


@settings(deadline=None, max_examples=8)
@given(worlds(), st.integers(1, 150))
def test_littles_law_holds_where_a_stage_begins_and_ends_empty(world, days):
    visits, edges = _board(world, START + pd.Timedelta(days=days))
    done = visits[visits["left_at"].notna()]
    if done.empty:
        return
    table = weekly(done, edges)
    weeks = len(edges) - 1
    for stage, part in table.groupby("stage"):
        own = done[done["stage"] == stage]
        per_day = len(own) / (7 * weeks)
        mean_days = ((own["left_at"] - own["entered_at"]) / pd.Timedelta(days=1)).mean()
        assert part["mean_wip"].mean() == pytest.approx(per_day * mean_days, abs=1e-9)


@settings(deadline=None, max_examples=8)
@given(worlds(), st.integers(1, 150))
def test_what_was_not_known_changes_nothing(world, days):
    as_of = START + pd.Timedelta(days=days)
    one, other = (journeys(w, stages=STAGES, as_of=as_of) for w in (world, world.visible(as_of)))
    pd.testing.assert_frame_equal(one.visits, other.visits)


@settings(deadline=None, max_examples=8)
@given(worlds(), st.integers(1, 150))
def test_a_journey_has_no_holes_and_ends_once(world, days):
    found = journeys(world, stages=STAGES, as_of=START + pd.Timedelta(days=days))
    for who, part in found.visits.groupby("prospect_id"):
        person = found.people.set_index("prospect_id").loc[who]
        assert part["entered_at"].iloc[0] == person["created_at"]
        assert part["left_at"].iloc[:-1].tolist() == part["entered_at"].iloc[1:].tolist()
        last = part["left_at"].iloc[-1]
        assert last == person["ended_at"] or (pd.isna(last) and pd.isna(person["ended_at"]))
        assert np.all(part["place"].to_numpy()[1:] != part["place"].to_numpy()[:-1])


def test_the_parts_of_the_groups_sum_to_the_whole():
    whole, parts = (flow(BOARD, WORDS, day("01-15"), by=by).weekly for by in (None, "segment"))
    counted = ["arrived", "onward", "back", "won", "lost", "wip", "mean_wip"]
    summed = parts.groupby(["stage", "week"])[counted].sum()
    known = whole.set_index(["stage", "week"])[counted].sort_index()
    pd.testing.assert_frame_equal(summed, known, check_dtype=False)
