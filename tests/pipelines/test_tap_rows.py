"""Taps as rows: which offers they say were made, and which of them the source has told already."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from features.facts.contract import TIME_TYPE
from features.facts.ledger import Facts
from pipelines.steps.tap_copies import replaced_at
from pipelines.steps.tap_rows import rows as rows_of
from tests.pipelines.literal import day, rows

MINUTE = pd.Timedelta(minutes=1)


def taps(*said: dict[str, Any]) -> pd.DataFrame:
    """Return taps on p1 by telephone with dana on the 10th, with what is given instead."""
    usual = {
        "prospect_id": "p1", "contact_id": "dana", "channel": "phone", "kind": "interested", "until": None,
        "at": day(10), "undone_at": pd.NaT, "replaced_at": pd.NaT, "offer_id": None, "propensity": float("nan"),
    }  # fmt: skip
    frame = pd.DataFrame([{"key": str(n), **usual, **one} for n, one in enumerate(said)])
    times = {c: pd.to_datetime(frame[c], utc=True).astype(TIME_TYPE) for c in ("at", "undone_at", "replaced_at")}
    texts = ("key", "prospect_id", "contact_id", "channel", "kind", "offer_id")
    return frame.assign(**times).astype(dict.fromkeys(texts, "str"))


def calls(*given: dict[str, Any]) -> Facts:
    """Return calls to p1 at the beginning of the 10th, as the source has them, with what is given instead."""
    usual = {
        "prospect_id": "p1", "contact_id": "dana", "kind": "call", "channel": "phone", "direction": "outbound",
        "occurred_at": day(10), "recorded_at": day(10.5), "result": "answered",
    }  # fmt: skip
    full = [{"touch_id": f"T{n}", **usual, **one} for n, one in enumerate(given)]
    return Facts.of({"touches": rows("touches", " ".join(full[0]), *(tuple(one.values()) for one in full))})


@pytest.mark.parametrize(
    ("kind", "response"),
    [("interested", "interested"), ("meeting_booked", "interested"), ("not_now", None), ("never_again", "declined")],
)
def test_where_somebody_answered_the_offer_of_the_list_was_made(kind: str, response: str | None) -> None:
    made = rows_of(taps({"kind": kind, "offer_id": "pilot", "propensity": 0.5}), Facts.of({}))["offers_made"]
    (row,) = made.astype("object").where(made.notna(), None).to_dict("records")
    assert (row["offer_id"], row["propensity"], row["response"]) == ("pilot", 0.5, response)
    assert row["responded_at"] == (None if response is None else day(10))


@pytest.mark.parametrize("kind", ["no_answer", "wrong_person", "snooze"])
def test_where_nobody_answered_no_offer_was_made(kind: str) -> None:
    assert rows_of(taps({"kind": kind, "offer_id": "pilot"}), Facts.of({}))["offers_made"].empty


def test_where_the_source_tells_of_offers_only_those_drawn_by_chance_are_told_again() -> None:
    theirs = rows("offers_made", "prospect_id offer_id occurred_at recorded_at", ("p2", "pilot", day(3), day(3)))
    said = taps({"offer_id": "pilot"}, {"offer_id": "pilot", "propensity": 0.25})
    assert rows_of(said, Facts.of({"offers_made": theirs}))["offers_made"]["propensity"].tolist() == [0.25]
    assert len(rows_of(said, Facts.of({}))["offers_made"]) == 2


def test_an_offer_taken_back_has_neither_answer_nor_chance() -> None:
    said = taps({"offer_id": "pilot", "propensity": 0.5, "undone_at": day(11)})
    made = rows_of(said, Facts.of({}))["offers_made"]
    assert made["recorded_at"].tolist() == [day(10), day(11)]
    assert made.iloc[1][["response", "responded_at", "propensity"]].isna().all()


@pytest.mark.parametrize(
    ("tap", "theirs", "replaced"),
    [
        ({}, {}, True),
        ({}, {"occurred_at": day(10) + 60 * MINUTE}, True),
        ({}, {"occurred_at": day(10) + 61 * MINUTE}, False),
        ({}, {"contact_id": None}, True),
        ({}, {"contact_id": "lee"}, False),
        ({}, {"kind": "email"}, False),
        ({}, {"direction": "inbound"}, False),
        ({}, {"prospect_id": "p2"}, False),
        ({}, {"touch_id": "tap:9"}, False),
        ({}, {"result": None}, False),
        ({"kind": "no_answer"}, {"result": None}, True),
        ({"kind": "never_again"}, {"result": "do_not_contact"}, False),
    ],
)
def test_a_tap_gives_way_to_the_sources_record_of_the_same_call(
    tap: dict[str, Any], theirs: dict[str, Any], replaced: bool
) -> None:
    found = replaced_at(taps(tap), calls(theirs))
    assert found.tolist() == ([day(10.5)] if replaced else [pd.NaT])


def test_each_record_stands_for_one_tap_the_nearest() -> None:
    said = taps({"at": day(10) - 30 * MINUTE}, {"at": day(10) + 10 * MINUTE}, {"at": day(10) + 50 * MINUTE})
    found = replaced_at(said, calls({}, {"occurred_at": day(10) + 45 * MINUTE, "recorded_at": day(11)}))
    assert found.tolist() == [pd.NaT, day(10.5), day(11)]


def test_until_the_record_is_known_the_tap_holds_and_then_reached_nobody() -> None:
    said = taps({"replaced_at": day(10.5)}, {"replaced_at": day(9)}, {"replaced_at": day(12), "undone_at": day(11)})
    touches = rows_of(said, Facts.of({}))["touches"].sort_values(["touch_id", "recorded_at"])
    assert touches[["kind", "recorded_at"]].to_numpy().tolist() == [
        ["call", day(10)], ["task", day(10.5)],
        ["call", day(10)], ["task", day(10) + pd.Timedelta(microseconds=1)],
        ["call", day(10)], ["task", day(11)],
    ]  # fmt: skip
    assert touches.loc[touches["kind"] == "task", ["channel", "contact_id", "result"]].isna().all(axis=None)
