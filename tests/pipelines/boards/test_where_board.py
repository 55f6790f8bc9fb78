"""The board of channels: journeys written out, booked by three rules."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from features.facts.ledger import Facts
from pipelines.steps.boards.day import Day
from pipelines.steps.boards.where import board
from serving.boards.where import Where
from tests.features.literal import day, facts
from tests.models.journeys import definitions_of

NOW = day("09-01")
PROSPECTS = """
    prospect_id created_at source
    a           01-01      fair
    b           01-01      web_form
    c           01-01      -
"""


def made(known: Facts) -> Where:
    return board(cast(Day, SimpleNamespace(as_of=NOW, facts=known, definitions=definitions_of())))


def test_each_channel_has_its_credit_by_each_rule_and_the_prospects_it_was_seen_at() -> None:
    told = made(
        facts(
            prospects=PROSPECTS,
            touches="""
            touch_id prospect_id kind  channel direction occurred_at
            t1       a           call  phone   outbound  02-01
            t2       b           call  phone   outbound  02-01
            """,
            outcomes="""
            prospect_id occurred_at result amount
            a           03-01       won    500
            """,
        )
    )
    assert (told.journeys, told.wins, told.value, told.priced) == (3, 1, 500.0, 1)
    channels = {(c.kind, c.name): c for c in told.channels}
    assert {key: c.n for key, c in channels.items()} == {
        ("source", "fair"): 1, ("source", "web_form"): 1, ("outbound", "phone"): 2, ("none", "nothing on record"): 1,
    }  # fmt: skip
    fair, phone = channels["source", "fair"], channels["outbound", "phone"]
    first, last = fair.credit("first touch"), phone.credit("last touch")
    assert first is not None
    assert last is not None
    assert (first.share, first.value, last.share, last.value) == (1.0, 500.0, 1.0, 500.0)
    removal = [c.credit("removal effect") for c in told.channels]
    assert sum(r.share for r in removal if r is not None) == pytest.approx(1.0)


def test_wins_without_an_amount_have_no_value_and_no_win_has_no_credit() -> None:
    outcome = "prospect_id occurred_at result\na 03-01 {}"
    won = made(facts(prospects=PROSPECTS, outcomes=outcome.format("won")))
    assert (won.value, won.priced) == (None, 0)
    assert {c.value for channel in won.channels for c in channel.credits} == {None}
    lost = made(facts(prospects=PROSPECTS, outcomes=outcome.format("lost")))
    assert (lost.wins, [c.credits for c in lost.channels]) == (0, [(), (), ()])


def test_where_nobody_is_decided_the_board_is_refused_in_words() -> None:
    assert "nobody is won, lost, or 28 days old" in str(made(facts()).refused)
