"""What we tried, what came of it, and what was known before: against plain loops that follow the words."""

from __future__ import annotations

import doctest
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.facts.contract import ANSWERED, POSITIVE
from features.facts.ledger import Facts
from models.heads import outreach
from models.heads.outreach import REACHABLE, REPLY_WINDOW, SPEAKING, TRYING, heard, labels, tries
from models.heads.reply_features import CATALOG
from models.heads.reply_table import before
from tests.features.literal import day, facts
from tests.features.worlds import START, worlds

UTC = ZoneInfo("UTC")
DAY = pd.Timedelta(days=1)
HEAD = "touch_id prospect_id contact_id kind channel direction occurred_at result"


def came_of(*lines: str) -> dict[str, str]:
    """Write touches, return what became of each try: "-", "answered" or "positive"."""
    found = tries(facts(touches="\n".join([HEAD, *lines])))
    words = np.select([found["positive"], found["answered"]], ["positive", "answered"], "-")
    return dict(zip(found["touch_id"], map(str, words), strict=True))


def test_the_worked_example_is_true() -> None:
    found = doctest.testmod(outreach)
    assert (found.failed, found.attempted > 3) == (0, True)


def test_the_result_of_a_try_is_its_answer() -> None:
    assert came_of(
        "1 a dana call phone outbound 03-02 no_answer",
        "2 a dana call phone outbound 03-03 not_now",
        "3 a dana call phone outbound 03-04 meeting_booked",
    ) == {"1": "-", "2": "answered", "3": "positive"}


def test_whoever_comes_to_us_answers_the_last_try_on_that_channel_only() -> None:
    assert came_of(
        "1 a dana email email outbound 03-01 -",
        "2 a dana email email outbound 03-02 -",
        "3 a dana call phone outbound 03-03 no_answer",
        "4 a dana email email inbound 03-04 -",
    ) == {"1": "-", "2": "positive", "3": "-"}


def test_on_another_channel_the_last_try_at_the_person_is_answered() -> None:
    assert came_of(
        "1 a dana email email outbound 03-01 -",
        "2 a dana email email outbound 03-02 -",
        "3 a dana call phone inbound 03-04 answered",
    ) == {"1": "-", "2": "answered"}


def test_another_person_and_another_prospect_do_not_answer_for_this_one() -> None:
    assert came_of(
        "1 a dana email email outbound 03-01 -",
        "2 a boss email email inbound 03-02 -",
        "3 b dana email email inbound 03-02 -",
    ) == {"1": "-"}


def test_a_reply_that_names_nobody_answers_the_last_try_at_the_prospect() -> None:
    assert came_of("1 a dana email email outbound 03-01 -", "2 a - form web inbound 03-02 -") == {"1": "positive"}


@pytest.mark.parametrize(
    ("when", "what"), [("03-01", "-"), ("03-01T00:01", "positive"), ("03-07T23:59", "positive"), ("03-08", "-")]
)
def test_a_reply_counts_after_the_try_and_before_the_seventh_day_is_over(when: str, what: str) -> None:
    assert came_of("1 a dana email email outbound 03-01 -", f"2 a dana email email inbound {when} -") == {"1": what}


def test_a_refusal_that_comes_by_mail_is_an_answer_and_not_a_positive_one() -> None:
    lines = "1 a dana email email outbound 03-01 -", "2 a dana email email inbound 03-02 not_interested"
    assert came_of(*lines) == {"1": "answered"}


def test_stages_proposals_held_meetings_and_visits_to_the_web_site_are_no_tries_and_no_answers() -> None:
    assert came_of(
        "1 a dana stage - outbound 03-01 -",
        "2 a dana proposal email outbound 03-01 -",
        "3 a dana meeting in_person outbound 03-01 completed",
        "4 a dana email web outbound 03-01 -",
        "5 a dana call - outbound 03-01 answered",
        "6 a dana call phone outbound 03-01 -",
        "7 a dana visit web inbound 03-02 -",
    ) == {"6": "-"}


def test_no_touches_are_no_tries() -> None:
    found = tries(Facts.of({}))
    assert found.empty
    assert labels(found, observed_until=day("03-01")).shape == (0,)
    assert heard(found) == ()
    assert before(found.rename(columns={"occurred_at": "as_of"}), Facts.of({}), zone=UTC).shape[0] == 0


def test_a_try_whose_week_is_not_over_has_no_label() -> None:
    text = f"{HEAD}\n1 a dana call phone outbound 03-01 interested\n2 a dana call phone outbound 03-02 interested"
    found = tries(facts(touches=text))
    np.testing.assert_array_equal(labels(found, observed_until=day("03-08")), [1.0, np.nan])


def test_a_channel_of_which_no_result_was_ever_written_has_no_labels() -> None:
    text = f"{HEAD}\n1 a dana call phone outbound 03-01 -\n2 a dana email email outbound 03-02 bounced"
    found = tries(facts(touches=text))
    assert heard(found) == ("email",)
    np.testing.assert_array_equal(labels(found, observed_until=day("04-01")), [np.nan, 0.0])


def test_weekday_and_hour_are_those_of_the_person_as_far_as_the_zone_was_known() -> None:
    known = facts(contacts="contact_id prospect_id recorded_at timezone\ndana a 01-05 Asia/Tokyo\nboss a 01-05 Mars/X")
    asks = pd.DataFrame(
        {
            "prospect_id": "a",
            "contact_id": ["dana", "dana", "boss", None],
            "channel": "phone",
            "as_of": pd.Series([day("01-05"), day("01-05T16:30"), day("01-05T16:30"), day("01-05T16:30")]),
        }
    )
    row = before(asks, known, zone=ZoneInfo("Europe/Berlin"))
    assert row["weekday"].tolist() == ["Monday", "Tuesday", "Monday", "Monday"]
    assert row["hour"].tolist() == [1.0, 1.5, 17.5, 17.5]
    assert row["named"].tolist() == [1.0, 1.0, 1.0, 0.0]


# the second implementation ------------------------------------------------------------------------------------------


def asks_of(known: Facts, *moments: pd.Timestamp) -> pd.DataFrame:
    """Return the tries as asks, and everybody on two channels at the given moments."""
    made = tries(known).rename(columns={"occurred_at": "as_of"})[["prospect_id", "contact_id", "channel", "as_of"]]
    who = pd.DataFrame({"contact_id": ["c0", "c3", None]}).merge(pd.DataFrame({"channel": ["phone", "email"]}), "cross")
    more = [who.assign(prospect_id="p0", as_of=moment) for moment in moments]
    asks = pd.concat([made, *more], ignore_index=True)
    return asks.astype({"prospect_id": "str", "contact_id": "str", "channel": "str"})


def seen(table: pd.DataFrame, key: str, as_of: pd.Timestamp) -> list[dict[str, object]]:
    """Return the version of each row that was known, and had happened, before `as_of`."""
    last: dict[str, dict[str, object]] = {}
    for row in sorted(table.to_dict("records"), key=lambda r: r["recorded_at"]):
        if row["recorded_at"] < as_of:
            last[row[key]] = row
    return [row for row in last.values() if key != "touch_id" or row["occurred_at"] < as_of]


def expected(ask: dict[str, object], known: Facts) -> dict[str, float]:
    as_of = ask["as_of"]
    touches = seen(known.touches, "touch_id", as_of)

    def person(t: dict[str, object]) -> object:
        return ("c", t["contact_id"]) if pd.notna(t["contact_id"]) else ("p", t["prospect_id"])

    def within(rows: list[dict[str, object]], days: int) -> int:
        return sum(r["occurred_at"] >= as_of - days * DAY for r in rows)

    def since(rows: list[dict[str, object]]) -> float:
        return float((as_of - max(r["occurred_at"] for r in rows)) / DAY) if rows else np.nan

    def only(rows: list[dict[str, object]], *results: str) -> list[dict[str, object]]:
        return [r for r in rows if r["result"] in results]

    mine = [t for t in touches if person(t) == person(ask)]
    tried, came = [t for t in mine if is_try(t)], [t for t in mine if is_word(t)]
    way, way_came = [[t for t in rows if t["channel"] == ask["channel"]] for rows in (tried, came)]
    theirs = [t for t in touches if t["prospect_id"] == ask["prospect_id"]]
    at_prospect, inbound = [t for t in theirs if is_try(t)], [t for t in theirs if t["direction"] == "inbound"]
    return {
        "person_tries_count_all": len(tried),
        "person_tries_count_30d": within(tried, 30),
        "person_try_days_since": since(tried),
        "person_answers_count_all": len(only(tried, *ANSWERED)),
        "person_answers_share_all": len(only(tried, *ANSWERED)) / len(tried) if tried else np.nan,
        "person_answer_days_since": since(only(tried, *ANSWERED)),
        "person_positives_count_all": len(only(mine, *POSITIVE)),
        "person_positive_days_since": since(only(mine, *POSITIVE)),
        "person_refusals_count_90d": within(only(mine, "not_now", "not_interested"), 90),
        "person_wrong_count_all": len(only(mine, "wrong_person")),
        "person_inbound_count_90d": within(came, 90),
        "person_inbound_days_since": since(came),
        "way_tries_count_all": len(way),
        "way_answers_count_all": len(only(way, *ANSWERED)),
        "way_answers_share_all": len(only(way, *ANSWERED)) / len(way) if way else np.nan,
        "way_bounces_count_all": len(only(way, "bounced")),
        "way_inbound_count_all": len(way_came),
        "prospect_tries_count_30d": within(at_prospect, 30),
        "prospect_answers_count_90d": within(only(at_prospect, *ANSWERED), 90),
        "prospect_positive_days_since": since(only(theirs, *POSITIVE)),
        "prospect_inbound_count_30d": within(inbound, 30),
        "prospect_inbound_days_since": since(inbound),
    }


def is_try(t: dict[str, object]) -> bool:
    return t["direction"] == "outbound" and t["kind"] in TRYING and t["channel"] in REACHABLE


def is_word(t: dict[str, object]) -> bool:
    return t["direction"] == "inbound" and t["kind"] in SPEAKING


@settings(max_examples=8, deadline=None)
@given(worlds())
def test_what_was_known_equals_a_plain_loop_over_what_was_visible(known: Facts) -> None:
    asks = asks_of(known, START + 30 * DAY, START + 90 * DAY)
    got = before(asks, known, zone=UTC)
    want = pd.DataFrame([expected(ask, known) for ask in asks.to_dict("records")]).astype("float32")
    pd.testing.assert_frame_equal(got[list(want.columns)], want, rtol=1e-5)
    assert set(want.columns) | {"prospect_stage_last"} == set(CATALOG.names)
    for i, ask in enumerate(asks.to_dict("records")):
        row = [c for c in seen(known.contacts, "contact_id", ask["as_of"]) if c["contact_id"] == ask["contact_id"]]
        role = row[0]["role"] if row else np.nan
        assert got["role"].iloc[i] == role or (pd.isna(role) and pd.isna(got["role"].iloc[i]))


@settings(max_examples=8, deadline=None)
@given(worlds(), st.integers(1, 130), st.booleans())
def test_what_was_not_visible_at_the_try_changes_nothing(known: Facts, after: int, corrupt: bool) -> None:
    as_of = START + after * DAY
    asks = asks_of(known.visible(START), as_of)
    other = known.visible(as_of)
    if corrupt:
        late = known.touches["recorded_at"] >= as_of
        touches = known.touches.assign(
            result=known.touches["result"].mask(late, "interested"),
            direction=known.touches["direction"].mask(late, "inbound"),
        )
        contacts = known.contacts.assign(role=known.contacts["role"].mask(known.contacts["recorded_at"] >= as_of, "x"))
        other = Facts.of({**known.tables(), "touches": touches, "contacts": contacts})
    one, two = (before(asks, f, zone=UTC).astype({"prospect_stage_last": "str", "role": "str"}) for f in (known, other))
    pd.testing.assert_frame_equal(one, two, check_categorical=False)


@settings(max_examples=8, deadline=None)
@given(worlds())
def test_a_row_does_not_depend_on_the_other_rows(known: Facts) -> None:
    asks = asks_of(known, START + 60 * DAY)
    text = {"prospect_stage_last": "str", "role": "str", "channel": "str", "seniority": "str"}
    whole = before(asks, known, zone=UTC).astype(text)
    shuffled = asks.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(before(shuffled, known, zone=UTC).astype(text).sort_index(), whole)
    alone = before(asks.iloc[-1:], known, zone=UTC).astype(text)
    pd.testing.assert_frame_equal(alone, whole.iloc[-1:])


@settings(max_examples=12, deadline=None)
@given(worlds())
def test_answers_equal_a_plain_search_for_the_last_try(known: Facts) -> None:
    found = tries(known)
    last = known.touches.sort_values("recorded_at", kind="stable").drop_duplicates("touch_id", keep="last")
    came = {}
    for reply in (r for r in last.to_dict("records") if is_word(r)):
        if (answered := search(reply, found)) is not None:
            came.setdefault(answered, []).append(reply["result"])
    for row in found.to_dict("records"):
        replies = came.get(row["touch_id"], [])
        good = [r for r in replies if pd.isna(r) or r in POSITIVE]
        assert row["answered"] == (row["result"] in ANSWERED or bool(replies))
        assert row["positive"] == (row["result"] in POSITIVE or bool(good))


def search(reply: dict[str, object], found: pd.DataFrame) -> object:
    def same(row: dict[str, object], column: str) -> bool:
        return row[column] == reply[column] or (pd.isna(row[column]) and pd.isna(reply[column]))

    passes = [("contact_id", "channel"), ("contact_id",)]
    passes += [("channel",), ()] if pd.isna(reply["contact_id"]) else []
    rows = [r for r in found.to_dict("records") if r["prospect_id"] == reply["prospect_id"]]
    rows = [r for r in rows if r["occurred_at"] < reply["occurred_at"] < r["occurred_at"] + REPLY_WINDOW]
    for by in passes:
        fits = [r for r in rows if all(same(r, column) for column in by)]
        if fits:
            return max(fits, key=lambda r: (r["occurred_at"], r["touch_id"]))["touch_id"]
    return None
