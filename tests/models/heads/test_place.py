"""The sentence about the channel: what was answered, what was not, and where a positive reply is likeliest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.heads.outreach import REACHABLE
from models.heads.person import CHOICES
from models.heads.place import ANSWERS, COLUMNS, best_place
from models.heads.reply_words import BY, TRIED


def choices(*rows: tuple[object, ...]) -> pd.DataFrame:
    """Write choices as (contact, channel, tried, answered, reach); the interval is 10 points to each side."""
    table = pd.DataFrame(rows, columns=["contact_id", "channel", "tried", "answered", "reach"])
    table = table.assign(prospect_id="a", low=table["reach"] - 0.1, high=table["reach"] + 0.1, said="")
    return table[list(CHOICES)].astype({"contact_id": "str"})


def said(*ways: tuple[str, int, int], reach: float = np.nan) -> str:
    return str(best_place(choices(*(("dana", *way, reach) for way in ways)))["said"].iloc[0])


@pytest.mark.parametrize(
    ("ways", "words"),
    [
        ([("email", 5, 3), ("phone", 4, 0)], "answers e-mail (3 of 5), not the phone (0 of 4)"),
        ([("phone", 4, 1), ("email", 5, 3)], "answers e-mail (3 of 5) and the phone (1 of 4)"),
        ([("email", 5, 3), ("phone", 2, 0)], "answers e-mail (3 of 5)"),
        ([("email", 5, 3), ("phone", 3, 0), ("social", 4, 0)],
         "answers e-mail (3 of 5), not social networks (0 of 4) or the phone (0 of 3)"),
        ([("email", 1, 0), ("phone", 3, 0)], "has not answered yet: the phone (0 of 3), e-mail (0 of 1)"),
        ([("email", 0, 0), ("phone", 0, 0)], "not tried yet"),
    ],
)  # fmt: skip
def test_what_is_answered_is_said_with_counts(ways: list[tuple[str, int, int]], words: str) -> None:
    assert said(*ways) == words


def test_the_likeliest_channel_is_the_first_with_its_chance_and_interval() -> None:
    found = best_place(choices(("dana", "email", 5, 3, 0.3), ("dana", "phone", 4, 0, 0.2)))
    assert found["channel"].tolist() == ["email"]
    assert found["said"].iloc[0].endswith("; a positive reply is likeliest by e-mail: 30% (20% to 40%)")


def test_a_chance_without_an_interval_is_said_alone() -> None:
    rows = choices(("dana", "email", 5, 3, 0.3)).assign(low=np.nan, high=np.nan)
    assert best_place(rows)["said"].iloc[0].endswith("by e-mail: 30%")


def test_every_person_has_one_row_in_the_order_given_and_the_nameless_too() -> None:
    rows = choices(("boss", "phone", 0, 0, 0.2), ("dana", "email", 1, 1, 0.1), ("boss", "email", 0, 0, 0.1))
    nameless = choices((None, "phone", 0, 0, 0.2)).assign(prospect_id="b")
    found = best_place(pd.concat([rows, nameless]))
    assert found["contact_id"].fillna("-").tolist() == ["boss", "dana", "-"]
    assert list(found.columns) == list(COLUMNS)


def test_no_choices_are_no_rows() -> None:
    assert best_place(choices().iloc[:0]).empty


def test_every_channel_has_its_words() -> None:
    assert set(ANSWERS) == set(BY) == set(TRIED) == set(REACHABLE)
