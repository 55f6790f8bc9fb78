from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.facts.ledger import Facts
from models.heads.hours import BEST, Hours, fit_hours
from tests.features.literal import day, facts
from tests.models.journeys import definitions_of

PEOPLE = """
    contact_id prospect_id timezone         recorded_at
    dana       P           -                01-01
    yuki       P           Asia/Tokyo       01-01
    lost       P           Mars/Olympus     01-01
    """
BERLIN = {"timezone": "Europe/Berlin"}


def tries(*rows: str) -> str:
    """Write "dana 01-06T09:30 answered phone 5": the same try five times."""
    lines = ["touch_id contact_id occurred_at result channel prospect_id kind direction"]
    for row in rows:
        who, when, result, channel, times = row.split()
        lines += [f"t{len(lines) + i} {who} {when} {result} {channel} P call outbound" for i in range(int(times))]
    return "\n".join(lines)


def fit(*rows: str, as_of: str = "06-01", **changes: object) -> Hours:
    known = facts(contacts=PEOPLE, touches=tries(*rows)) if rows else facts(contacts=PEOPLE)
    return fit_hours(known, definitions=definitions_of(**BERLIN | changes), trained_as_of=day(as_of))


def best(hours: Hours, contact: str | None = "dana", channel: str | None = "phone") -> dict[str, object]:
    asked = pd.DataFrame({"prospect_id": ["P"], "contact_id": [contact], "timezone": [None], "channel": [channel]})
    (row,) = hours.best(asked).to_dict("records")
    return row


# 6 January 2026 is a Tuesday; Berlin is an hour ahead of UTC
COMPANY = ("- 01-06T08:30 answered phone 7", "- 01-06T09:10 no_answer phone 5", "- 01-07T14:00 no_answer phone 20")


def test_the_best_hours_are_said_with_their_counts_on_the_companys_clock() -> None:
    found = best(fit(*COMPANY))
    assert (found["weekday"], found["hour_from"], found["hour_to"]) == (2, 8, 10)
    assert found["said"] == "people answered 7 of 7 on Tuesdays 8 to 10 (0 of 25 at other hours)"


def test_two_hours_are_counted_together() -> None:
    found = best(
        fit("- 01-06T08:30 answered phone 4", "- 01-06T09:10 answered phone 3", "- 01-06T12:00 no_answer phone 9")
    )
    assert (found["hour_from"], found["hour_to"], found["tried"], found["answered"]) == (9, 11, 7, 7)


def test_one_lucky_call_does_not_beat_many_good_ones() -> None:
    lucky, good = "- 01-05T13:00 answered phone 1", "- 01-06T08:30 answered phone 30"
    found = best(fit(lucky, good, "- 01-06T08:30 no_answer phone 20", "- 01-07T08:30 no_answer phone 50"))
    assert found["weekday"] == 2


def test_hours_are_those_of_the_person_who_is_called() -> None:
    # 01:00 in UTC is 10 in the morning in Tokyo and outside the office hours in Berlin
    hours = fit("yuki 01-06T01:00 answered phone 6", "yuki 01-07T05:00 no_answer phone 6")
    found = best(hours, "yuki")
    assert (found["weekday"], found["hour_from"]) == (2, 9)
    assert found["said"] == "this person answered 6 of 6 on Tuesdays 9 to 11 (0 of 6 at other hours)"


def test_without_a_usable_time_zone_the_companys_clock_counts_and_the_note_says_how_often() -> None:
    hours = fit(
        "lost 01-06T08:30 answered phone 4", "dana 01-06T08:30 answered phone 2", "yuki 01-06T01:00 answered phone 3"
    )
    assert "6 placed on the company's clock for want of a time zone" in hours.note
    assert "9 outbound tries with a known answer, 9 answered" in hours.note


def test_a_person_with_few_tries_gets_the_companys_hours() -> None:
    hours = fit(*COMPANY, "dana 01-08T12:00 answered phone 4")
    assert best(hours)["said"].startswith("people answered 7 of 7 on Tuesdays")


def test_a_person_with_tries_enough_gets_their_own() -> None:
    hours = fit(*COMPANY, "dana 01-08T12:00 answered phone 7", "dana 01-06T08:30 no_answer phone 5")
    assert best(hours)["said"] == "this person answered 7 of 7 on Thursdays 12 to 14 (0 of 5 at other hours)"


def test_hours_differ_by_channel_and_an_unknown_channel_gets_all() -> None:
    hours = fit("- 01-06T08:30 answered phone 9", "- 01-07T08:30 no_answer phone 9", "- 01-07T12:00 answered email 9",
                "- 01-08T12:00 no_answer email 9")  # fmt: skip
    assert best(hours, None, "phone")["weekday"] == 2
    assert best(hours, None, "email")["weekday"] == 3
    assert best(hours, None, "chat")["tried"] == best(hours, None, None)["tried"] == 9


def test_only_tries_with_a_known_answer_count() -> None:
    known = facts(
        contacts=PEOPLE,
        touches="""
        touch_id prospect_id kind  direction occurred_at result      channel
        1        P           call  inbound   01-06T09:00 answered    phone
        2        P           task  outbound  01-06T09:00 answered    phone
        3        P           call  outbound  01-06T09:00 -           phone
        4        P           email outbound  01-06T09:00 bounced     email
        5        P           call  outbound  01-06T09:00 completed   phone
        6        P           call  outbound  01-06T23:00 answered    phone
        """,
    )
    hours = fit_hours(known, definitions=definitions_of(**BERLIN), trained_as_of=day("06-01"))
    assert hours.note.startswith("0 outbound tries with a known answer")


def test_what_was_not_visible_at_the_training_is_not_counted() -> None:
    assert fit(*COMPANY, as_of="01-06").note.startswith("0 outbound tries")
    assert fit(*COMPANY, as_of="01-07").note.startswith("12 outbound tries")


def test_nothing_tried_gives_no_hours_and_says_so() -> None:
    found = best(fit())
    assert pd.isna(found["weekday"])
    assert pd.isna(found["hour_from"])
    assert found["tried"] == 0
    assert found["said"] == "no try with a known answer so far: any hour is as good as another"
    assert (
        fit().best(pd.DataFrame(columns=["prospect_id", "contact_id", "timezone", "channel"])).columns.tolist() == BEST
    )


@pytest.mark.parametrize("result", ["answered", "no_answer"])
def test_where_all_tries_ended_alike_no_hour_is_called_better(result: str) -> None:
    found = best(fit(f"- 01-06T09:30 {result} phone 9", f"- 01-07T12:30 {result} phone 9"))
    assert found["weekday"] is None
    assert "all ended alike" in found["said"]


@pytest.mark.parametrize(("office", "hours"), [((9, 17), (9, 11)), ((9, 10), (9, 10))])
def test_windows_stay_within_the_office_hours(office: tuple[int, int], hours: tuple[int, int]) -> None:
    given = ("- 01-06T07:30 answered phone 9", "- 01-06T08:30 answered phone 9", "- 01-07T08:30 no_answer phone 1")
    found = best(fit(*given, office_hours=list(office)))
    assert (found["hour_from"], found["hour_to"]) == hours
    assert found["tried"] == 9


def spread(better: float, seed: int = 0) -> Facts:
    """Six hundred calls, evenly over the office hours of a year; Tuesdays 9 to 11 answer with another chance."""
    rng = np.random.default_rng(seed)
    at = pd.Timestamp("2025-01-06", tz="UTC") + pd.to_timedelta(np.arange(4000) // 8, unit="D")
    at = (at + pd.to_timedelta(rng.integers(8, 18, 4000), unit="h")).as_unit("us")
    good = (at.day_of_week == 1) & (at.hour >= 9) & (at.hour < 11)
    answered = rng.random(4000) < np.where(good, better, 0.3)
    touches = pd.DataFrame({"touch_id": np.arange(4000).astype(str), "occurred_at": at, "recorded_at": at})
    touches = touches.assign(
        prospect_id="P", contact_id=None, kind="call", channel="phone", direction="outbound",
        result=np.where(answered, "answered", "no_answer"),
    )  # fmt: skip
    return Facts.of({"touches": touches})


@pytest.mark.parametrize(("better", "found"), [(0.8, True), (0.3, False)])
def test_the_report_says_whether_the_suggested_hours_answer_better_later(better: float, found: bool) -> None:
    hours = fit_hours(spread(better), definitions=definitions_of(), trained_as_of=day("12-01"))
    (row,) = hours.report.to_dict("records")
    assert row["low"] <= row["value"] <= row["high"]
    assert (row["low"] > 0) == found
    assert ("not surely better than other hours" in hours.note) != found
    if found:
        assert best(hours)["weekday"] == 2
        assert best(hours)["hour_from"] == 9


def test_files_read_back_to_the_same_hours() -> None:
    hours = fit(*COMPANY, "dana 01-08T12:00 answered phone 9", "dana 01-06T08:30 no_answer phone 5")
    again = Hours.from_files(hours.to_files())
    assert best(again) == best(hours)
    assert again.to_files() == hours.to_files()
    pd.testing.assert_frame_equal(again.report, hours.report)
