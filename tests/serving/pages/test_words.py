from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.pages.words import Words, dial, mail, preferred_locale
from serving.store.tables import Run

RUN = Run(as_of=dt.datetime(2026, 11, 24, 6, tzinfo=dt.UTC), timezone="Europe/Berlin")


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-CH,de;q=0.9,en;q=0.8", "de_CH"),
        ("en;q=0.3, fr;q=0.9", "fr"),
        ("xx-YY", "en"),
        ("*", "en"),
        ("../../etc/passwd", "en"),
        ("de;q=abc", "en"),
    ],
)
def test_the_readers_language_is_the_best_one_known(header, locale):
    assert preferred_locale(header) == locale


@given(st.text())
def test_no_header_breaks_a_page(header):
    assert Words(preferred_locale(header)).percent(0.38)


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("2026-11-24T05:00:00+00:00", "today"),
        ("2026-11-23T22:59:00+00:00", "yesterday"),  # 23:59 in Berlin
        ("2026-11-23T23:01:00+00:00", "today"),  # 00:01 in Berlin
        ("2026-11-12T09:00:00+00:00", "12 days ago"),
        ("2026-01-02T09:00:00+00:00", "on Jan 2, 2026"),
    ],
)
def test_how_long_ago_is_counted_in_calendar_days_before_the_list(when, words):
    assert Words().ago(dt.datetime.fromisoformat(when), RUN) == words


@given(st.floats(0, 1))
def test_nobody_is_certain(share):
    assert Words().percent(share) not in ("0%", "100%")


@pytest.mark.parametrize(
    ("phone", "number"),
    [("+49 (0)30 / 555-010", "+4930555010"), ("ask Dana", ""), ("555", "555"), ("javascript:alert(1)", "")],
)
def test_only_digits_are_dialled(phone, number):
    assert dial(phone) == number


def test_an_address_cannot_add_fields_to_a_mail():
    assert mail("dana@firm.example?bcc=all@firm.example") == "dana@firm.example%3Fbcc%3Dall@firm.example"


@pytest.mark.parametrize(
    ("locale", "text", "written"),
    [
        ("en", "15 % x 32,286 EUR = 4,957 EUR", "15 % x 32,286 EUR = 4,957 EUR"),
        ("de", "15 % x 32,286 EUR = 4,957 EUR (reach x 1.96)", "15 % x 32.286 EUR = 4.957 EUR (reach x 1,96)"),
        ("de", "answered 3 of 13 calls, 0 of 2 visits", "answered 3 of 13 calls, 0 of 2 visits"),
        ("de", "runs version 2.5.1, since 12.11.2026", "runs version 2.5.1, since 12.11.2026"),
        ("fr", "+1,234.56 more, 12,3456 is no figure", "+1\u202f234,56 more, 12,3456 is no figure"),
    ],
)
def test_the_figures_of_a_published_sentence_follow_the_reader(locale, text, written):
    assert Words(locale).told(text) == written
