"""The page of channels: shares with intervals by three rules, and that they are bookkeeping."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from serving.boards.where import Channel, Credit, Where
from serving.store.publish import PublishedRun, publish


def channel(kind: str, name: str, n: int, *shares: float) -> Channel:
    rules = ("first touch", "last touch", "removal effect")
    credits = [
        Credit(rule=rule, share=s, low=max(s - 0.1, 0), high=s + 0.1 if s else 0, wins=10 * s, value=1000 * s)
        for rule, s in zip(rules, shares, strict=False)
    ]
    return Channel.model_validate({"kind": kind, "name": name, "n": n, "credits": credits})


FULL = Where(
    journeys=50, wins=10, value=1000.0, priced=9, horizon_days=45,
    channels=(
        channel("source", "<i>fair", 30, 0.7, 0.0, 0.25), channel("source", "web form", 20, 0.3, 0.0, 0.15),
        channel("outbound", "email", 40, 0.0, 1.0, 0.6123),
    ),
)  # fmt: skip


@pytest.fixture
def show(engine: Engine, make_run: Callable[..., PublishedRun], client: Any) -> Callable[[Where], Any]:
    def published(content: Where) -> Any:
        publish(engine, make_run(boards={"where": content.model_dump(mode="json")}))
        return client

    return published


def words(text: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def test_each_rule_is_shown_with_interval_wins_value_and_count(show: Any) -> None:
    client = show(FULL)
    first = client.get("/where")
    text = words(first.text)
    assert "bookkeeping and not effect" in text
    assert "<i>fair 70% (60% to 80%) 7 €700 30" in text
    assert "No win booked to: e-mail, from us (seen at 40)" in text
    assert "(of 9 wins the amount is known)" in text
    assert "<i>" not in first.text
    assert not re.search(r"style=|<script", first.text)
    last = words(client.get("/where", params={"by": "last touch"}, headers={"accept-language": "de"}).text)
    assert "e-mail, from us 100 % (90 % to 110 %)" in last
    assert "61,2 % (51,2 % to 71,2 %)" in words(
        client.get("/where", params={"by": "removal effect"}, headers={"accept-language": "de"}).text
    )
    assert client.get("/where", params={"by": "guess"}).status_code == 422


def test_before_the_first_win_the_page_says_so(show: Any) -> None:
    text = words(
        show(Where(journeys=3, horizon_days=45, channels=(channel("none", "nothing on record", 3),))).get("/where").text
    )
    assert "No win yet" in text
    assert "nothing on record : 3" in text
