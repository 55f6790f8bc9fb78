"""Moments: the start of a local day as a UTC instant, on grids that run over clock changes."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.time.asof import DAY, earlier, grid, later, micros, moment, stamp
from tests.features.literal import day

BERLIN, KOLKATA, HAVANA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata"), ZoneInfo("America/Havana")


@pytest.mark.parametrize(
    ("local", "zone", "utc"),
    [
        ("2026-01-15", BERLIN, "2026-01-14T23:00"),
        ("2026-07-15", BERLIN, "2026-07-14T22:00"),
        ("2026-03-29", BERLIN, "2026-03-28T23:00"),  # the clock changes later on this day
        ("2026-03-30", BERLIN, "2026-03-29T22:00"),
        ("2026-01-15", KOLKATA, "2026-01-14T18:30"),
        ("2026-03-08", HAVANA, "2026-03-08T05:00"),  # Havana has no midnight on this day: it starts at 01:00
    ],
)
def test_a_day_starts_at_local_midnight(local: str, zone: ZoneInfo, utc: str) -> None:
    assert moment(dt.date.fromisoformat(local), zone) == pd.Timestamp(utc, tz="UTC")


def test_the_grid_keeps_to_local_midnight_over_both_clock_changes() -> None:
    spring = grid(dt.date(2026, 3, 16), dt.date(2026, 4, 6), days=7, zone=BERLIN)
    autumn = grid(dt.date(2026, 10, 19), dt.date(2026, 10, 26), days=7, zone=BERLIN)
    assert [f"{t:%m-%d %H}" for t in spring] == ["03-15 23", "03-22 23", "03-29 22", "04-05 22"]
    assert [f"{t:%m-%d %H}" for t in autumn] == ["10-18 22", "10-25 23"]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (1, 15, ["01-01", "01-08", "01-15"]),
        (2, 15, ["01-08", "01-15"]),
        (15, 15, ["01-15"]),
        (16, 15, []),
    ],
)
def test_the_grid_is_anchored_at_its_last_day(first: int, last: int, expected: list[str]) -> None:
    moments = grid(dt.date(2026, 1, first), dt.date(2026, 1, last), days=7, zone=ZoneInfo("UTC"))
    assert [f"{t:%m-%d}" for t in moments] == expected


def test_a_grid_without_moments_has_the_type_of_times() -> None:
    empty = grid(dt.date(2026, 1, 2), dt.date(2026, 1, 1), days=1, zone=BERLIN)
    assert str(empty.dtype) == "datetime64[us, UTC]"


def test_a_grid_of_no_days_is_refused() -> None:
    with pytest.raises(ValueError, match="days must be at least 1, got 0"):
        grid(dt.date(2026, 1, 1), dt.date(2026, 1, 2), days=0, zone=BERLIN)


@given(st.dates(dt.date(1990, 1, 1), dt.date(2040, 1, 1)), st.integers(0, 400), st.integers(1, 40))
def test_every_moment_of_a_grid_is_the_start_of_a_local_day(last: dt.date, span: int, step: int) -> None:
    first = last - dt.timedelta(days=span)
    local = grid(first, last, days=step, zone=BERLIN).tz_convert(BERLIN)
    assert [t.date() for t in local][-1] == last
    assert all((t.hour, t.minute) == (0, 0) for t in local)
    assert {(b.date() - a.date()).days for a, b in zip(local[:-1], local[1:], strict=True)} <= {step}
    assert 0 <= (local[0].date() - first).days < step


def test_microseconds_count_from_1970_and_missing_is_the_smallest_integer() -> None:
    times = pd.Series([pd.Timestamp("1970-01-02", tz="UTC"), pd.NaT]).astype("datetime64[us, UTC]")
    assert micros(times).tolist() == [DAY, np.iinfo(np.int64).min]


def test_later_takes_the_later_of_two() -> None:
    one, other = pd.Series([day("01-01"), day("03-01")]), pd.Series([day("02-01"), day("02-01")])
    assert later(one, other).tolist() == [day("02-01"), day("03-01")]


def test_earlier_takes_a_missing_time_as_later_than_any() -> None:
    one = pd.Series([day("01-01"), day("03-01"), pd.NaT, pd.NaT]).astype("datetime64[us, UTC]")
    other = pd.Series([pd.NaT, day("02-01"), day("02-01"), pd.NaT]).astype("datetime64[us, UTC]")
    found = earlier(one, other)
    assert found[:3].tolist() == [day("01-01"), day("02-01"), day("02-01")]
    assert pd.isna(found[3])


def test_a_stamp_is_utc_in_microseconds() -> None:
    found = stamp(dt.datetime(2026, 1, 1, 1, tzinfo=BERLIN))
    assert (found, found.unit) == (day("01-01"), "us")


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="2026-01-01 00:00:00 has no time zone; say which clock"):
        stamp(pd.Timestamp("2026-01-01"))
