"""What experiments ask for is done in the list: another offer, another channel, or no call at all."""

from __future__ import annotations

import pandas as pd

from models.decision.priority import TodaysList
from pipelines.steps.treating import always_listed, never_listed, treated, with_held_out, with_listed


def asked(*rows: tuple[str, str | None, str | None, str | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["prospect_id", "offer_id", "channel", "rule"])
    return frame.assign(experiments="pilot-first: arm b").astype("str").where(frame.notna().assign(experiments=True))


SAID = pd.DataFrame(
    {
        "prospect_id": ["p1", "p2", "p3"],
        "offer_id": ["list", "list", None],
        "offer_words": ["as ever", "as ever", None],
        "channel": ["phone", "phone", "email"],
        "why_contact": ["answers", "answers", "answers"],
    }
)


def test_without_an_experiment_nothing_changes():
    pd.testing.assert_frame_equal(treated(SAID, asked()), SAID)


def test_an_arm_changes_only_what_it_names_and_says_so():
    out = treated(SAID, asked(("p2", "pilot", None, None), ("p3", None, "phone", None)))
    assert out["offer_id"].fillna("-").tolist() == ["list", "pilot", "-"]
    assert out["offer_words"].fillna("-").tolist() == ["as ever", "experiment pilot-first: arm b", "-"]
    assert out["channel"].tolist() == ["phone", "phone", "phone"]
    assert out["why_contact"].tolist() == ["answers", "answers", "experiment pilot-first: arm b"]


def test_those_kept_off_the_list_stand_among_the_left_out_with_their_experiment():
    held = never_listed(asked(("p1", None, None, "never_listed"), ("p2", "pilot", None, None)))
    left = pd.DataFrame({"prospect_id": ["p9"], "owner_id": ["ana"], "reason": ["no_capacity"], "words": ["full"]})
    left = left.astype("str").assign(until=pd.to_datetime([None]))
    today = with_held_out(TodaysList(pd.DataFrame(), left), held, pd.Series({"p1": "ben"}))
    rows = today.left_out.set_index("prospect_id")
    assert rows["reason"].to_dict() == {"p1": "hold_out", "p9": "no_capacity"}
    assert rows.loc["p1", "words"] == "kept off the list by the experiment pilot-first: arm b"
    assert rows.loc["p1", "owner_id"] == "ben"


def test_those_an_experiment_lists_say_so_and_those_it_could_not_list_say_why():
    always = always_listed(asked(("p1", None, None, "always_listed"), ("p2", None, None, "always_listed"),
                                 ("p3", None, None, "always_listed"), ("p4", "pilot", None, None)))  # fmt: skip
    on = pd.DataFrame({"prospect_id": ["p1", "p4"], "worth_words": ["12 % of a win", "9 % of a win"]})
    off = pd.DataFrame(
        {
            "prospect_id": ["p2", "p3", "p9"],
            "reason": ["no_capacity", "too_soon", "no_capacity"],
            "words": ["below the day's capacity of 1", "we were in touch on 2026-03-01", "full"],
        }
    )
    today = with_listed(TodaysList(on, off), always)
    assert today.listed["worth_words"].tolist() == [
        "12 % of a win; listed by the experiment pilot-first: arm b",
        "9 % of a win",
    ]
    assert today.left_out["words"].tolist() == [
        "listed by the experiment pilot-first: arm b, but below the day's capacity of 1",
        "listed by the experiment pilot-first: arm b, but we were in touch on 2026-03-01",
        "full",
    ]
    assert today.notes == ("experiments ask for 2 calls today and there is capacity for 1 of them; deferred: 1",)
    assert with_listed(today, always.iloc[:0]) is today
