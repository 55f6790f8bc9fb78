"""Texts within the vendor's length."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.writing.words import ELLIPSIS, cut, length, plain, rich


@pytest.mark.parametrize(
    ("text", "most", "told"),
    [
        ("two meetings", 12, "two meetings"),
        ("two meetings in May", 13, "two meetings…"),
        ("two meetings in May", 15, "two meetings…"),
        ("two meetings, in May", 14, "two meetings…"),
        ("first line\nsecond line", 14, "first line…"),
        ("unbreakable", 6, "unbre…"),
        ("👩 👩 👩", 6, "👩 👩…"),  # an emoji counts two
        ("with\x00 nothing \x07hidden\r\n", 99, "with nothing hidden"),
    ],
)
def test_a_text_is_cut_after_a_whole_word(text: str, most: int, told: str) -> None:
    assert cut(text, most) == told


@given(st.text(max_size=200), st.integers(2, 120))
def test_no_text_is_longer_than_the_vendor_takes_and_what_stands_is_its_beginning(text: str, most: int) -> None:
    told = cut(text, most)
    assert length(told) <= most
    assert told == plain(text) or (told.endswith(ELLIPSIS) and plain(text).startswith(told[:-1]))


@given(st.text(max_size=200), st.integers(20, 120))
def test_html_is_as_short_and_reads_as_the_text(text: str, most: int) -> None:
    shown = rich(text, most)
    assert length(shown) <= most
    read = html.unescape(shown.replace("<br>", "\n"))
    assert read == plain(text) or plain(text).startswith(read.removesuffix(ELLIPSIS))
