"""At which hour a call stands in the calendar."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.heads.hours import Hours
from serving.exports.calling_hours import slots, window
from serving.store.queries import Listed
from serving.store.tables import Call, Contact, Prospect, Receipt, Run

TUESDAY = dt.date(2026, 11, 24)
BERLIN = "Europe/Berlin"


def run(zone: str = BERLIN, day: dt.date = TUESDAY, office: tuple[int, int] = (8, 18)) -> Run:
    return Run(number=1, day=day, timezone=zone, definitions={"office_hours": list(office)})


def line(owner: str | None = "mira", zone: str | None = BERLIN, hours: str | None = None) -> Listed:
    return Listed(Call(owner_id=owner, hours=hours), Receipt(), Prospect(), Contact(timezone=zone))


def local(lines: list[Listed], of: Run) -> list[str]:
    return [f"{s.start.astimezone(s.zone):%H:%M}" for s in slots(lines, of)]


def test_calls_follow_one_another_from_the_first_office_hour_each_owner_alone():
    assert local([line(), line(), line("ben"), line()], run()) == ["08:00", "08:30", "08:00", "09:00"]


def test_a_counted_hour_of_this_weekday_comes_first_and_one_of_another_day_does_not_count():
    lines = [line(), line(hours="she answered 3 of 4 on Tuesdays 8 to 10"), line(hours="x on Mondays 13 to 15")]
    assert local(lines, run()) == ["08:30", "08:00", "09:00"]


@pytest.mark.parametrize(
    ("zone", "there", "here"),
    [
        ("America/New_York", "08:00", "14:00"),
        ("Asia/Tokyo", "16:00", "08:00"),
        ("Pacific/Honolulu", "08:00", "19:00"),  # our office hours meet none of theirs: theirs count
        ("Nowhere/AtAll", "08:00", "08:00"),
        (None, "08:00", "08:00"),
    ],
)
def test_people_are_called_in_their_office_hours_and_ours_where_both_meet(zone, there, here):
    (slot,) = slots([line(zone=zone)], run())
    assert f"{slot.start.astimezone(slot.zone):%H:%M}" == there
    assert f"{slot.start.astimezone(ZoneInfo(BERLIN)):%H:%M}" == here


def test_many_calls_are_shorter_and_still_none_at_the_same_time():
    starts = [s.start for s in slots([line() for _ in range(60)], run())]
    assert len(set(starts)) == 60
    assert max(starts).astimezone(ZoneInfo(BERLIN)).hour < 18


@settings(max_examples=60, deadline=None)
@given(
    zones=st.lists(st.sampled_from([BERLIN, "America/New_York", "Asia/Kolkata", "Pacific/Apia", None]), max_size=20),
    day=st.dates(dt.date(2026, 3, 25), dt.date(2026, 11, 5)),
)
def test_every_call_lies_in_the_office_hours_of_the_person_on_any_day(zones, day):
    given_slots = slots([line(zone=zone) for zone in zones], run(day=day))
    assert len({s.start for s in given_slots}) == len(zones)
    for slot in given_slots:
        begin, end = slot.start.astimezone(slot.zone), slot.end.astimezone(slot.zone)
        assert begin.hour >= 8
        assert (end.hour, end.minute) <= (18, 0)


def test_the_words_that_the_hours_head_writes_are_understood():
    """The store has the suggestion in words only; should the head word it otherwise, this fails."""
    rows = [(2, 13, 10, 9), (2, 14, 8, 7), (3, 9, 40, 4)]
    head = Hours({"phone": rows, "all": rows}, {}, (8, 18), pd.DataFrame(), "")
    (said,) = head.best(pd.DataFrame({"prospect_id": ["p1"], "contact_id": ["c1"], "channel": ["phone"]}))["said"]
    assert window(said, TUESDAY) == (13, 15)
    assert window(said, TUESDAY + dt.timedelta(days=1)) is None
